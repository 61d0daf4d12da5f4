-- The application's role can do no DDL at all: no temporary tables either, which PostgreSQL
-- otherwise lets everybody make.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
END $$;
