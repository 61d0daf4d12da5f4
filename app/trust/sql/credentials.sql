-- What two officers of the registry have decided about a person's certificate (R23): the approval
-- is of this very transaction, so that it serves once; whoever submitted is somebody else; neither
-- of them, nor anybody who drafted, is the person meant; and it is what the application asks for,
-- word for word as it was submitted.
CREATE OR REPLACE FUNCTION trust.two_officers_agreed(
    p_decision bigint, p_member bigint, p_action text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM workflow.decision d
        JOIN workflow.instance i ON i.id = d.instance_id AND i.process_id = 'credential_change'
        JOIN identity.person p ON p.id = p_member
        CROSS JOIN LATERAL (
            SELECT s.person_id, s.role, s.document FROM workflow.decision s
            WHERE s.instance_id = i.id AND s.version < d.version
              AND s.kind = 'complete' AND s.verdict = ''
            ORDER BY s.version DESC LIMIT 1) s
        WHERE d.id = p_decision AND d.xmin = pg_current_xact_id()::xid
          AND d.kind = 'complete' AND d.verdict = 'approve'
          AND d.role = 'registry_operator' AND s.role = 'registry_operator'
          AND d.person_id <> s.person_id
          AND p_member NOT IN (d.person_id, s.person_id)
          AND NOT EXISTS (SELECT FROM workflow.participant t
                          WHERE t.instance_id = i.id AND t.person_id = p_member)
          AND convert_from(s.document, 'UTF8')::jsonb->'content' = i.content::jsonb
          AND i.content::jsonb->>'change' = p_action
          AND i.content::jsonb->>'member_no' = p.member_no);
$$;

-- End a person's sessions and API tokens at once; their next request finds nobody signed in.
CREATE OR REPLACE FUNCTION trust.sign_out(p_member bigint, p_why text, p_at timestamptz)
RETURNS void LANGUAGE sql AS $$
    UPDATE identity.session SET ended_at = p_at, ended_why = p_why
    WHERE person_id = p_member AND ended_at IS NULL;
    UPDATE identity.api_token SET revoked_at = p_at
    WHERE person_id = p_member AND revoked_at IS NULL;
$$;

-- Put into force what two officers have decided (M2, R23): end a certificate, let a representative
-- leave, or say that codes may be issued, which trust.guard_enrolment asks again. Where somebody
-- was quicker it is refused like a step that came too late (RG409), and looked at again.
-- {action, member_id, certificate_id?, holder_id?, decision_id, at} -> {ended, closed}
CREATE OR REPLACE FUNCTION trust.change_credential(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = trust, pg_temp AS $$
DECLARE
    v_member      bigint := (request->>'member_id')::bigint;
    v_certificate bigint := (request->>'certificate_id')::bigint;
    v_action      text := request->>'action';
    v_decision    bigint := (request->>'decision_id')::bigint;
    v_at          timestamptz := (request->>'at')::timestamptz;
    v_ended       integer := 0;
    v_closed      boolean := false;
BEGIN
    PERFORM FROM identity.person p WHERE p.id = v_member FOR NO KEY UPDATE;
    IF NOT coalesce(trust.two_officers_agreed(v_decision, v_member, v_action), false) THEN
        RAISE EXCEPTION 'no decision of two officers on the certificates of person %', v_member
            USING ERRCODE = 'RG404';
    END IF;
    IF EXISTS (SELECT FROM identity.person p WHERE p.id = v_member AND p.closed_at IS NOT NULL)
    THEN
        RAISE EXCEPTION 'person % has been closed meanwhile', v_member USING ERRCODE = 'RG409';
    END IF;
    IF v_action = 'left' THEN
        RETURN trust.let_leave(v_member, (request->>'holder_id')::bigint, v_decision, v_at);
    ELSIF v_action IN ('lost', 'revoked', 'compromised', 'replaced') THEN
        IF NOT EXISTS (
            SELECT FROM trust.certificate c
            JOIN workflow.decision d ON d.id = v_decision
            JOIN workflow.instance i ON i.id = d.instance_id
            WHERE c.id = v_certificate AND c.person_id = v_member
              AND lower(regexp_replace(i.content::jsonb->>'fingerprint', '[^0-9A-Fa-f]', '', 'g'))
                  IN (encode(c.fingerprint, 'hex'), lower(c.serial))) THEN
            RAISE EXCEPTION 'the application does not ask to end certificate %', v_certificate
                USING ERRCODE = 'RG404';
        END IF;
        INSERT INTO trust.certificate_end (certificate_id, reason, decision_id, at)
        VALUES (v_certificate, v_action, v_decision, v_at) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'certificate % has ended meanwhile', v_certificate
                USING ERRCODE = 'RG409';
        END IF;
        PERFORM trust.sign_out(v_member, 'certificate', v_at);
        v_ended := 1;
    END IF;
    RETURN jsonb_build_object('ended', v_ended, 'closed', v_closed);
END $$;

-- A representative has left a holder: what they were given for it is over at once. A mandate of
-- today, or of a day to come, was never in force. Who acts for nobody else is closed.
CREATE OR REPLACE FUNCTION trust.let_leave(
    p_member bigint, p_holder bigint, p_decision bigint, p_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_today  date := (p_at AT TIME ZONE 'Asia/Shanghai')::date;
    v_ended  integer := 0;
    v_closed boolean := false;
BEGIN
    -- Where the application names no holder, the person acts for this one alone.
    IF NOT EXISTS (
        SELECT FROM workflow.decision d
        JOIN workflow.instance i ON i.id = d.instance_id
        JOIN identity.holder h ON h.id = p_holder
        WHERE d.id = p_decision
          AND CASE WHEN i.content::jsonb ? 'holder' THEN i.content::jsonb->>'holder' = h.code
              ELSE NOT EXISTS (SELECT FROM identity.mandate m
                  JOIN identity.account a ON a.id = m.account_id
                  WHERE m.person_id = p_member AND a.holder_id <> p_holder
                    AND (m.valid_to IS NULL OR m.valid_to >= greatest(v_today, m.valid_from))) END) THEN
        RAISE EXCEPTION 'the application does not name holder %', p_holder
            USING ERRCODE = 'RG404';
    END IF;
    UPDATE identity.mandate m SET valid_to = greatest(v_today, m.valid_from) - 1
    FROM identity.account a
    WHERE a.id = m.account_id AND a.holder_id = p_holder AND m.person_id = p_member
      AND (m.valid_to IS NULL OR m.valid_to >= greatest(v_today, m.valid_from));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'person % has left holder % meanwhile', p_member, p_holder
            USING ERRCODE = 'RG409';
    END IF;
    IF NOT EXISTS (SELECT FROM identity.mandate m WHERE m.person_id = p_member
                   AND (m.valid_to IS NULL OR m.valid_to >= greatest(v_today, m.valid_from))) THEN
        UPDATE identity.person SET closed_at = p_at WHERE id = p_member;
        UPDATE trust.enrolment SET used_at = p_at
        WHERE person_id = p_member AND used_at IS NULL;
        INSERT INTO trust.certificate_end (certificate_id, reason, decision_id, at)
        SELECT c.id, 'left', p_decision, p_at FROM trust.certificate c
        WHERE c.person_id = p_member ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS v_ended = ROW_COUNT;
        v_closed := true;
    END IF;
    PERFORM trust.sign_out(p_member, 'left', p_at);
    RETURN jsonb_build_object('ended', v_ended, 'closed', v_closed);
END $$;

-- A person reports their own key as lost: it only ends, and never binds, so it needs no second
-- person (R23). {certificate_id, person_id, at} -> {ended}
CREATE OR REPLACE FUNCTION trust.report_lost(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = trust, pg_temp AS $$
DECLARE
    v_member bigint := (request->>'person_id')::bigint;
    v_at     timestamptz := (request->>'at')::timestamptz;
BEGIN
    INSERT INTO trust.certificate_end (certificate_id, reason, at)
    SELECT c.id, 'lost', v_at FROM trust.certificate c
    WHERE c.id = (request->>'certificate_id')::bigint AND c.person_id = v_member
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('ended', 0);
    END IF;
    PERFORM trust.sign_out(v_member, 'certificate', v_at);
    RETURN jsonb_build_object('ended', 1);
END $$;

-- Codes need a decision that lets them be issued. Without one they are the installation's own, for
-- the first officers of a registry: only the owner of the schema issues such.
CREATE OR REPLACE FUNCTION trust.guard_enrolment() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.decision_id IS NULL THEN
        IF NOT pg_has_role(current_user, (SELECT c.relowner FROM pg_class c
                                          WHERE c.oid = TG_RELID), 'USAGE') THEN
            RAISE EXCEPTION 'only the owner issues codes without a decision'
                USING ERRCODE = 'RG404';
        END IF;
    ELSIF NOT coalesce(trust.two_officers_agreed(NEW.decision_id, NEW.person_id, 'issue_codes'),
                       false) THEN
        RAISE EXCEPTION 'no decision of two officers lets codes be issued to person %',
            NEW.person_id USING ERRCODE = 'RG404';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard_enrolment ON trust.enrolment;
CREATE TRIGGER guard_enrolment BEFORE INSERT ON trust.enrolment
FOR EACH ROW EXECUTE FUNCTION trust.guard_enrolment();
ALTER TABLE trust.enrolment ENABLE ALWAYS TRIGGER guard_enrolment;
