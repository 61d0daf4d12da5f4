-- SDDC-2022-0000001, with the year in Beijing; more digits when seven are used up.
CREATE OR REPLACE FUNCTION pilots.next_export_number(at timestamptz) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pilots, pg_temp AS $$
    SELECT 'SDDC-' || to_char(next_export_number.at AT TIME ZONE 'Asia/Shanghai', 'YYYY') || '-'
        || lpad(n, greatest(7, length(n)), '0')
    FROM CAST(nextval('pilots.export_number') AS text) AS n;
$$;

-- Keep what is handed to the pilot's own registry. Every application named is about this pilot,
-- and its CCER is cancelled.
-- {number, pilot_id, instances: [id], person_id, account_id, at} -> {export_id}
CREATE OR REPLACE FUNCTION pilots.make_export(request jsonb, content bytea) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pilots, pg_temp AS $$
DECLARE
    v_pilot  bigint := (request->>'pilot_id')::bigint;
    v_holder bigint := pilots.require_authority(request, false);
    v_export bigint;
    v_named  integer := jsonb_array_length(request->'instances');
    v_added  integer;
BEGIN
    INSERT INTO pilots.export (number, pilot_id, content, sha256, holder_id, person_id,
        account_id, made_at)
    VALUES (request->>'number', v_pilot, make_export.content, sha256(make_export.content),
        v_holder, (request->>'person_id')::bigint, (request->>'account_id')::bigint,
        (request->>'at')::timestamptz)
    RETURNING id INTO v_export;
    INSERT INTO pilots.export_item (export_id, instance_id)
    SELECT v_export, i.id FROM workflow.instance i
    WHERE i.id IN (SELECT n::bigint FROM jsonb_array_elements_text(request->'instances') AS n)
      AND i.subject_kind = 'pilot' AND i.subject_id = v_pilot
      AND EXISTS (SELECT FROM ledger.transfer t JOIN ledger.transfer_event e
                  ON e.transfer_id = t.id AND e.kind = 'posted'
                  WHERE t.instance_id = i.id AND t.type = 'pilot_surrender');
    GET DIAGNOSTICS v_added = ROW_COUNT;
    IF v_added = 0 OR v_added <> v_named THEN
        RAISE EXCEPTION 'an export names cancelled surrenders to its own pilot'
            USING ERRCODE = 'RG403';
    END IF;
    RETURN jsonb_build_object('export_id', v_export);
END $$;

-- What the pilot's registry made of an application, once.
-- {instance_id, accepted, reference, reason, decision_id, person_id, account_id, at}
CREATE OR REPLACE FUNCTION pilots.record_outcome(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pilots, pg_temp AS $$
DECLARE
    v_instance bigint := (request->>'instance_id')::bigint;
    v_pilot    bigint;
    made       bigint;
BEGIN
    SELECT i.subject_id INTO v_pilot FROM workflow.instance i
    WHERE i.id = v_instance AND i.subject_kind = 'pilot';
    PERFORM pilots.require_authority(request || jsonb_build_object('pilot_id', v_pilot),
        false);
    IF NOT EXISTS (SELECT FROM pilots.export_item x WHERE x.instance_id = v_instance) THEN
        RAISE EXCEPTION 'an outcome follows an export' USING ERRCODE = 'RG403';
    END IF;
    INSERT INTO pilots.outcome (instance_id, accepted, reference, reason, decision_id, person_id,
        account_id, at)
    VALUES (v_instance, (request->>'accepted')::boolean, request->>'reference',
        coalesce(request->>'reason', ''), (request->>'decision_id')::bigint,
        (request->>'person_id')::bigint, (request->>'account_id')::bigint,
        (request->>'at')::timestamptz)
    RETURNING id INTO made;
    RETURN jsonb_build_object('outcome_id', made);
END $$;
