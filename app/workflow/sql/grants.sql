-- An instance keeps its number, bundle, applicant and subject for life: no column of those is
-- the application's to change.
REVOKE ALL ON ALL TABLES IN SCHEMA workflow FROM :app_role;
GRANT USAGE ON SCHEMA workflow TO :app_role;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA workflow TO :app_role;
GRANT UPDATE (state, version, status, outcome, content, quantity, ccer_quantity, submitted_at,
    late, reserved_transfer_id, wake_at, stuck, ended_at) ON workflow.instance TO :app_role;
GRANT UPDATE (claimed_by, claimed_at, claimed_for) ON workflow.task TO :app_role;
GRANT UPDATE (outcome, decision_id, reason, reason_en, done_at) ON workflow.bulk_item TO :app_role;
GRANT UPDATE (form, person_id, account_id, role, saved_at, ready_at) ON workflow.draft TO :app_role;
GRANT UPDATE (read_at) ON workflow.notification TO :app_role;
GRANT UPDATE (attempts, error, due_at, done_at) ON workflow.outbox TO :app_role;
GRANT DELETE ON workflow.task, workflow.draft TO :app_role;
GRANT USAGE ON SEQUENCE workflow.application_number TO :app_role;
