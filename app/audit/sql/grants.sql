GRANT USAGE ON SCHEMA audit TO :app_role;
GRANT SELECT, INSERT ON audit.event TO :app_role;
