-- An instance with its parties and one of its open tasks (if it is open), as a step needs them.
-- A function, because its plan is made once a session: planning took longer than reading.
DROP FUNCTION IF EXISTS workflow.open_task(bigint, integer);
CREATE OR REPLACE FUNCTION workflow.open_task(instance_id bigint, task_key integer)
RETURNS TABLE (id bigint, number text, process_id text, bundle_hash text, state bytea,
    version integer, status text, applicant_id bigint, applicant_account_id bigint,
    subject_kind text, subject_id bigint, content text, reserved_transfer_id bigint,
    submitted_at timestamptz, members json, reserved_type text, applicant_role text,
    element_id text, visit integer, lane text, holder_id bigint, role text, claimed_by bigint)
LANGUAGE plpgsql STABLE ROWS 1 SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT i.id, i.number, i.process_id, i.bundle_hash, i.state, i.version, i.status,
        i.applicant_id, i.applicant_account_id, i.subject_kind, i.subject_id, i.content,
        i.reserved_transfer_id, i.submitted_at,
        (SELECT json_agg(json_build_array(p.lane, p.holder_id)) FROM workflow.party p
         WHERE p.instance_id = i.id),
        (SELECT r.type FROM ledger.transfer r WHERE r.id = i.reserved_transfer_id),
        i.applicant_role,
        t.element_id, t.visit, t.lane, t.holder_id, t.role, t.claimed_by
    FROM workflow.instance i
    LEFT JOIN workflow.task t ON t.instance_id = i.id AND t.key = task_key
    WHERE i.id = open_task.instance_id;
END $$;
