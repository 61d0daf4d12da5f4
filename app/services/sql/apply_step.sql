-- One step of an instance: everything that a decision, a withdrawal or a timer changes, in one
-- call and so in one transaction. `step` is made by app/services/step.py.
--
-- The optimistic version check comes first: of two deciders one finds the version moved on and
-- is refused with RG409; nothing of his step is written.
--
-- A session keeps the plans it made first. What is done for every decision finds its rows by key,
-- however small a table looked then: hence `enable_seqscan`, here and where a step reads.
CREATE OR REPLACE FUNCTION workflow.apply_step(step jsonb, state bytea, document bytea)
RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_instance  bigint := (step->>'instance_id')::bigint;
    v_version   integer := (step->>'version')::integer;
    v_at        timestamptz := (step->>'at')::timestamptz;
    v_person    bigint := (step->>'person_id')::bigint;
    v_holder    bigint := (step->>'holder_id')::bigint;
    v_account   bigint := (step->>'account_id')::bigint;
    v_role      text := step->>'role';
    v_decision  bigint;
    v_signature jsonb := step->'signature';
    v_certificate bigint;
    v_item      jsonb;
    v_answer    jsonb;
BEGIN
    UPDATE workflow.instance i SET
        state = apply_step.state,
        version = v_version + 1,
        status = step->>'status',
        outcome = step->>'outcome',
        content = coalesce(step->>'content', i.content),
        quantity = coalesce((step->>'quantity')::bigint, i.quantity),
        ccer_quantity = coalesce((step->>'ccer_quantity')::bigint, i.ccer_quantity),
        submitted_at = coalesce((step->>'submitted_at')::timestamptz, i.submitted_at),
        late = coalesce((step->>'late')::boolean, i.late),
        reserved_transfer_id = CASE WHEN (step->>'resolved')::boolean THEN NULL
                                    ELSE i.reserved_transfer_id END,
        wake_at = (step->>'wake_at')::timestamptz,
        stuck = '',
        ended_at = CASE WHEN step->>'status' = 'ended' THEN v_at END
    WHERE i.id = v_instance AND i.version = v_version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'instance % has moved on from version %', v_instance, v_version
            USING ERRCODE = 'RG409';
    END IF;

    IF v_person IS NOT NULL THEN
        PERFORM workflow.take_part(v_instance, v_person, v_holder, step->>'lane');
    END IF;

    IF step ? 'decision' THEN
        v_item := step->'decision';
        IF v_signature IS NOT NULL THEN
            v_certificate := trust.take_signature(v_signature, v_person, v_at);
        END IF;
        -- Both rows in one statement: what guards a decision looks for its signature at its end.
        WITH decided AS (
            INSERT INTO workflow.decision (instance_id, version, bundle_hash, element_id, visit,
                kind, person_id, holder_id, account_id, role, verdict, opinion, document, leaf,
                idempotency_key, initiated_by, at)
            VALUES (v_instance, v_version + 1, step->>'bundle_hash', v_item->>'element_id',
                (v_item->>'visit')::integer, v_item->>'kind', v_person, v_holder, v_account, v_role,
                v_item->>'verdict', v_item->>'opinion', apply_step.document,
                decode(v_item->>'leaf', 'hex'), v_item->>'key',
                (v_item->>'initiated_by')::bigint, v_at)
            RETURNING id
        ), signed AS (
            INSERT INTO trust.signature (decision_id, certificate_id, crl_ids, nonce, document,
                cms, at)
            SELECT id, v_certificate,
                translate(v_signature->>'crls', '[]', '{}')::bigint[],
                decode(v_signature->>'nonce', 'hex'), decode(v_signature->>'document', 'base64'),
                decode(v_signature->>'cms', 'base64'), v_at
            FROM decided WHERE v_certificate IS NOT NULL
        )
        SELECT id INTO v_decision FROM decided;
    END IF;

    FOR v_item IN SELECT * FROM jsonb_array_elements(step->'effects') LOOP
        v_answer := workflow.apply_effect(v_item->>'op', (v_item->'request') || jsonb_build_object(
            'person_id', v_person, 'account_id', v_account, 'role', v_role,
            'decision_id', v_decision, 'instance_id', v_instance, 'at', v_at));
        IF v_item->>'op' = 'reserve' THEN
            UPDATE workflow.instance SET
                reserved_transfer_id = (v_answer->>'transfer_id')::bigint
            WHERE id = v_instance;
        END IF;
    END LOOP;

    DELETE FROM workflow.task t
    WHERE t.instance_id = v_instance
      AND t.key = ANY (translate(step->>'close', '[]', '{}')::integer[]);
    -- A draft is used up by its submission; with the instance ends what was left of it.
    DELETE FROM workflow.draft d WHERE d.instance_id = v_instance
        AND (step->>'status' = 'ended'
             OR d.element_id = step->>'draft_done' AND d.holder_id = v_holder);
    IF jsonb_array_length(step->'open') > 0 THEN
        INSERT INTO workflow.task (instance_id, key, element_id, name, name_en, process_id, lane,
            role, holder_id, visit, due_at, created_at, quantity, ccer_quantity)
        SELECT v_instance, (t->>'key')::integer, t->>'element_id', t->>'name', t->>'name_en',
            step->>'process_id', t->>'lane', t->>'role', (t->>'holder_id')::bigint,
            (t->>'visit')::integer, coalesce((t->>'due_at')::timestamptz, 'infinity'), v_at,
            (t->>'quantity')::bigint, (t->>'ccer_quantity')::bigint
        FROM jsonb_array_elements(step->'open') AS t;
        -- Who is asked to review becomes a party, and stays one: its review is on record.
        IF step ? 'joining' THEN
            INSERT INTO workflow.party (instance_id, lane, holder_id)
            SELECT v_instance, j->>'lane', (j->>'holder_id')::bigint
            FROM jsonb_array_elements(step->'joining') AS j ON CONFLICT DO NOTHING;
        END IF;
    END IF;

    INSERT INTO audit.event (at, tag, instance_id, person_id, account_id, role, subject, data, path)
    VALUES (v_at, step->>'tag', v_instance, v_person, v_account, v_role, '', step->>'data',
        step->>'path');

    IF jsonb_array_length(step->'notifications') > 0 THEN
        INSERT INTO workflow.notification (holder_id, instance_id, template, text, text_en,
            created_at)
        SELECT (n->>'holder_id')::bigint, v_instance, n->>'template', n->>'text', n->>'text_en',
            v_at
        FROM jsonb_array_elements(step->'notifications') AS n;
    END IF;
    IF jsonb_array_length(step->'outbox') > 0 THEN
        INSERT INTO workflow.outbox (kind, payload, due_at, created_at)
        SELECT o->>'kind', o->>'payload', v_at, v_at
        FROM jsonb_array_elements(step->'outbox') AS o;
    END IF;
    RETURN coalesce(v_decision, 0);
END $$;

-- The ledger effects a diagram may ask for; which ones, in which order, the diagram says.
CREATE OR REPLACE FUNCTION workflow.apply_effect(op text, request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    CASE op
        WHEN 'reserve' THEN RETURN ledger.reserve(request);
        WHEN 'post' THEN RETURN ledger.post(request);
        WHEN 'void' THEN RETURN ledger.void(request);
        WHEN 'direct' THEN RETURN ledger.direct(request);
        WHEN 'link' THEN RETURN ledger.link_custody(request);
        WHEN 'external_mark' THEN RETURN ledger.mark_external(request);
        WHEN 'external_cancelled' THEN RETURN ledger.record_external_cancellation(request);
        WHEN 'certificate' THEN RETURN certificates.issue(request);
        WHEN 'pilot_outcome' THEN RETURN pilots.record_outcome(request);
        WHEN 'account_change' THEN RETURN identity.apply_change(request);
        WHEN 'credential_change' THEN RETURN trust.change_credential(request);
        WHEN 'bind_attachments' THEN RETURN attachments.bind(request);
    END CASE;
END $$;
