-- Whom the registry believes is the owner's to say; the application adds only the authority of a
-- demonstration, which production does not look at.
REVOKE ALL ON FUNCTION trust.add_software_anchor(text, text, bytea, timestamptz) FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA trust FROM :app_role;
GRANT USAGE ON SCHEMA trust TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA trust TO :app_role;
GRANT INSERT ON trust.crl, trust.certificate, trust.enrolment, trust.expiry_reminder,
    trust.challenge, trust.signature TO :app_role;
-- A certificate ends by what two officers have decided, or because its person reports it lost.
REVOKE ALL ON FUNCTION trust.change_credential(jsonb), trust.report_lost(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trust.change_credential(jsonb), trust.report_lost(jsonb) TO :app_role;
GRANT UPDATE (failures, used_at) ON trust.enrolment TO :app_role;
GRANT DELETE ON trust.challenge TO :app_role;
-- Only to lock what is being swept away (FOR UPDATE SKIP LOCKED); a trigger refuses the rest.
GRANT UPDATE ON trust.challenge TO :app_role;
GRANT EXECUTE ON FUNCTION trust.add_software_anchor(text, text, bytea, timestamptz) TO :app_role;
