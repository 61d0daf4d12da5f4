-- Instruments and ceilings come into being through functions too: the application writes no table.

-- {code, name, name_en?, unit_type, year?, project_code?, region?, project_type?, vintage?,
--  covered_source?, at} -> {instrument_id}
CREATE OR REPLACE FUNCTION ledger.create_instrument(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    instrument bigint;
BEGIN
    INSERT INTO ledger.instrument (code, name, name_en, unit_type, year, project_code, region,
                                   project_type, vintage, covered_source, created_at)
    VALUES (request->>'code', request->>'name', coalesce(request->>'name_en', ''),
            request->>'unit_type', (request->>'year')::integer,
            coalesce(request->>'project_code', ''), coalesce(request->>'region', ''),
            coalesce(request->>'project_type', ''), (request->>'vintage')::integer,
            coalesce((request->>'covered_source')::boolean, false),
            (request->>'at')::timestamptz)
    ON CONFLICT (code) DO NOTHING RETURNING id INTO instrument;
    IF instrument IS NULL THEN
        PERFORM ledger.refuse('RG410', 'the code is taken',
            jsonb_build_object('code', request->>'code'));
    END IF;
    RETURN jsonb_build_object('instrument_id', instrument);
END $$;

-- {code, total} -> {ceiling_id}
CREATE OR REPLACE FUNCTION ledger.open_ceiling(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    opened bigint;
BEGIN
    INSERT INTO ledger.ceiling (code, total)
    VALUES (request->>'code', (request->>'total')::bigint)
    ON CONFLICT (code) DO NOTHING RETURNING id INTO opened;
    IF opened IS NULL THEN
        PERFORM ledger.refuse('RG410', 'the code is taken',
            jsonb_build_object('code', request->>'code'));
    END IF;
    RETURN jsonb_build_object('ceiling_id', opened);
END $$;

-- {ceiling_id, total} -> {ceiling_id}; never below what is reserved and used.
CREATE OR REPLACE FUNCTION ledger.change_ceiling(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    top ledger.ceiling;
    total bigint := (request->>'total')::bigint;
BEGIN
    SELECT * INTO top FROM ledger.ceiling c WHERE c.id = (request->>'ceiling_id')::bigint
    FOR NO KEY UPDATE;
    IF top.id IS NULL OR total < top.reserved + top.used THEN
        PERFORM ledger.refuse('RG301', 'the ceiling would be exceeded', jsonb_build_object(
            'ceiling', top.code, 'ceiling_id', request->>'ceiling_id', 'total', total::text,
            'reserved', top.reserved::text, 'used', top.used::text, 'requested', '0',
            'left', (total - top.reserved - top.used)::text));
    END IF;
    UPDATE ledger.ceiling c SET total = change_ceiling.total WHERE c.id = top.id;
    RETURN jsonb_build_object('ceiling_id', top.id);
END $$;
