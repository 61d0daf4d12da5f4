-- Give held units and held room back (refusal, withdrawal). Pieces grow together again with their
-- neighbours inside one issue, so that a hundred refusals leave as many blocks as none.
-- {transfer_id, person_id, account_id, role, decision_id, at} -> {transfer_id}
CREATE OR REPLACE FUNCTION ledger.void(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    transfer bigint := (request->>'transfer_id')::bigint;
    resolved record;
    block record;
    neighbour record;
    whole int8range;
BEGIN
    SELECT * INTO resolved FROM ledger.resolve(request, 'voided');
    INSERT INTO ledger.entry
    SELECT resolved.event, row_number() OVER (ORDER BY lower(b.serials)), b.instrument_id,
           b.serials, b.account_id, b.position, b.account_id, l.from_position, b.custody_lot_id
    FROM ledger.unit_block b
    JOIN ledger.transfer_line l ON l.transfer_id = transfer AND l.no = b.line_no
    WHERE b.transfer_id = transfer;
    FOR block IN
        SELECT b.id, b.serials, b.instrument_id, b.account_id, b.custody_lot_id, l.from_position
        FROM ledger.unit_block b
        JOIN ledger.transfer_line l ON l.transfer_id = transfer AND l.no = b.line_no
        WHERE b.transfer_id = transfer ORDER BY lower(b.serials)
    LOOP
        whole := block.serials;
        FOR neighbour IN
            SELECT n.id, n.serials FROM ledger.unit_block n
            JOIN ledger.issue i ON i.serials @> block.serials AND i.serials @> n.serials
            WHERE n.serials -|- block.serials AND n.account_id = block.account_id
              AND n.instrument_id = block.instrument_id AND n.position = block.from_position
              AND n.custody_lot_id IS NOT DISTINCT FROM block.custody_lot_id
        LOOP
            DELETE FROM ledger.unit_block n WHERE n.id = neighbour.id;
            whole := whole + neighbour.serials;
        END LOOP;
        UPDATE ledger.unit_block SET serials = whole, position = block.from_position,
            transfer_id = NULL, line_no = NULL WHERE id = block.id;
    END LOOP;
    PERFORM ledger.settle_ceilings(transfer, 1, 0);
    PERFORM ledger.settle_lots(transfer, posted => false);
    RETURN jsonb_build_object('transfer_id', transfer);
END $$;
