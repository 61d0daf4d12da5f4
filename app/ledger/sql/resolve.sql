-- What post and void share: the transfer, its sender's lock, and that it resolves at most once.
CREATE OR REPLACE FUNCTION ledger.resolve(request jsonb, happened text,
    OUT kind ledger.transaction_type, OUT proposer bigint, OUT event bigint)
LANGUAGE plpgsql AS $$
DECLARE
    transfer bigint := (request->>'transfer_id')::bigint;
    sender identity.account;
    before record;
    proposed record;
BEGIN
    SELECT k AS kind, t.person_id INTO proposed FROM ledger.transfer t
    JOIN ledger.transaction_type k ON k.code = t.type WHERE t.id = transfer;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('RL403', 'there is no such transfer',
            jsonb_build_object('transfer_id', request->>'transfer_id'));
    END IF;
    kind := proposed.kind;
    proposer := proposed.person_id;
    SELECT a.* INTO sender FROM identity.account a
    WHERE a.id = (SELECT l.from_account_id FROM ledger.transfer_line l
                  WHERE l.transfer_id = transfer AND l.no = 1)
    FOR NO KEY UPDATE;
    event := ledger.add_event(transfer, happened, request);
    IF event IS NULL THEN
        SELECT e.kind, e.person_id, e.at INTO before FROM ledger.transfer_event e
        WHERE e.transfer_id = transfer AND (e.kind = 'reserved') = false;
        PERFORM ledger.refuse('RL402', 'the transfer is resolved already', jsonb_build_object(
            'transfer_id', transfer::text, 'outcome', before.kind,
            'person_id', before.person_id::text, 'at', before.at));
    END IF;
    IF happened = 'posted' THEN
        PERFORM ledger.require_sends(kind, sender);
    END IF;
END $$;
