-- The floor: the flow draft -> review hard-coded, one call a task, no engine, no checks. It writes
-- the rows that the service writes, with the ledger's own functions.
CREATE SCHEMA bench;

CREATE FUNCTION bench.submit(v_instance bigint, v_person bigint, v_holder bigint, v_account bigint,
    v_hash text, form jsonb, v_at timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    i workflow.instance;
    v_notice compliance.notice;
    v_document bytea;
    v_decision bigint;
    v_transfer bigint;
    v_quantity bigint;
    v_lines jsonb;
BEGIN
    SELECT * INTO i FROM workflow.instance w WHERE w.id = v_instance;
    SELECT * INTO v_notice FROM compliance.notice n WHERE n.id = i.subject_id;
    SELECT sum((l->>'quantity')::bigint), jsonb_agg(jsonb_build_object('instrument_id', x.id,
        'quantity', l->>'quantity'))
    INTO v_quantity, v_lines FROM jsonb_array_elements(form->'lines') AS l
    JOIN ledger.instrument x ON x.code = l->>'instrument';
    v_document := convert_to(jsonb_build_object('type', 'decision/1', 'instance', i.number,
        'version', i.version + 1, 'bundle', i.bundle_hash, 'task', 'fill_surrender',
        'visit', 1, 'kind', 'complete', 'at', v_at, 'person', v_hash, 'account', v_account::text,
        'holder', v_holder::text, 'role', 'emitter', 'verdict', '', 'opinion', '',
        'request', '', 'form', form, 'content', form, 'effects', v_lines)::text, 'UTF8');
    INSERT INTO workflow.participant (instance_id, person_id, holder_id, lane)
    VALUES (v_instance, v_person, v_holder, 'emitter') ON CONFLICT DO NOTHING;
    INSERT INTO workflow.decision (instance_id, version, bundle_hash, element_id, visit, kind,
        person_id, holder_id, account_id, role, document, leaf, at)
    VALUES (v_instance, i.version + 1, i.bundle_hash, 'fill_surrender', 1, 'complete', v_person,
        v_holder, v_account, 'emitter', v_document, sha256('\x00'::bytea || v_document), v_at)
    RETURNING id INTO v_decision;
    v_transfer := (ledger.reserve(jsonb_build_object('key', v_instance || ':' || i.version + 1,
        'type', 'surrender', 'from_account', v_account, 'lines', v_lines,
        'ceilings', jsonb_build_array(jsonb_build_object('id', v_notice.obligation_ceiling_id,
            'quantity', v_quantity::text)),
        'person_id', v_person, 'account_id', v_account, 'role', 'emitter',
        'decision_id', v_decision, 'instance_id', v_instance, 'at', v_at))->>'transfer_id')::bigint;
    UPDATE workflow.instance w SET state = 'review', version = i.version + 1,
        content = form::text, quantity = v_quantity, submitted_at = v_at,
        late = v_at > v_notice.deadline, reserved_transfer_id = v_transfer,
        wake_at = v_notice.deadline - interval '7 days'
    WHERE w.id = v_instance AND w.version = i.version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'moved on';
    END IF;
    DELETE FROM workflow.task t WHERE t.instance_id = v_instance;
    DELETE FROM workflow.draft d WHERE d.instance_id = v_instance;
    INSERT INTO workflow.task (instance_id, key, element_id, name, name_en, process_id, lane,
        role, holder_id, visit, due_at, created_at)
    VALUES (v_instance, i.version + 2, 'review_surrender', '审核履约申请',
        'Review the surrender application', 'compliance', 'provincial_authority',
        'provincial_authority', v_notice.authority_id, 1, v_notice.deadline, v_at);
    INSERT INTO audit.event (at, tag, instance_id, person_id, account_id, role, data, path)
    VALUES (v_at, 'workflow:compliance.fill_surrender:complete', v_instance, v_person, v_account,
        'emitter', jsonb_build_object('visit', 1, 'quantity', v_quantity::text)::text,
        'fill_surrender flow_submit reserve_units flow_reserved');
    INSERT INTO workflow.outbox (kind, payload, due_at, created_at)
    VALUES ('decided', jsonb_build_object('instance', i.number, 'task', 'fill_surrender',
        'action', 'complete')::text, v_at, v_at);
    RETURN v_decision;
END $$;

CREATE FUNCTION bench.review(v_instance bigint, v_person bigint, v_holder bigint, v_account bigint,
    v_hash text, v_verdict text, v_opinion text, v_at timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    i workflow.instance;
    v_document bytea;
    v_decision bigint;
    v_request jsonb;
BEGIN
    SELECT * INTO i FROM workflow.instance w WHERE w.id = v_instance;
    v_document := convert_to(jsonb_build_object('type', 'decision/1', 'instance', i.number,
        'version', i.version + 1, 'bundle', i.bundle_hash, 'task', 'review_surrender',
        'visit', 1, 'kind', 'complete', 'at', v_at, 'person', v_hash, 'account', v_account::text,
        'holder', v_holder::text, 'role', 'provincial_authority', 'verdict', v_verdict,
        'opinion', v_opinion, 'request', '', 'form', jsonb_build_object('verdict', v_verdict,
        'opinion', v_opinion), 'content', i.content::jsonb, 'effects', '[]')::text, 'UTF8');
    INSERT INTO workflow.participant (instance_id, person_id, holder_id, lane)
    VALUES (v_instance, v_person, v_holder, 'provincial_authority') ON CONFLICT DO NOTHING;
    INSERT INTO workflow.decision (instance_id, version, bundle_hash, element_id, visit, kind,
        person_id, holder_id, account_id, role, verdict, opinion, document, leaf, at)
    VALUES (v_instance, i.version + 1, i.bundle_hash, 'review_surrender', 1, 'complete', v_person,
        v_holder, v_account, 'provincial_authority', v_verdict, v_opinion, v_document,
        sha256('\x00'::bytea || v_document), v_at)
    RETURNING id INTO v_decision;
    v_request := jsonb_build_object('transfer_id', i.reserved_transfer_id, 'person_id', v_person,
        'account_id', v_account, 'role', 'provincial_authority', 'decision_id', v_decision,
        'instance_id', v_instance, 'at', v_at);
    DELETE FROM workflow.task t WHERE t.instance_id = v_instance;
    IF v_verdict = 'approve' THEN
        PERFORM ledger.post(v_request);
        UPDATE workflow.instance w SET state = 'ended', version = i.version + 1,
            status = 'ended', outcome = 'surrendered', reserved_transfer_id = NULL,
            wake_at = NULL, ended_at = v_at
        WHERE w.id = v_instance AND w.version = i.version;
    ELSE
        PERFORM ledger.void(v_request);
        UPDATE workflow.instance w SET state = 'draft', version = i.version + 1,
            reserved_transfer_id = NULL
        WHERE w.id = v_instance AND w.version = i.version;
        INSERT INTO workflow.task (instance_id, key, element_id, name, name_en, process_id, lane,
            role, holder_id, visit, due_at, created_at)
        SELECT v_instance, i.version + 2, 'fill_surrender', '填写履约申请',
            'Fill in the surrender application', 'compliance', 'emitter', 'emitter',
            i.applicant_id, 2, n.deadline, v_at
        FROM compliance.notice n WHERE n.id = i.subject_id;
        INSERT INTO workflow.notification (holder_id, instance_id, template, text, text_en,
            created_at)
        VALUES (i.applicant_id, v_instance, 'surrender_returned',
            '您的履约申请 ' || i.number || ' 已被退回，请按审核意见修改后重新提交。',
            'Your application ' || i.number || ' was returned; please edit and submit it again.',
            v_at);
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'moved on';
    END IF;
    INSERT INTO audit.event (at, tag, instance_id, person_id, account_id, role, data, path)
    VALUES (v_at, 'workflow:compliance.review_surrender:' || v_verdict, v_instance, v_person,
        v_account, 'provincial_authority',
        jsonb_build_object('visit', 1, 'opinion', v_opinion)::text,
        'review_surrender flow_reviewed verdict_given flow_approve post_surrender flow_posted');
    INSERT INTO workflow.outbox (kind, payload, due_at, created_at)
    VALUES ('decided', jsonb_build_object('instance', i.number, 'task', 'review_surrender',
        'action', v_verdict)::text, v_at, v_at);
    RETURN v_decision;
END $$;
