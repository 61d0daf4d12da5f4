GRANT USAGE ON SCHEMA compliance TO :app_role;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA compliance TO :app_role;
GRANT UPDATE ON compliance.year TO :app_role;
