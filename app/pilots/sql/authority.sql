-- The holder that reviews and administers a pilot: the newest named, or nobody.
CREATE OR REPLACE FUNCTION pilots.authority_of(pilot bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT a.holder_id FROM pilots.authority a WHERE a.pilot_id = authority_of.pilot
    ORDER BY a.id DESC LIMIT 1;
$$;

-- Whose account acts, if that holder runs the pilot, or ran it: another may be named while
-- applications are under way, and who began one brings it to its end.
CREATE OR REPLACE FUNCTION pilots.require_authority(request jsonb, now_only boolean)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_pilot  bigint := (request->>'pilot_id')::bigint;
    v_holder bigint;
BEGIN
    SELECT a.holder_id INTO v_holder FROM identity.account a
    WHERE a.id = (request->>'account_id')::bigint;
    IF NOT EXISTS (SELECT FROM pilots.authority y
                   WHERE y.pilot_id = v_pilot AND y.holder_id = v_holder)
       OR now_only AND pilots.authority_of(v_pilot) IS DISTINCT FROM v_holder
    THEN
        RAISE EXCEPTION 'only the authority of pilot % may do this', request->>'pilot_id'
            USING ERRCODE = 'RG403';
    END IF;
    RETURN v_holder;
END $$;

-- W21.0: the national authority names who runs a pilot.
-- {pilot_id, holder_id, person_id, account_id, at} -> {authority_id}
CREATE OR REPLACE FUNCTION pilots.designate(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pilots, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM identity.account a JOIN identity.holder h ON h.id = a.holder_id
                   WHERE a.id = (request->>'account_id')::bigint
                     AND h.role = 'national_authority')
       OR NOT EXISTS (SELECT FROM identity.holder h
                      WHERE h.id = (request->>'holder_id')::bigint
                        AND h.role = 'provincial_authority')
    THEN
        RAISE EXCEPTION 'the national authority names an authority for a pilot'
            USING ERRCODE = 'RG403';
    END IF;
    INSERT INTO pilots.authority (pilot_id, holder_id, person_id, account_id, at)
    VALUES ((request->>'pilot_id')::bigint, (request->>'holder_id')::bigint,
        (request->>'person_id')::bigint, (request->>'account_id')::bigint,
        (request->>'at')::timestamptz)
    RETURNING id INTO made;
    RETURN jsonb_build_object('authority_id', made);
END $$;
