-- What a holder says of itself now, as the form of a change asks for it: texts by name, none empty.
-- `representatives` is the rule of the account that is meant (G21): one, or two.
CREATE OR REPLACE FUNCTION identity.details_of(holder bigint, account bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT d.details FROM identity.holder_detail d WHERE d.holder_id = h.id
                     ORDER BY d.version DESC LIMIT 1), '{}')
        - 'name_en'
        || jsonb_build_object('name', h.name,
               'representatives', CASE WHEN a.two_person THEN 'two' ELSE 'one' END)
        || CASE WHEN h.name_en = '' THEN '{}'::jsonb
                ELSE jsonb_build_object('name_en', h.name_en) END
    FROM identity.holder h JOIN identity.account a ON a.holder_id = h.id
    WHERE h.id = details_of.holder AND a.id = details_of.account;
$$;

-- Details handed in with an opening: the first version of holders that have none (M1).
-- {rows: [{holder_id, details}], at} -> {rows}
CREATE OR REPLACE FUNCTION identity.open_details(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = identity, pg_temp AS $$
DECLARE
    added integer;
BEGIN
    INSERT INTO identity.holder_detail (holder_id, version, details, valid_from)
    SELECT (r->>'holder_id')::bigint, 1, r->'details', (request->>'at')::timestamptz
    FROM jsonb_array_elements(request->'rows') AS r;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN jsonb_build_object('rows', added);
END $$;

-- Apply an approved change of a holder's data (M5, R21): the only way in which name, details and
-- the two-person rule change. It takes an approval of somebody else in an application of that very
-- holder and account for a change of data, and changes nothing but what the application asks for.
-- Where the data are no longer those the decision was taken on, it is refused like a step that came
-- too late (RG409): who tries again reads what has changed.
-- {holder_id, applicant_account_id, before, after, decision_id, instance_id, at} -> {version}
CREATE OR REPLACE FUNCTION identity.apply_change(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = identity, pg_temp AS $$
DECLARE
    v_holder   bigint := (request->>'holder_id')::bigint;
    v_account  bigint := (request->>'applicant_account_id')::bigint;
    v_after    jsonb := request->'after';
    v_two      boolean := v_after->>'representatives' = 'two';
    v_old_name text;
    v_version  integer;
BEGIN
    IF NOT EXISTS (
        SELECT FROM workflow.instance i JOIN workflow.decision d ON d.instance_id = i.id
        WHERE i.id = (request->>'instance_id')::bigint
          AND d.id = (request->>'decision_id')::bigint
          AND i.applicant_id = v_holder AND i.applicant_account_id = v_account
          AND i.content::jsonb ? 'before'
          AND d.kind = 'complete' AND d.verdict = 'approve' AND d.holder_id <> v_holder) THEN
        RAISE EXCEPTION 'no decision of another party on a change of holder %', v_holder
            USING ERRCODE = 'RG404';
    END IF;
    SELECT h.name INTO v_old_name FROM identity.holder h WHERE h.id = v_holder FOR NO KEY UPDATE;
    IF identity.details_of(v_holder, v_account) IS DISTINCT FROM request->'before' THEN
        RAISE EXCEPTION 'the data of holder % have changed meanwhile', v_holder
            USING ERRCODE = 'RG409';
    END IF;
    IF EXISTS (
        SELECT FROM workflow.instance i,
            jsonb_each_text(v_after) AS a (name, text)
            FULL JOIN jsonb_each_text(request->'before') AS b (name, text) USING (name)
        WHERE i.id = (request->>'instance_id')::bigint AND a.text IS DISTINCT FROM b.text
          AND a.text IS DISTINCT FROM i.content::jsonb->>name) THEN
        RAISE EXCEPTION 'the application does not ask for this change of holder %', v_holder
            USING ERRCODE = 'RG404';
    END IF;
    -- An account that carries its holder's name goes on doing so.
    UPDATE identity.account a SET name = v_after->>'name'
    WHERE a.holder_id = v_holder AND a.name = v_old_name AND v_after->>'name' <> v_old_name;
    UPDATE identity.holder h
    SET name = v_after->>'name', name_en = coalesce(v_after->>'name_en', '')
    WHERE h.id = v_holder;
    UPDATE identity.account a SET two_person = v_two
    WHERE a.id = v_account AND a.two_person <> v_two;
    INSERT INTO identity.holder_detail (holder_id, version, details, account_id, two_person,
        instance_id, decision_id, valid_from)
    SELECT v_holder, coalesce(max(d.version), 0) + 1, v_after - 'representatives', v_account,
        v_two, (request->>'instance_id')::bigint, (request->>'decision_id')::bigint,
        (request->>'at')::timestamptz
    FROM identity.holder_detail d WHERE d.holder_id = v_holder
    RETURNING version INTO v_version;
    RETURN jsonb_build_object('version', v_version);
END $$;
