-- The steps that reserve, direct and reverse share: who may, once per key, which way, which units.

-- The type of a request, if it may be used in this way by this role.
CREATE OR REPLACE FUNCTION ledger.type_of(request jsonb, manner text)
RETURNS ledger.transaction_type LANGUAGE plpgsql AS $$
DECLARE
    kind ledger.transaction_type;
BEGIN
    SELECT * INTO kind FROM ledger.transaction_type t WHERE t.code = request->>'type';
    IF kind.code IS NULL OR kind.closed THEN
        PERFORM ledger.refuse('RL101', 'there is no such transaction type',
            jsonb_build_object('type', request->>'type'));
    END IF;
    IF NOT (CASE manner WHEN 'two_phase' THEN kind.two_phase WHEN 'direct' THEN kind.direct
            ELSE kind.reverses IS NOT NULL END) THEN
        PERFORM ledger.refuse('RL102', 'the transaction type is not used in this way',
            jsonb_build_object('type', kind.code, 'manner', manner));
    END IF;
    IF NOT (request->>'role' = ANY (kind.proposers)) THEN
        PERFORM ledger.refuse('RL103', 'this role may not start the transaction',
            jsonb_build_object('type', kind.code, 'role', request->>'role'));
    END IF;
    RETURN kind;
END $$;

-- Same key, same content: the first transfer again. Same key, other content: a conflict. A second
-- session with the same key waits here until the first has committed or given up. What is content
-- is everything except when it was said (at) and the decision that said it.
CREATE OR REPLACE FUNCTION ledger.open_transfer(
    request jsonb, reverses bigint, OUT transfer_id bigint, OUT replayed boolean)
LANGUAGE plpgsql AS $$
DECLARE
    content bytea := sha256(convert_to((request - 'at' - 'decision_id')::text, 'UTF8'));
    first bytea;
BEGIN
    INSERT INTO ledger.transfer (key, content_hash, type, reverses_id, instance_id, reason,
                                 person_id, account_id, role, at)
    VALUES (request->>'key', content, request->>'type', reverses,
            (request->>'instance_id')::bigint, coalesce(request->>'reason', ''),
            (request->>'person_id')::bigint, (request->>'account_id')::bigint,
            request->>'role', (request->>'at')::timestamptz)
    ON CONFLICT DO NOTHING RETURNING id INTO transfer_id;
    replayed := transfer_id IS NULL;
    IF replayed THEN
        SELECT t.id, t.content_hash INTO transfer_id, first
        FROM ledger.transfer t WHERE t.key = request->>'key';
        IF transfer_id IS NULL THEN
            PERFORM ledger.refuse('RL407', 'the transfer was reversed before',
                jsonb_build_object('transfer_id', reverses::text));
        ELSIF first <> content THEN
            PERFORM ledger.refuse('RL401', 'the key was used before with other content',
                jsonb_build_object('key', request->>'key', 'transfer_id', transfer_id::text));
        END IF;
    END IF;
END $$;

-- G22: who may send. Open accounts send; restricted, frozen and closing accounts send only by an
-- authority's act; closed accounts never.
CREATE OR REPLACE FUNCTION ledger.require_sends(
    kind ledger.transaction_type, account identity.account) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF account.status <> 'open' AND (account.status = 'closed' OR NOT kind.despite_status) THEN
        PERFORM ledger.refuse('RL105', 'the sending account may not send', jsonb_build_object(
            'account', account.number, 'status', account.status));
    END IF;
END $$;

-- G22: who may receive. Open and restricted accounts receive; frozen and closing accounts only by
-- an authority's act; closed accounts never.
CREATE OR REPLACE FUNCTION ledger.require_receives(
    kind ledger.transaction_type, number text, status text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF status NOT IN ('open', 'restricted') AND (status = 'closed' OR NOT kind.despite_status) THEN
        PERFORM ledger.refuse('RL106', 'the receiving account may not receive',
            jsonb_build_object('account', number, 'status', status));
    END IF;
END $$;

-- Lock the account that sends. Everything that takes units out of an account holds this lock, so
-- its blocks stand still; a receiving account is never locked.
CREATE OR REPLACE FUNCTION ledger.lock_sender(kind ledger.transaction_type, request jsonb)
RETURNS identity.account LANGUAGE plpgsql AS $$
DECLARE
    sender identity.account;
    acting bigint := (request->>'account_id')::bigint;
BEGIN
    SELECT * INTO sender FROM identity.account a
    WHERE a.id = (request->>'from_account')::bigint FOR NO KEY UPDATE;
    IF sender.id IS NULL THEN
        PERFORM ledger.refuse('RL109', 'there is no such account',
            jsonb_build_object('account_id', request->>'from_account'));
    END IF;
    PERFORM ledger.require_sends(kind, sender);
    IF kind.own_source AND acting IS DISTINCT FROM sender.id AND NOT EXISTS (
        SELECT FROM identity.account a WHERE a.id = acting AND a.holder_id = sender.holder_id)
    THEN
        PERFORM ledger.refuse('RL108', 'the sending account belongs to somebody else',
            jsonb_build_object('type', kind.code, 'account', sender.number));
    END IF;
    RETURN sender;
END $$;

-- Write one line of a transfer: its instrument, its target (named, or the one that the type's
-- route leads to: a collective account, the linked account, the account itself), its positions.
CREATE OR REPLACE FUNCTION ledger.add_line(transfer bigint, no integer,
    kind ledger.transaction_type, sender identity.account, item jsonb, target bigint)
RETURNS ledger.transfer_line LANGUAGE plpgsql AS $$
DECLARE
    line ledger.transfer_line;
    found_way record;
    ways integer := 0;
    quantity bigint := (item->>'quantity')::bigint;
BEGIN
    IF quantity IS NULL OR quantity <= 0 THEN
        PERFORM ledger.refuse('RL202', 'a quantity is a whole number of tonnes above zero',
            jsonb_build_object('line', no, 'quantity', item->>'quantity'));
    END IF;
    IF target IS NOT NULL THEN
        SELECT a.id, a.number, a.status, a.holder_id, a.linked_account_id, r.from_position,
               r.held_position, r.to_position, i.id AS instrument_id
        INTO found_way
        FROM ledger.instrument i
        JOIN identity.account a ON a.id = target
        JOIN ledger.transaction_route r ON r.type = kind.code AND r.unit_type = i.unit_type
            AND r.from_account_type = sender.type AND r.to_account_type = a.type
        WHERE i.id = (item->>'instrument_id')::bigint;
        ways := CASE WHEN found_way.id IS NULL THEN 0 ELSE 1 END;
    ELSE
        FOR found_way IN
            SELECT a.id, a.number, a.status, a.holder_id, a.linked_account_id, r.from_position,
                   r.held_position, r.to_position, i.id AS instrument_id
            FROM ledger.instrument i
            JOIN ledger.transaction_route r ON r.type = kind.code AND r.unit_type = i.unit_type
                AND r.from_account_type = sender.type
            JOIN identity.account a ON a.type = r.to_account_type
            WHERE i.id = (item->>'instrument_id')::bigint AND a.status <> 'closed'
              AND (NOT kind.linked_only OR a.linked_account_id = sender.id
                   OR a.id = sender.linked_account_id)
              AND (NOT kind.same_account OR a.id = sender.id)
            LIMIT 2
        LOOP
            ways := ways + 1;
        END LOOP;
    END IF;
    IF ways <> 1 THEN
        PERFORM ledger.refuse_way(kind, sender, item, target, ways);
    END IF;
    PERFORM ledger.require_receives(kind, found_way.number, found_way.status);
    IF kind.linked_only AND found_way.linked_account_id IS DISTINCT FROM sender.id
       AND sender.linked_account_id IS DISTINCT FROM found_way.id THEN
        PERFORM ledger.refuse('RL107', 'the two accounts are not linked',
            jsonb_build_object('from', sender.number, 'to', found_way.number));
    END IF;
    IF (kind.same_account AND found_way.id <> sender.id)
       OR (kind.same_holder AND found_way.holder_id <> sender.holder_id) THEN
        PERFORM ledger.refuse('RL107', 'the receiving account is not the sender''s own',
            jsonb_build_object('from', sender.number, 'to', found_way.number));
    END IF;
    INSERT INTO ledger.transfer_line
    VALUES (transfer, no, found_way.instrument_id, quantity, sender.id, found_way.from_position,
            found_way.held_position, found_way.id, found_way.to_position,
            (item->>'custody_lot_id')::bigint)
    RETURNING * INTO line;
    RETURN line;
END $$;

-- Say why a line has no way to go, or more than one.
CREATE OR REPLACE FUNCTION ledger.refuse_way(kind ledger.transaction_type,
    sender identity.account, item jsonb, target bigint, ways integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    unit text;
    target_type text;
BEGIN
    SELECT i.unit_type INTO unit FROM ledger.instrument i
    WHERE i.id = (item->>'instrument_id')::bigint;
    IF unit IS NULL THEN
        PERFORM ledger.refuse('RL203', 'there is no such instrument',
            jsonb_build_object('instrument_id', item->>'instrument_id'));
    END IF;
    SELECT a.type INTO target_type FROM identity.account a WHERE a.id = target;
    IF target IS NOT NULL AND target_type IS NULL THEN
        PERFORM ledger.refuse('RL109', 'there is no such account',
            jsonb_build_object('account_id', target::text));
    END IF;
    IF ways > 1 OR (target IS NULL AND EXISTS (
        SELECT FROM ledger.transaction_route r WHERE r.type = kind.code AND r.unit_type = unit
            AND r.from_account_type = sender.type))
    THEN
        PERFORM ledger.refuse('RL110', 'name the receiving account', jsonb_build_object(
            'type', kind.code, 'candidates', ways));
    END IF;
    PERFORM ledger.refuse('RL104', 'the transaction type does not lead this way',
        jsonb_build_object('type', kind.code, 'unit_type', unit, 'from_type', sender.type,
                           'to_type', target_type));
END $$;

-- The order behind a direct transfer or a reversal: proposer, approver, document number.
CREATE OR REPLACE FUNCTION ledger.add_order(transfer bigint, kind ledger.transaction_type,
    request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    given jsonb := request->'order';
    proposer bigint := (given->>'proposer_person')::bigint;
    approver bigint := (given->>'approver_person')::bigint;
BEGIN
    IF proposer IS NULL OR btrim(coalesce(given->>'document_number', '')) = ''
       OR (kind.approver IS NOT NULL AND approver IS NULL) THEN
        PERFORM ledger.refuse('RL406', 'the order names no proposer, approver or document',
            jsonb_build_object('type', kind.code));
    END IF;
    IF proposer = approver THEN
        PERFORM ledger.refuse('RL404', 'who proposed may not approve',
            jsonb_build_object('type', kind.code, 'person_id', proposer::text));
    END IF;
    INSERT INTO ledger.direct_order
    VALUES (transfer, proposer, approver, given->>'document_number',
            (request->>'decision_id')::bigint, (request->>'at')::timestamptz);
END $$;

CREATE OR REPLACE FUNCTION ledger.add_event(transfer bigint, happened text, request jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    event bigint;
BEGIN
    INSERT INTO ledger.transfer_event (transfer_id, kind, person_id, account_id, role,
                                       decision_id, at)
    VALUES (transfer, happened, (request->>'person_id')::bigint,
            (request->>'account_id')::bigint, coalesce(request->>'role', 'system'),
            (request->>'decision_id')::bigint, (request->>'at')::timestamptz)
    ON CONFLICT (transfer_id, (kind = 'reserved')) DO NOTHING RETURNING id INTO event;
    RETURN event;
END $$;
