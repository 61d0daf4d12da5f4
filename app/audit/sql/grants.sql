GRANT USAGE ON SCHEMA audit TO :app_role;
REVOKE ALL ON audit.event FROM :app_role;
GRANT SELECT ON audit.event TO :app_role;
-- The number is the database's to give.
GRANT INSERT (at, tag, instance_id, person_id, account_id, role, subject, data, path)
    ON audit.event TO :app_role;
