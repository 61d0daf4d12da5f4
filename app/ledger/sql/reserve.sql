-- First phase: hold units of the sender (and room under ceilings) for a transfer that somebody
-- still has to approve.
-- {key, type, from_account, lines: [{instrument_id, quantity, to_account?, custody_lot_id?}],
--  to_account?, ceilings?: [{id, quantity}], reason?, instance_id, person_id, account_id, role,
--  decision_id, at} -> {transfer_id, replayed}
CREATE OR REPLACE FUNCTION ledger.reserve(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    kind ledger.transaction_type := ledger.type_of(request, 'two_phase');
    opened record;
    sender identity.account;
    line ledger.transfer_line;
    item record;
    pieces int8range[];
    piece_lines integer[] := '{}';
    moved int8range[] := '{}';
    has_lots boolean := false;
    event bigint;
BEGIN
    SELECT * INTO opened FROM ledger.open_transfer(request, NULL);
    IF opened.replayed THEN
        RETURN jsonb_build_object('transfer_id', opened.transfer_id, 'replayed', true);
    END IF;
    sender := ledger.lock_sender(kind, request);
    FOR item IN SELECT * FROM jsonb_array_elements(request->'lines') WITH ORDINALITY AS j(v, no)
    LOOP
        line := ledger.add_line(opened.transfer_id, item.no::integer, kind, sender, item.v,
            coalesce(item.v->>'to_account', request->>'to_account')::bigint);
        IF line.custody_lot_id IS NOT NULL THEN
            PERFORM ledger.reserve_lot(line, request);
            has_lots := true;
        END IF;
        pieces := ledger.take(line, sender.id, line.held_position, opened.transfer_id);
        moved := moved || pieces;
        piece_lines := piece_lines || array_fill(line.no, ARRAY[cardinality(pieces)]);
    END LOOP;
    IF cardinality(moved) = 0 THEN
        PERFORM ledger.refuse('RL202', 'a transfer has at least one line');
    END IF;
    IF has_lots THEN
        PERFORM ledger.require_depositor_sends(kind, opened.transfer_id);
        PERFORM ledger.require_links(opened.transfer_id);
    END IF;
    PERFORM ledger.reserve_ceilings(opened.transfer_id, request);
    event := ledger.add_event(opened.transfer_id, 'reserved', request);
    INSERT INTO ledger.entry
    SELECT event, u.n, l.instrument_id, u.serials, l.from_account_id, l.from_position,
           l.from_account_id, l.held_position, l.custody_lot_id
    FROM unnest(piece_lines, moved) WITH ORDINALITY AS u(line_no, serials, n)
    JOIN ledger.transfer_line l ON l.transfer_id = opened.transfer_id AND l.no = u.line_no;
    RETURN jsonb_build_object('transfer_id', opened.transfer_id, 'replayed', false);
END $$;

-- R5, R10: draw on ceilings, in the order of their ids. The row's CHECK is the guarantee; asking
-- first lets the refusal carry the numbers.
CREATE OR REPLACE FUNCTION ledger.reserve_ceilings(transfer bigint, request jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wish record;
    top ledger.ceiling;
BEGIN
    FOR wish IN SELECT (j->>'id')::bigint AS id, (j->>'quantity')::bigint AS quantity
                FROM jsonb_array_elements(request->'ceilings') AS j
                WHERE (j->>'quantity')::bigint <> 0 ORDER BY 1
    LOOP
        UPDATE ledger.ceiling c SET reserved = c.reserved + wish.quantity
        WHERE c.id = wish.id AND wish.quantity > 0
          AND c.reserved + c.used + wish.quantity <= c.total;
        IF NOT FOUND THEN
            SELECT * INTO top FROM ledger.ceiling c WHERE c.id = wish.id;
            IF top.id IS NULL OR wish.quantity < 0 THEN
                PERFORM ledger.refuse('RL302', 'there is no such ceiling',
                    jsonb_build_object('ceiling_id', wish.id::text));
            END IF;
            PERFORM ledger.refuse('RL301', 'the ceiling would be exceeded', jsonb_build_object(
                'ceiling', top.code, 'ceiling_id', wish.id::text, 'total', top.total::text,
                'reserved', top.reserved::text, 'used', top.used::text,
                'requested', wish.quantity::text,
                'left', (top.total - top.reserved - top.used)::text));
        END IF;
        INSERT INTO ledger.transfer_ceiling VALUES (transfer, wish.id, wish.quantity);
    END LOOP;
END $$;

-- R37, G37: a return draws on one lot of the depositor who acts, up to what remains in it.
CREATE OR REPLACE FUNCTION ledger.reserve_lot(line ledger.transfer_line, request jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lot ledger.custody_lot;
BEGIN
    UPDATE ledger.custody_lot c SET reserved = c.reserved + line.quantity
    WHERE c.id = line.custody_lot_id AND c.instrument_id = line.instrument_id
      AND c.depositor_account_id = (request->>'account_id')::bigint
      AND c.quantity - c.reserved - c.returned >= line.quantity;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO lot FROM ledger.custody_lot c WHERE c.id = line.custody_lot_id
        AND c.instrument_id = line.instrument_id
        AND c.depositor_account_id = (request->>'account_id')::bigint;
    IF lot.id IS NULL THEN
        PERFORM ledger.refuse('RL204', 'the depositor has no such custody lot',
            jsonb_build_object('line', line.no, 'lot_id', line.custody_lot_id::text));
    END IF;
    PERFORM ledger.refuse('RL205', 'not enough units remain in the custody lot',
        jsonb_build_object('line', line.no, 'lot_id', lot.id::text,
            'requested', line.quantity::text, 'remaining', lot.remaining::text));
END $$;
