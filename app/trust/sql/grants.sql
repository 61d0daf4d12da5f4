REVOKE ALL ON ALL TABLES IN SCHEMA trust FROM :app_role;
GRANT USAGE ON SCHEMA trust TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA trust TO :app_role;
GRANT INSERT ON trust.crl, trust.certificate, trust.certificate_end, trust.enrolment,
    trust.challenge, trust.signature TO :app_role;
GRANT UPDATE (failures, used_at) ON trust.enrolment TO :app_role;
GRANT UPDATE (used_at) ON trust.challenge TO :app_role;
GRANT DELETE ON trust.challenge TO :app_role;
