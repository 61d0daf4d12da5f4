-- G21: where an account asks for two, what one representative filled in and handed over another
-- confirms. A decision for such an account needs the first one's draft, still there when it is
-- written, and two different people.
CREATE OR REPLACE FUNCTION workflow.require_two_people() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT a.two_person FROM identity.account a WHERE a.id = NEW.account_id)
       AND NOT EXISTS (
            SELECT FROM workflow.draft d
            WHERE d.instance_id = NEW.instance_id AND d.element_id = NEW.element_id
              AND d.holder_id = NEW.holder_id AND d.ready_at IS NOT NULL
              AND d.person_id = NEW.initiated_by AND d.person_id <> NEW.person_id)
    THEN
        RAISE EXCEPTION 'account % asks for two people', NEW.account_id USING ERRCODE = 'RG421';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS two_people ON workflow.decision;
CREATE TRIGGER two_people AFTER INSERT ON workflow.decision FOR EACH ROW
WHEN (NEW.kind = 'complete' AND NEW.account_id IS NOT NULL)
EXECUTE FUNCTION workflow.require_two_people();
