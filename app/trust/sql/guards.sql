-- What the database itself holds about trust: a certificate is what its fingerprint says and is
-- bound to an open person once; the numbers of an authority's lists only grow.
CREATE OR REPLACE FUNCTION trust.guard_der() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.fingerprint <> sha256(NEW.der) THEN
        RAISE EXCEPTION 'the fingerprint is not that of the certificate' USING ERRCODE = 'RG434';
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
            NEW.number, NEW.anchor_id USING ERRCODE = 'RG433';
    END IF;
    IF NEW.next_update <= NEW.this_update THEN
        RAISE EXCEPTION 'a list without a time of its own' USING ERRCODE = 'RG433';
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
