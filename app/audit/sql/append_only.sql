-- Refuses UPDATE, DELETE and TRUNCATE for everybody, the owner included. Used by every table
-- that an auditor must be able to trust: history, decisions, the ledger's journal.
CREATE OR REPLACE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'RG900', HINT = 'correct by a new row, never by an edit';
END $$;

CREATE OR REPLACE FUNCTION audit.make_append_only(tables text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY tables LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS append_only_row ON %s', t);
        EXECUTE format('DROP TRIGGER IF EXISTS append_only_table ON %s', t);
        EXECUTE format('CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON %s '
            'FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()', t);
        EXECUTE format('CREATE TRIGGER append_only_table BEFORE TRUNCATE ON %s '
            'FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', t);
        -- A replication role, too, is refused.
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only_row, '
            'ENABLE ALWAYS TRIGGER append_only_table', t);
    END LOOP;
END $$;

SELECT audit.make_append_only(ARRAY['audit.event', 'identity.sign_in']);
