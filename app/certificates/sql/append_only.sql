-- A certificate in somebody's hands is never edited; that its units came back, the ledger says.
SELECT audit.make_append_only(ARRAY['certificates.certificate']);
