-- What ended stays ended: no session is opened again, and why it ended is written once.
CREATE OR REPLACE FUNCTION identity.guard_session() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL
       OR ROW(NEW.token_hash, NEW.person_id, NEW.certificate_id, NEW.created_at, NEW.expires_at)
          IS DISTINCT FROM ROW(OLD.token_hash, OLD.person_id, OLD.certificate_id, OLD.created_at,
              OLD.expires_at) THEN
        RAISE EXCEPTION 'a session that ended is not opened again, nor made another''s'
            USING ERRCODE = 'RG900';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard_session ON identity.session;
CREATE TRIGGER guard_session BEFORE UPDATE ON identity.session
FOR EACH ROW EXECUTE FUNCTION identity.guard_session();
ALTER TABLE identity.session ENABLE ALWAYS TRIGGER guard_session;
