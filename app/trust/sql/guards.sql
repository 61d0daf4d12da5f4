-- What the database itself holds about trust: a certificate is what its fingerprint says and is
-- bound to an open person once; the numbers of an authority's lists only grow.
CREATE OR REPLACE FUNCTION trust.guard_der() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.fingerprint <> sha256(NEW.der) THEN
        RAISE EXCEPTION 'the fingerprint is not that of the certificate' USING ERRCODE = 'RG452';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard_der ON trust.anchor;
CREATE TRIGGER guard_der BEFORE INSERT ON trust.anchor
FOR EACH ROW EXECUTE FUNCTION trust.guard_der();
DROP TRIGGER IF EXISTS guard_der ON trust.certificate;
CREATE TRIGGER guard_der BEFORE INSERT ON trust.certificate
FOR EACH ROW EXECUTE FUNCTION trust.guard_der();

CREATE OR REPLACE FUNCTION trust.guard_crl() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- Two that load at once wait for one another; nobody who only reads waits.
    PERFORM pg_advisory_xact_lock(hashtextextended('trust.crl', NEW.anchor_id));
    IF EXISTS (SELECT FROM trust.crl c WHERE c.anchor_id = NEW.anchor_id
               AND (c.number >= NEW.number OR c.this_update > NEW.this_update)) THEN
        RAISE EXCEPTION 'list % of authority % is not newer than the one there is',
            NEW.number, NEW.anchor_id USING ERRCODE = 'RG451';
    END IF;
    IF NEW.next_update <= NEW.this_update THEN
        RAISE EXCEPTION 'a list without a time of its own' USING ERRCODE = 'RG451';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard_crl ON trust.crl;
CREATE TRIGGER guard_crl BEFORE INSERT ON trust.crl
FOR EACH ROW EXECUTE FUNCTION trust.guard_crl();

ALTER TABLE trust.anchor ENABLE ALWAYS TRIGGER guard_der;
ALTER TABLE trust.certificate ENABLE ALWAYS TRIGGER guard_der;
ALTER TABLE trust.crl ENABLE ALWAYS TRIGGER guard_crl;

-- The authority of a demonstration: always marked so, and production does not look at it. Real
-- anchors are the owner's alone to add and to end.
CREATE OR REPLACE FUNCTION trust.add_software_anchor(
    p_kind text, p_name text, p_der bytea, p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO trust.anchor (fingerprint, kind, software, name, der, at)
    VALUES (sha256(p_der), p_kind, true, p_name, p_der, p_at)
    ON CONFLICT (fingerprint) DO NOTHING;
$$;

-- A certificate is bound to an open person, who used their two codes for it in the same transaction
-- (M2). Only the software certificate of a demonstration needs none.
CREATE OR REPLACE FUNCTION trust.guard_certificate() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM identity.person p
                   WHERE p.id = NEW.person_id AND p.closed_at IS NULL) THEN
        RAISE EXCEPTION 'the person has left' USING ERRCODE = 'RG453';
    END IF;
    -- Codes bind one certificate each: an old use of them binds no second one.
    IF NOT NEW.software AND (
        SELECT count(*) FROM trust.enrolment e
        WHERE e.person_id = NEW.person_id AND e.used_at = NEW.at
          AND e.decision_id IS NOT DISTINCT FROM NEW.decision_id) <= (
        SELECT count(*) FROM trust.certificate c
        WHERE c.person_id = NEW.person_id AND c.at = NEW.at AND NOT c.software
          AND c.decision_id IS NOT DISTINCT FROM NEW.decision_id) THEN
        RAISE EXCEPTION 'no codes were used for this certificate' USING ERRCODE = 'RG454';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard_certificate ON trust.certificate;
CREATE TRIGGER guard_certificate BEFORE INSERT ON trust.certificate
FOR EACH ROW EXECUTE FUNCTION trust.guard_certificate();
ALTER TABLE trust.certificate ENABLE ALWAYS TRIGGER guard_certificate;

-- Codes are used once, and their failures only grow.
CREATE OR REPLACE FUNCTION trust.guard_codes() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.used_at IS NOT NULL OR NEW.failures < OLD.failures
       OR ROW(NEW.reference_hash, NEW.code_hash, NEW.person_id, NEW.decision_id, NEW.created_at,
              NEW.expires_at)
          IS DISTINCT FROM ROW(OLD.reference_hash, OLD.code_hash, OLD.person_id, OLD.decision_id,
              OLD.created_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'codes are used once and never changed' USING ERRCODE = 'RG900';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard_codes ON trust.enrolment;
CREATE TRIGGER guard_codes BEFORE UPDATE ON trust.enrolment
FOR EACH ROW EXECUTE FUNCTION trust.guard_codes();
ALTER TABLE trust.enrolment ENABLE ALWAYS TRIGGER guard_codes;
