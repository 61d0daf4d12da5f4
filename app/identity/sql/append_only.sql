-- What a holder once said of itself stays on record: a correction is a new version.
SELECT audit.make_append_only(ARRAY['identity.holder_detail']);
