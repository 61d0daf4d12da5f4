-- The application reads and adds files; it binds them only through the function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA attachments FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA attachments FROM PUBLIC, :app_role;
GRANT USAGE ON SCHEMA attachments TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA attachments TO :app_role;
GRANT INSERT ON attachments.blob, attachments.attachment TO :app_role;
GRANT EXECUTE ON FUNCTION attachments.bind(jsonb) TO :app_role;
