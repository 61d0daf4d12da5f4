GRANT USAGE ON SCHEMA identity TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA identity TO :app_role;
GRANT INSERT, UPDATE ON identity.holder, identity.account, identity.person, identity.mandate,
    identity.session, identity.api_token, identity.enrolment TO :app_role;
GRANT INSERT ON identity.sign_in, identity.captcha TO :app_role;
GRANT DELETE ON identity.session, identity.captcha TO :app_role;
-- Only to lock what is being swept away (FOR UPDATE SKIP LOCKED).
GRANT UPDATE ON identity.captcha TO :app_role;
GRANT USAGE ON SEQUENCE identity.account_number, identity.member_number TO :app_role;
