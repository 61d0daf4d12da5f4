-- Messages and attempts are only added; a person's choices change.
REVOKE ALL ON ALL TABLES IN SCHEMA messages FROM :app_role;
GRANT USAGE ON SCHEMA messages TO :app_role;
GRANT SELECT, INSERT ON messages.message, messages.attempt, messages.preference TO :app_role;
GRANT UPDATE (wanted, at) ON messages.preference TO :app_role;
