-- Correct by a linked reversal (S20, S21): exactly the serial ranges of a posted transfer go back
-- to where they came from, and what it used of its ceilings is free again.
-- {key, type, transfer_id, reason?, person_id, account_id, role, at, decision_id?,
--  order: {proposer_person, approver_person, document_number}} -> {transfer_id, replayed}
CREATE OR REPLACE FUNCTION ledger.reverse(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    kind ledger.transaction_type := ledger.type_of(request, 'reversal');
    wrong bigint := (request->>'transfer_id')::bigint;
    opened record;
    event bigint;
BEGIN
    PERFORM ledger.require_reversible(kind, wrong);
    SELECT * INTO opened FROM ledger.open_transfer(request, wrong);
    IF opened.replayed THEN
        RETURN jsonb_build_object('transfer_id', opened.transfer_id, 'replayed', true);
    END IF;
    PERFORM ledger.add_order(opened.transfer_id, kind, request);
    PERFORM ledger.add_lines_back(opened.transfer_id, kind, wrong);
    PERFORM ledger.move_back(wrong);
    event := ledger.add_event(opened.transfer_id, 'posted', request);
    INSERT INTO ledger.entry
    SELECT event, row_number() OVER (ORDER BY e.no), e.instrument_id, e.serials, e.to_account_id,
           e.to_position, e.from_account_id, b.to_position, NULL
    FROM ledger.transfer_event p
    JOIN ledger.entry e ON e.event_id = p.id
    JOIN LATERAL (SELECT l.to_position FROM ledger.transfer_line l
                  WHERE l.transfer_id = opened.transfer_id LIMIT 1) b ON true
    WHERE p.transfer_id = wrong AND p.kind = 'posted';
    PERFORM ledger.settle_ceilings(wrong, 0, -1);
    RETURN jsonb_build_object('transfer_id', opened.transfer_id, 'replayed', false);
END $$;

CREATE OR REPLACE FUNCTION ledger.require_reversible(kind ledger.transaction_type, wrong bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    SELECT t.type, k.reversible, EXISTS (SELECT FROM ledger.transfer_event e
        WHERE e.transfer_id = t.id AND e.kind = 'posted') AS posted
    INTO found FROM ledger.transfer t JOIN ledger.transaction_type k ON k.code = t.type
    WHERE t.id = wrong;
    IF found.type IS NULL THEN
        PERFORM ledger.refuse('RL403', 'there is no such transfer',
            jsonb_build_object('transfer_id', wrong::text));
    END IF;
    IF found.type <> kind.reverses OR NOT found.reversible OR NOT found.posted THEN
        PERFORM ledger.refuse('RL409', 'this transfer cannot be reversed so', jsonb_build_object(
            'transfer_id', wrong::text, 'type', found.type, 'reversal', kind.code));
    END IF;
END $$;

-- The lines of a reversal are those of the transfer, turned round, if a route leads that way.
CREATE OR REPLACE FUNCTION ledger.add_lines_back(transfer bigint,
    kind ledger.transaction_type, wrong bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line record;
BEGIN
    FOR line IN
        SELECT l.no, l.instrument_id, l.quantity, l.to_account_id AS sender, l.to_position,
               l.from_account_id AS receiver, a.number, a.status, a.type AS to_type,
               s.type AS from_type, i.unit_type, r.to_position AS back_to
        FROM ledger.transfer_line l
        JOIN ledger.instrument i ON i.id = l.instrument_id
        JOIN identity.account s ON s.id = l.to_account_id
        JOIN identity.account a ON a.id = l.from_account_id
        LEFT JOIN ledger.transaction_route r ON r.type = kind.code AND r.unit_type = i.unit_type
            AND r.from_account_type = s.type AND r.to_account_type = a.type
        WHERE l.transfer_id = wrong ORDER BY l.no
    LOOP
        IF line.back_to IS NULL THEN
            PERFORM ledger.refuse('RL104', 'the transaction type does not lead this way',
                jsonb_build_object('type', kind.code, 'unit_type', line.unit_type,
                                   'from_type', line.from_type, 'to_type', line.to_type));
        END IF;
        PERFORM ledger.require_receives(kind, line.number, line.status);
        INSERT INTO ledger.transfer_line
        VALUES (transfer, line.no, line.instrument_id, line.quantity, line.sender,
                line.to_position, NULL, line.receiver, line.back_to, NULL);
    END LOOP;
END $$;

-- Move the units themselves. The accounts that they lie in are the senders now: they are locked,
-- in the order of their ids; surrenders into them go on, because a receiver is never locked.
CREATE OR REPLACE FUNCTION ledger.move_back(wrong bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry record;
    block ledger.unit_block;
    missing bigint;
    piece int8range;
BEGIN
    PERFORM a.id FROM identity.account a
    WHERE a.id IN (SELECT l.to_account_id FROM ledger.transfer_line l WHERE l.transfer_id = wrong)
    ORDER BY a.id FOR NO KEY UPDATE;
    FOR entry IN
        SELECT e.serials, e.to_account_id, e.to_position, e.from_account_id
        FROM ledger.transfer_event p JOIN ledger.entry e ON e.event_id = p.id
        WHERE p.transfer_id = wrong AND p.kind = 'posted' ORDER BY lower(e.serials)
    LOOP
        missing := upper(entry.serials) - lower(entry.serials);
        FOR block IN SELECT b.* FROM ledger.unit_block b
            WHERE b.serials && entry.serials AND b.account_id = entry.to_account_id
              AND b.position = entry.to_position ORDER BY lower(b.serials)
        LOOP
            piece := block.serials * entry.serials;
            missing := missing - (upper(piece) - lower(piece));
            PERFORM ledger.carve(block, piece, entry.from_account_id);
        END LOOP;
        IF missing > 0 THEN
            PERFORM ledger.refuse('RL408', 'the units are no longer where they were put',
                jsonb_build_object('transfer_id', wrong::text, 'serials', entry.serials::text,
                                   'missing', missing::text));
        END IF;
    END LOOP;
END $$;

-- Cut a piece out of a block and lay it, free, into another account.
CREATE OR REPLACE FUNCTION ledger.carve(block ledger.unit_block, piece int8range, receiver bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    low int8range := block.serials * int8range(NULL, lower(piece));
    high int8range := block.serials * int8range(upper(piece), NULL);
BEGIN
    IF isempty(low) AND isempty(high) THEN
        UPDATE ledger.unit_block SET account_id = receiver, position = 'registry_available'
        WHERE id = block.id;
        RETURN;
    END IF;
    UPDATE ledger.unit_block SET serials = CASE WHEN isempty(low) THEN high ELSE low END
    WHERE id = block.id;
    INSERT INTO ledger.unit_block (instrument_id, account_id, position, serials)
    SELECT block.instrument_id, p.account, p.place, p.serials
    FROM (VALUES (receiver, 'registry_available', piece),
                 (block.account_id, block.position,
                  CASE WHEN isempty(low) THEN 'empty' ELSE high END)) AS p(account, place, serials)
    WHERE NOT isempty(p.serials);
END $$;
