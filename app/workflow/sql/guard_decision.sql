-- What an account asks of every decision that a person takes for it; looked up together, because
-- each decision pays for it.
-- G21: where an account asks for two, what one representative filled in and handed over another
-- confirms. A decision for such an account needs the first one's draft, still there when it is
-- written, and two different people.
-- R23: a decision without a signature does not exist where the account's policy asks for one. The
-- signature is written in the same statement (workflow.apply_step), and trust.guard_signature
-- holds it against the decision. Nobody decides in no account's name to get around it, nor as a
-- timer, which decides nothing.
CREATE OR REPLACE FUNCTION workflow.guard_decision() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_two    boolean;
    v_policy text;
BEGIN
    IF NEW.kind = 'timer' THEN
        IF num_nonnulls(NEW.person_id, NEW.holder_id, NEW.account_id) > 0
           OR NEW.element_id <> 'timer' OR NEW.role <> 'system' OR NEW.verdict <> '' THEN
            RAISE EXCEPTION 'a timer decides in nobody''s place' USING ERRCODE = 'RG449';
        END IF;
        RETURN NULL;
    END IF;
    SELECT a.two_person, a.signature_policy INTO v_two, v_policy
    FROM identity.account a WHERE a.id = NEW.account_id;
    IF v_policy IS NULL OR NEW.person_id IS NULL THEN
        RAISE EXCEPTION 'a decision of nobody, or for no account' USING ERRCODE = 'RG449';
    END IF;
    IF v_two AND NEW.kind = 'complete' AND NOT EXISTS (
            SELECT FROM workflow.draft d
            WHERE d.instance_id = NEW.instance_id AND d.element_id = NEW.element_id
              AND d.holder_id = NEW.holder_id AND d.ready_at IS NOT NULL
              AND d.person_id = NEW.initiated_by AND d.person_id <> NEW.person_id)
    THEN
        RAISE EXCEPTION 'account % asks for two people', NEW.account_id USING ERRCODE = 'RG421';
    END IF;
    IF v_policy <> 'none' AND (NEW.kind = 'complete' OR v_policy = 'every') AND NOT EXISTS (
            SELECT FROM trust.signature s WHERE s.decision_id = NEW.id)
    THEN
        RAISE EXCEPTION 'account % asks for a signature', NEW.account_id USING ERRCODE = 'RG449';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS two_people ON workflow.decision;
DROP FUNCTION IF EXISTS workflow.require_two_people();
DROP TRIGGER IF EXISTS guard_decision ON workflow.decision;
CREATE TRIGGER guard_decision AFTER INSERT ON workflow.decision FOR EACH ROW
EXECUTE FUNCTION workflow.guard_decision();
ALTER TABLE workflow.decision ENABLE ALWAYS TRIGGER guard_decision;
