-- What a row says of whose it is never changes by the application: an account keeps its number,
-- type, holder and link for life, or units would change hands without a transfer. A mandate keeps
-- its person and its account. Names, details and the two-person rule change by an approved
-- application alone (R21): identity.apply_change.
REVOKE ALL ON FUNCTION identity.details_of(bigint, bigint), identity.open_details(jsonb),
    identity.apply_change(jsonb) FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA identity FROM :app_role;
GRANT USAGE ON SCHEMA identity TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA identity TO :app_role;
GRANT INSERT ON identity.holder, identity.account, identity.person, identity.mandate,
    identity.session, identity.api_token, identity.enrolment, identity.sign_in, identity.captcha,
    identity.delegation, identity.delegation_end
    TO :app_role;
GRANT UPDATE (status) ON identity.account TO :app_role;
GRANT UPDATE (password_hash, password_changed_at, email, phone, closed_at)
    ON identity.person TO :app_role;
GRANT UPDATE (rights, valid_from, valid_to) ON identity.mandate TO :app_role;
GRANT UPDATE (mandate_id, last_seen_at, ended_at, ended_why, ended_by_ip)
    ON identity.session TO :app_role;
GRANT UPDATE (last_used_at, revoked_at) ON identity.api_token TO :app_role;
GRANT UPDATE (used_at) ON identity.enrolment TO :app_role;
GRANT DELETE ON identity.session, identity.captcha TO :app_role;
-- Only to lock what is being swept away (FOR UPDATE SKIP LOCKED).
GRANT UPDATE ON identity.captcha TO :app_role;
GRANT USAGE ON SEQUENCE identity.account_number, identity.member_number TO :app_role;
GRANT EXECUTE ON FUNCTION identity.details_of(bigint, bigint), identity.open_details(jsonb),
    identity.apply_change(jsonb) TO :app_role;
