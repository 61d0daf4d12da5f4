-- The application reads the ledger, and writes it only through these functions.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM PUBLIC, :app_role;
GRANT USAGE ON SCHEMA ledger TO :app_role;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO :app_role;
GRANT EXECUTE ON FUNCTION ledger.reserve(jsonb), ledger.post(jsonb), ledger.void(jsonb),
    ledger.direct(jsonb), ledger.reverse(jsonb), ledger.create_instrument(jsonb),
    ledger.open_ceiling(text, bigint), ledger.link_custody(jsonb), ledger.end_custody_link(jsonb),
    ledger.mark_external(jsonb), ledger.record_external_cancellation(jsonb),
    ledger.external_taken(bigint), ledger.external_at(bigint, bigint, bigint)
    TO :app_role;
