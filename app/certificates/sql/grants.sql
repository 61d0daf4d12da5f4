-- The application reads certificates, and issues them only through the function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA certificates FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA certificates FROM PUBLIC, :app_role;
GRANT USAGE ON SCHEMA certificates TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA certificates TO :app_role;
GRANT EXECUTE ON FUNCTION certificates.issue(jsonb) TO :app_role;
