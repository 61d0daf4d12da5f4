-- Take a line's quantity out of the sender's free blocks, lowest serials first, and lay it where
-- it goes (held for a transfer, or at the target). The caller holds the sender's lock. Returns the
-- ranges; a refusal carries the numbers.
CREATE OR REPLACE FUNCTION ledger.take(line ledger.transfer_line, to_account bigint,
    to_position text, holder_transfer bigint) RETURNS int8range[] LANGUAGE plpgsql AS $$
DECLARE
    block record;
    piece int8range;
    taken int8range[] := '{}';
    missing bigint := line.quantity;
    held_line integer := CASE WHEN holder_transfer IS NOT NULL THEN line.no END;
    lot bigint := CASE WHEN holder_transfer IS NOT NULL THEN line.custody_lot_id END;
BEGIN
    FOR block IN
        SELECT b.id, b.serials FROM ledger.unit_block b
        WHERE b.account_id = line.from_account_id AND b.instrument_id = line.instrument_id
          AND b.position = line.from_position
          AND b.custody_lot_id IS NOT DISTINCT FROM line.custody_lot_id
        ORDER BY lower(b.serials)
    LOOP
        IF upper(block.serials) - lower(block.serials) <= missing THEN
            piece := block.serials;
            UPDATE ledger.unit_block SET account_id = to_account, position = to_position,
                transfer_id = holder_transfer, line_no = held_line, custody_lot_id = lot
            WHERE id = block.id;
        ELSE
            piece := int8range(lower(block.serials), lower(block.serials) + missing);
            UPDATE ledger.unit_block SET serials = int8range(upper(piece), upper(block.serials))
            WHERE id = block.id;
            INSERT INTO ledger.unit_block (instrument_id, account_id, position, serials,
                                           transfer_id, line_no, custody_lot_id)
            VALUES (line.instrument_id, to_account, to_position, piece, holder_transfer,
                    held_line, lot);
        END IF;
        taken := array_append(taken, piece);
        missing := missing - (upper(piece) - lower(piece));
        EXIT WHEN missing = 0;
    END LOOP;
    IF missing > 0 THEN
        PERFORM ledger.refuse('RL201', 'not enough units', jsonb_build_object(
            'line', line.no,
            'instrument', (SELECT i.code FROM ledger.instrument i WHERE i.id = line.instrument_id),
            'position', line.from_position,
            'requested', line.quantity::text,
            'available', (line.quantity - missing)::text));
    END IF;
    RETURN taken;
END $$;

-- Bring new units into being at a line's target; serials go on where the registry's last issue
-- ended (G30). Issues wait for one another: they are few.
CREATE OR REPLACE FUNCTION ledger.create_units(line ledger.transfer_line)
RETURNS int8range[] LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    serials int8range;
BEGIN
    PERFORM pg_advisory_xact_lock(7320002);
    SELECT coalesce(max(upper(i.serials)), 1) INTO first FROM ledger.issue i;
    serials := int8range(first, first + line.quantity);
    INSERT INTO ledger.issue (instrument_id, serials, transfer_id)
    VALUES (line.instrument_id, serials, line.transfer_id);
    INSERT INTO ledger.unit_block (instrument_id, account_id, position, serials)
    VALUES (line.instrument_id, line.to_account_id, line.to_position, serials);
    RETURN ARRAY[serials];
END $$;
