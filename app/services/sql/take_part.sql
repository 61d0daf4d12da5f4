-- Who acted for one party never decides for another in the same instance, and never reviews what
-- they drafted: a person stays in one lane, for one holder, from the first draft they save.
CREATE OR REPLACE FUNCTION workflow.take_part(
    instance bigint, person bigint, holder bigint, lane text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO workflow.participant (instance_id, person_id, holder_id, lane)
    VALUES (instance, person, holder, lane) ON CONFLICT DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (
        SELECT FROM workflow.participant p
        WHERE p.instance_id = take_part.instance AND p.person_id = take_part.person
          AND p.holder_id = take_part.holder AND p.lane = take_part.lane) THEN
        RAISE EXCEPTION 'person % has acted for another party in instance %', person, instance
            USING ERRCODE = 'RG403';
    END IF;
END $$;
