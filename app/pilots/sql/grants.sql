-- The application reads everything, changes no rule, and writes through these functions only.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pilots FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA pilots FROM PUBLIC, :app_role;
GRANT USAGE ON SCHEMA pilots TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA pilots TO :app_role;
GRANT EXECUTE ON FUNCTION pilots.authority_of(bigint), pilots.standing(bigint, integer, bigint,
    bigint), pilots.next_export_number(timestamptz), pilots.designate(jsonb),
    pilots.upload_bases(jsonb), pilots.make_export(jsonb, bytea), pilots.record_outcome(jsonb)
    TO :app_role;
