GRANT USAGE ON SCHEMA workflow TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA workflow TO :app_role;
GRANT INSERT ON ALL TABLES IN SCHEMA workflow TO :app_role;
GRANT UPDATE ON workflow.instance, workflow.task, workflow.draft, workflow.notification,
    workflow.outbox TO :app_role;
GRANT DELETE ON workflow.task, workflow.draft TO :app_role;
GRANT USAGE ON SEQUENCE workflow.application_number TO :app_role;
