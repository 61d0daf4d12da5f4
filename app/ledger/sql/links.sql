-- Links of custody (M19, R14, R15): a depositor's units are returned to linked holders only.

SELECT audit.make_append_only(ARRAY['ledger.custody_link', 'ledger.custody_link_end']);

CREATE OR REPLACE VIEW ledger.custody_linked AS
SELECT l.* FROM ledger.custody_link l
WHERE NOT EXISTS (SELECT FROM ledger.custody_link_end e WHERE e.link_id = l.id);

-- Link a depositor with holders at the same time, by a decision of the registry. Who is linked
-- already stays linked.
-- {depositor_id, recipients: [holder ids], instance_id, decision_id, person_id, account_id, role,
--  at} -> {linked: number of new links}
CREATE OR REPLACE FUNCTION ledger.link_custody(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    depositor bigint := (request->>'depositor_id')::bigint;
    wanted bigint[] := ARRAY(SELECT DISTINCT j::bigint
        FROM jsonb_array_elements_text(request->'recipients') AS j ORDER BY 1);
    added integer;
BEGIN
    PERFORM ledger.require_registry(request);
    -- Two decisions on the links of one depositor wait for one another.
    PERFORM pg_advisory_xact_lock(hashtextextended('custody_link:' || depositor, 0));
    IF cardinality(wanted) = 0 OR depositor = ANY (wanted)
       OR (SELECT count(*) FROM identity.holder h
           WHERE h.id = ANY (wanted || depositor) AND h.role = 'emitter') <= cardinality(wanted)
    THEN
        PERFORM ledger.refuse('RL206', 'a depositor is linked with other emitters',
            jsonb_build_object('depositor_id', depositor::text));
    END IF;
    INSERT INTO ledger.custody_link (depositor_id, recipient_id, instance_id, decision_id,
                                     person_id, at)
    SELECT depositor, w.id, (request->>'instance_id')::bigint, (request->>'decision_id')::bigint,
           (request->>'person_id')::bigint, (request->>'at')::timestamptz
    FROM unnest(wanted) AS w (id)
    WHERE NOT EXISTS (SELECT FROM ledger.custody_linked l
                      WHERE l.depositor_id = depositor AND l.recipient_id = w.id);
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN jsonb_build_object('linked', added);
END $$;

-- End a link by order: two people of the registry and a document. What was asked for before and is
-- not posted yet is refused then.
-- {link_id, document_number, person_id, approver_id, role, at} -> {link_id}
CREATE OR REPLACE FUNCTION ledger.end_custody_link(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    link bigint := (request->>'link_id')::bigint;
BEGIN
    IF request->>'role' IS DISTINCT FROM 'registry_operator' THEN
        PERFORM ledger.refuse('RL405', 'this role may not change links of custody',
            jsonb_build_object('type', 'custody_link', 'role', request->>'role'));
    END IF;
    IF coalesce(request->>'document_number', '') = '' OR request->>'approver_id' IS NULL
       OR request->>'person_id' IS NULL THEN
        PERFORM ledger.refuse('RL406', 'an order needs two people and a document');
    END IF;
    IF request->>'approver_id' = request->>'person_id' THEN
        PERFORM ledger.refuse('RL404', 'who proposed may not approve');
    END IF;
    IF NOT EXISTS (SELECT FROM ledger.custody_linked l WHERE l.id = link) THEN
        PERFORM ledger.refuse('RL208', 'there is no such link',
            jsonb_build_object('link_id', request->>'link_id'));
    END IF;
    INSERT INTO ledger.custody_link_end (link_id, document_number, person_id, approver_id, at)
    VALUES (link, request->>'document_number', (request->>'person_id')::bigint,
            (request->>'approver_id')::bigint, (request->>'at')::timestamptz);
    RETURN jsonb_build_object('link_id', link);
END $$;

-- A change of links is a decision of the registry's people.
CREATE OR REPLACE FUNCTION ledger.require_registry(request jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF request->>'role' IS DISTINCT FROM 'registry_operator' THEN
        PERFORM ledger.refuse('RL405', 'this role may not change links of custody',
            jsonb_build_object('type', 'custody_link', 'role', request->>'role'));
    END IF;
    IF request->>'person_id' IS NULL OR request->>'decision_id' IS NULL THEN
        PERFORM ledger.refuse('RL406', 'a link is somebody''s decision');
    END IF;
END $$;

-- R14, R15: everyone whom a return goes to is linked with the depositor of the lot, now. Asked
-- when units are held and again when they move.
CREATE OR REPLACE FUNCTION ledger.require_links(transfer bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    stranger record;
BEGIN
    SELECT d.number AS depositor, r.number AS recipient INTO stranger
    FROM ledger.transfer_line l
    JOIN ledger.custody_lot c ON c.id = l.custody_lot_id
    JOIN identity.account d ON d.id = c.depositor_account_id
    JOIN identity.account r ON r.id = l.to_account_id
    WHERE l.transfer_id = transfer AND NOT EXISTS (
        SELECT FROM ledger.custody_linked k
        WHERE k.depositor_id = d.holder_id AND k.recipient_id = r.holder_id)
    LIMIT 1;
    IF FOUND THEN
        PERFORM ledger.refuse('RL207', 'the recipient is not linked with the depositor',
            jsonb_build_object('from', stranger.depositor, 'to', stranger.recipient));
    END IF;
END $$;

-- G22: what lies in custody is the depositor's still: whose own account may not send gives nothing
-- away out of custody either.
CREATE OR REPLACE FUNCTION ledger.require_depositor_sends(
    kind ledger.transaction_type, transfer bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    depositor identity.account;
BEGIN
    FOR depositor IN
        SELECT a.* FROM identity.account a WHERE a.id IN (
            SELECT c.depositor_account_id FROM ledger.transfer_line l
            JOIN ledger.custody_lot c ON c.id = l.custody_lot_id
            WHERE l.transfer_id = require_depositor_sends.transfer)
    LOOP
        PERFORM ledger.require_sends(kind, depositor);
    END LOOP;
END $$;
