GRANT USAGE ON SCHEMA identity TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA identity TO :app_role;
GRANT INSERT, UPDATE ON identity.holder, identity.account, identity.person, identity.mandate,
    identity.session, identity.api_token TO :app_role;
GRANT INSERT ON identity.sign_in TO :app_role;
GRANT DELETE ON identity.session TO :app_role;
