-- One phase: units go (or come into being) at once, backed by an order.
-- {key, type, from_account, lines, to_account?, reason?, person_id, account_id, role, at,
--  order: {proposer_person, approver_person?, document_number}, decision_id?}
-- -> {transfer_id, replayed}
CREATE OR REPLACE FUNCTION ledger.direct(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    kind ledger.transaction_type := ledger.type_of(request, 'direct');
    opened record;
    sender identity.account;
    line ledger.transfer_line;
    item record;
    pieces int8range[];
    piece_lines integer[] := '{}';
    moved int8range[] := '{}';
    event bigint;
BEGIN
    SELECT * INTO opened FROM ledger.open_transfer(request, NULL);
    IF opened.replayed THEN
        RETURN jsonb_build_object('transfer_id', opened.transfer_id, 'replayed', true);
    END IF;
    PERFORM ledger.add_order(opened.transfer_id, kind, request);
    sender := ledger.lock_sender(kind, request);
    FOR item IN SELECT * FROM jsonb_array_elements(request->'lines') WITH ORDINALITY AS j(v, no)
    LOOP
        line := ledger.add_line(opened.transfer_id, item.no::integer, kind, sender, item.v,
            coalesce(item.v->>'to_account', request->>'to_account')::bigint);
        IF line.from_position IS NULL THEN
            pieces := ledger.create_units(line);
        ELSE
            pieces := ledger.take(line, line.to_account_id, line.to_position, NULL);
        END IF;
        moved := moved || pieces;
        piece_lines := piece_lines || array_fill(line.no, ARRAY[cardinality(pieces)]);
    END LOOP;
    IF cardinality(moved) = 0 THEN
        PERFORM ledger.refuse('RL202', 'a transfer has at least one line');
    END IF;
    event := ledger.add_event(opened.transfer_id, 'posted', request);
    INSERT INTO ledger.entry
    SELECT event, u.n, l.instrument_id, u.serials, l.from_account_id, l.from_position,
           l.to_account_id, l.to_position, NULL
    FROM unnest(piece_lines, moved) WITH ORDINALITY AS u(line_no, serials, n)
    JOIN ledger.transfer_line l ON l.transfer_id = opened.transfer_id AND l.no = u.line_no;
    RETURN jsonb_build_object('transfer_id', opened.transfer_id, 'replayed', false);
END $$;
