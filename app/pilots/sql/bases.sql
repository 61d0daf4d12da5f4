-- Add bases of a pilot: all rows or none.
-- {pilot_id, rows: [{year, holder_id, quantity}], person_id, account_id, at} -> {rows}
CREATE OR REPLACE FUNCTION pilots.upload_bases(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pilots, pg_temp AS $$
DECLARE
    added integer;
BEGIN
    PERFORM pilots.require_authority(request, true);
    INSERT INTO pilots.base (pilot_id, year, holder_id, quantity, person_id, account_id, at)
    SELECT (request->>'pilot_id')::bigint, (r->>'year')::integer, (r->>'holder_id')::bigint,
        (r->>'quantity')::bigint, (request->>'person_id')::bigint,
        (request->>'account_id')::bigint, (request->>'at')::timestamptz
    FROM jsonb_array_elements(request->'rows') AS r;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN jsonb_build_object('rows', added);
END $$;
