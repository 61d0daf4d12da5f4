-- Instruments and ceilings come into being through functions too: the application writes no table.

-- {code, name, name_en?, unit_type, year?, project_code?, region?, project_type?, vintage?,
--  covered_source?, at} -> {instrument_id}
CREATE OR REPLACE FUNCTION ledger.create_instrument(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    instrument bigint;
BEGIN
    IF request->>'unit_type' = 'external_ccer' THEN
        PERFORM ledger.refuse('RL415', 'external reductions come from a confirmed claim only');
    END IF;
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
        PERFORM ledger.refuse('RL410', 'the code is taken',
            jsonb_build_object('taken', request->>'code'));
    END IF;
    RETURN jsonb_build_object('instrument_id', instrument);
END $$;

-- Open a ceiling (a notice's obligation, its CCER limit) and return its id.
CREATE OR REPLACE FUNCTION ledger.open_ceiling(code text, total bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    opened bigint;
BEGIN
    INSERT INTO ledger.ceiling (code, total) VALUES (open_ceiling.code, open_ceiling.total)
    ON CONFLICT ON CONSTRAINT ceiling_code_key DO NOTHING RETURNING id INTO opened;
    IF opened IS NULL THEN
        PERFORM ledger.refuse('RL410', 'the code is taken', jsonb_build_object('taken', code));
    END IF;
    RETURN opened;
END $$;

-- Raise or lower a ceiling; never below what is reserved and used.
CREATE OR REPLACE FUNCTION ledger.change_ceiling(ceiling_id bigint, total bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    top ledger.ceiling;
BEGIN
    SELECT * INTO top FROM ledger.ceiling c WHERE c.id = change_ceiling.ceiling_id
    FOR NO KEY UPDATE;
    IF top.id IS NULL THEN
        PERFORM ledger.refuse('RL302', 'there is no such ceiling',
            jsonb_build_object('ceiling_id', ceiling_id::text));
    END IF;
    IF change_ceiling.total < top.reserved + top.used THEN
        PERFORM ledger.refuse('RL303', 'the ceiling would fall below what is drawn',
            jsonb_build_object('ceiling', top.code, 'total', change_ceiling.total::text,
                               'reserved', top.reserved::text, 'used', top.used::text));
    END IF;
    UPDATE ledger.ceiling c SET total = change_ceiling.total WHERE c.id = top.id;
END $$;
