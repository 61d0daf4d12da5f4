-- Second phase: the held units go to their targets, held room under ceilings becomes used.
-- {transfer_id, person_id, account_id, role, decision_id, at} -> {transfer_id}
CREATE OR REPLACE FUNCTION ledger.post(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    transfer bigint := (request->>'transfer_id')::bigint;
    resolved record;
    target record;
    block record;
    wanted bigint := 0;
    moved bigint := 0;
    entries integer := 0;
    into_custody boolean := false;
    has_lots boolean := false;
    into_offset boolean := false;
BEGIN
    SELECT * INTO resolved FROM ledger.resolve(request, 'posted');
    PERFORM ledger.require_approver(resolved.kind, resolved.proposer, request, transfer);
    FOR target IN
        SELECT l.quantity, l.custody_lot_id, a.number, a.status, a.type
        FROM ledger.transfer_line l JOIN identity.account a ON a.id = l.to_account_id
        WHERE l.transfer_id = transfer
    LOOP
        PERFORM ledger.require_receives(resolved.kind, target.number, target.status);
        wanted := wanted + target.quantity;
        into_custody := into_custody OR target.type = 'custody';
        has_lots := has_lots OR target.custody_lot_id IS NOT NULL;
        into_offset := into_offset OR target.type = 'ccer_offset';
    END LOOP;
    IF into_offset THEN
        PERFORM ledger.require_external_cancelled(transfer);
    END IF;
    IF into_custody THEN
        INSERT INTO ledger.custody_lot (transfer_id, line_no, depositor_account_id,
                                        instrument_id, quantity, opened_at)
        SELECT transfer, l.no, l.from_account_id, l.instrument_id, l.quantity,
               (request->>'at')::timestamptz
        FROM ledger.transfer_line l JOIN identity.account a ON a.id = l.to_account_id
        WHERE l.transfer_id = transfer AND a.type = 'custody';
    END IF;
    IF has_lots THEN
        PERFORM ledger.require_depositor_sends(resolved.kind, transfer);
        PERFORM ledger.require_links(transfer);
        PERFORM ledger.settle_lots(transfer, posted => true);
    END IF;
    FOR block IN
        UPDATE ledger.unit_block b SET account_id = l.to_account_id, position = l.to_position,
            transfer_id = NULL, line_no = NULL,
            custody_lot_id = CASE WHEN into_custody THEN (SELECT c.id FROM ledger.custody_lot c
                WHERE c.transfer_id = transfer AND c.line_no = l.no) END
        FROM ledger.transfer_line l
        WHERE b.transfer_id = transfer AND l.transfer_id = transfer AND l.no = b.line_no
        RETURNING b.instrument_id, b.serials, b.custody_lot_id, l.from_account_id,
            l.held_position, l.to_account_id, l.to_position
    LOOP
        entries := entries + 1;
        moved := moved + (upper(block.serials) - lower(block.serials));
        INSERT INTO ledger.entry
        VALUES (resolved.event, entries, block.instrument_id, block.serials,
                block.from_account_id, block.held_position, block.to_account_id,
                block.to_position, block.custody_lot_id);
    END LOOP;
    IF moved <> wanted THEN
        PERFORM ledger.refuse('RL408', 'the held units are not where they were put',
            jsonb_build_object('transfer_id', transfer::text, 'wanted', wanted::text,
                               'found', moved::text));
    END IF;
    PERFORM ledger.settle_ceilings(transfer, 1, 1);
    RETURN jsonb_build_object('transfer_id', transfer);
END $$;

-- Where a type has an approver, another person in that role ends it, by a decision; or, where the
-- approver's decision is on record already, who carries it out.
DROP FUNCTION IF EXISTS ledger.require_approver(ledger.transaction_type, bigint, jsonb);
CREATE OR REPLACE FUNCTION ledger.require_approver(kind ledger.transaction_type,
    proposer bigint, request jsonb, transfer bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF kind.approver IS NULL THEN
        RETURN;
    END IF;
    IF request->>'role' IS DISTINCT FROM kind.approver
       AND NOT ledger.carries_out(transfer, request) THEN
        PERFORM ledger.refuse('RL405', 'this role may not approve the transaction',
            jsonb_build_object('type', kind.code, 'role', request->>'role'));
    END IF;
    IF request->>'person_id' IS NULL OR request->>'decision_id' IS NULL THEN
        PERFORM ledger.refuse('RL406', 'an approval is somebody''s decision',
            jsonb_build_object('type', kind.code));
    END IF;
    IF proposer = (request->>'person_id')::bigint THEN
        PERFORM ledger.refuse('RL404', 'who proposed may not approve',
            jsonb_build_object('type', kind.code, 'person_id', proposer::text));
    END IF;
END $$;

-- What a transfer held under ceilings is free again (`freed` 1), and used (`used` 1) or no longer
-- used (-1). In the order of their ids, as they were reserved: two transfers never wait crosswise.
CREATE OR REPLACE FUNCTION ledger.settle_ceilings(transfer bigint, freed integer, used integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    draw record;
BEGIN
    FOR draw IN SELECT t.ceiling_id, t.quantity FROM ledger.transfer_ceiling t
                WHERE t.transfer_id = settle_ceilings.transfer ORDER BY t.ceiling_id
    LOOP
        UPDATE ledger.ceiling c SET reserved = c.reserved - draw.quantity * freed,
            used = c.used + draw.quantity * settle_ceilings.used
        WHERE c.id = draw.ceiling_id;
    END LOOP;
END $$;

-- Room held in custody lots becomes returned, or free again.
CREATE OR REPLACE FUNCTION ledger.settle_lots(transfer bigint, posted boolean)
RETURNS void LANGUAGE sql AS $$
    UPDATE ledger.custody_lot c SET reserved = c.reserved - l.quantity,
        returned = c.returned + CASE WHEN posted THEN l.quantity ELSE 0 END
    FROM (SELECT t.custody_lot_id, sum(t.quantity)::bigint AS quantity
          FROM ledger.transfer_line t WHERE t.transfer_id = transfer
          GROUP BY t.custody_lot_id) l
    WHERE c.id = l.custody_lot_id;
$$;
