-- A challenge is good once, for one person and one session, for a short time (R23). What is used
-- stays used: nobody takes it back, the owner included.
CREATE OR REPLACE FUNCTION trust.guard_challenge() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.used_at IS NOT NULL OR NEW.used_at IS NULL
       OR ROW(NEW.nonce, NEW.purpose, NEW.person_id, NEW.session_hash, NEW.issued_at,
              NEW.expires_at)
          IS DISTINCT FROM ROW(OLD.nonce, OLD.purpose, OLD.person_id, OLD.session_hash,
              OLD.issued_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'a challenge is used once and never changed' USING ERRCODE = 'RG900';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard_challenge ON trust.challenge;
CREATE TRIGGER guard_challenge BEFORE UPDATE ON trust.challenge
FOR EACH ROW EXECUTE FUNCTION trust.guard_challenge();
ALTER TABLE trust.challenge ENABLE ALWAYS TRIGGER guard_challenge;

-- Use a challenge up. RG430: there is none, or it is somebody else's or another session's;
-- RG431: it has been used; RG432: its time has passed. Two who use one at once meet on its row.
CREATE OR REPLACE FUNCTION trust.use_challenge(
    p_nonce bytea, p_purpose text, p_person bigint, p_session bytea, p_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v trust.challenge;
BEGIN
    UPDATE trust.challenge c SET used_at = p_at
    WHERE c.nonce = p_nonce AND c.purpose = p_purpose AND c.person_id = p_person
      AND c.session_hash = p_session AND c.used_at IS NULL AND c.expires_at > p_at;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT c.* INTO v FROM trust.challenge c WHERE c.nonce = p_nonce;
    IF v.nonce IS NULL OR v.purpose <> p_purpose OR v.person_id <> p_person
       OR v.session_hash <> p_session THEN
        RAISE EXCEPTION 'no such challenge for this person and session' USING ERRCODE = 'RG430';
    ELSIF v.used_at IS NOT NULL THEN
        RAISE EXCEPTION 'this challenge has been used' USING ERRCODE = 'RG431';
    ELSE
        RAISE EXCEPTION 'this challenge has expired' USING ERRCODE = 'RG432';
    END IF;
END $$;
