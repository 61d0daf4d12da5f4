-- Take the signature of a step, in the call that decides: its challenge is used up, its certificate
-- is the person's and in use, and the lists it was checked against are the newest there are. RG430
-- to RG432: the challenge (trust.use_challenge); RG445: not this person's certificate; RG446: it is
-- ended; RG447: what is believed has changed since it was checked, so it is to be checked again;
-- RG448: a list is out of date. `received_at` is when it was handed in: a bulk review is decided
-- later, and its challenge is judged by when it came.
CREATE OR REPLACE FUNCTION trust.take_signature(
    p_signature jsonb, p_person bigint, p_at timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_certificate bigint;
    v_ended       timestamptz;
    v_fresh       boolean;
    v_nonce       bytea := decode(p_signature->>'nonce', 'hex');
    v_received    timestamptz := (p_signature->>'received_at')::timestamptz;
BEGIN
    UPDATE trust.challenge c SET used_at = v_received
    WHERE c.nonce = v_nonce AND c.purpose = 'decision' AND c.person_id = p_person
      AND c.session_hash = decode(p_signature->>'session', 'hex')
      AND c.used_at IS NULL AND c.expires_at > v_received
      AND c.issued_at = (p_signature->>'issued')::timestamptz
      AND c.expires_at = (p_signature->>'expires')::timestamptz;
    IF NOT FOUND THEN  -- said by the one place that tells why
        PERFORM trust.use_challenge(v_nonce, 'decision', p_person,
            decode(p_signature->>'session', 'hex'), v_received);
        RAISE EXCEPTION 'the document tells other times than its challenge'
            USING ERRCODE = 'RG430';
    END IF;

    SELECT c.id, e.at INTO v_certificate, v_ended
    FROM trust.certificate c LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
    WHERE c.fingerprint = decode(p_signature->>'certificate', 'hex') AND c.person_id = p_person;
    IF v_certificate IS NULL THEN
        RAISE EXCEPTION 'not a certificate of person %', p_person USING ERRCODE = 'RG445';
    ELSIF v_ended <= p_at THEN
        RAISE EXCEPTION 'certificate % is ended', v_certificate USING ERRCODE = 'RG446';
    END IF;

    IF p_signature->>'trust' IS DISTINCT FROM trust.state() THEN
        RAISE EXCEPTION 'what is believed has changed' USING ERRCODE = 'RG447';
    END IF;
    SELECT bool_and(l.next_update > p_at) INTO v_fresh
    FROM trust.crl l WHERE l.id = ANY (translate(p_signature->>'crls', '[]', '{}')::bigint[]);
    IF v_fresh IS NOT TRUE THEN
        RAISE EXCEPTION 'a list is out of date, or there is none' USING ERRCODE = 'RG448';
    END IF;
    RETURN v_certificate;
END $$;

-- A signature belongs to one decision of a person: to its very document, which names it by its hash,
-- by a certificate that was this person's and in use. RG450 otherwise, for the owner too. Whether
-- it is a valid one, `registry verify` says.
CREATE OR REPLACE FUNCTION trust.guard_signature() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM workflow.decision d
        JOIN trust.certificate c ON c.id = NEW.certificate_id AND c.person_id = d.person_id
        LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
        -- In canonical JSON a quote inside a text is never bare, so only a member reads like this.
        WHERE d.id = NEW.decision_id AND d.kind <> 'timer' AND d.at = NEW.at
          AND position(convert_to('"signed":"' || encode(sha256(NEW.document), 'hex') || '"',
                                  'UTF8') IN d.document) > 0
          AND (e.at IS NULL OR e.at > d.at))
    THEN
        RAISE EXCEPTION 'not the signature of decision %', NEW.decision_id
            USING ERRCODE = 'RG450';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS guard_signature ON trust.signature;
CREATE TRIGGER guard_signature AFTER INSERT ON trust.signature FOR EACH ROW
EXECUTE FUNCTION trust.guard_signature();
ALTER TABLE trust.signature ENABLE ALWAYS TRIGGER guard_signature;
