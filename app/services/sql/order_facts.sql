-- The names and numbers that stand in a document to be signed (app/services/signing/order.py), in
-- one round trip: whose application it is, the account acted for, and whom its content names. Names
-- are read here and never taken from the browser: what is signed is what the registry knows.
CREATE OR REPLACE FUNCTION workflow.order_facts(instance bigint, account bigint, codes text[],
    targets bigint[], lots bigint[], recipients text[], implied text[])
RETURNS jsonb LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    v_from       jsonb;
    v_own        jsonb;
    v_units      jsonb := '{}';
    v_targets    jsonb := '{}';
    v_lots       jsonb := '{}';
    v_recipients jsonb := '{}';
    v_implied    jsonb := '{}';
BEGIN
    SELECT jsonb_build_object('account', a.number, 'zh', h.name, 'en', h.name_en),
        jsonb_build_object('account', m.number, 'code', o.code)
    INTO v_from, v_own
    FROM workflow.instance i JOIN identity.account a ON a.id = i.applicant_account_id
    JOIN identity.holder h ON h.id = i.applicant_id
    JOIN identity.account m ON m.id = order_facts.account
    JOIN identity.holder o ON o.id = m.holder_id
    WHERE i.id = instance;

    IF cardinality(codes) > 0 THEN
        SELECT coalesce(jsonb_object_agg(n.code, n.unit_type), '{}') INTO v_units
        FROM ledger.instrument n WHERE n.code = ANY (codes);
    END IF;
    IF cardinality(targets) > 0 THEN
        SELECT coalesce(jsonb_object_agg(a.id, jsonb_build_object(
            'account', a.number, 'zh', h.name, 'en', h.name_en)), '{}') INTO v_targets
        FROM identity.account a JOIN identity.holder h ON h.id = a.holder_id
        WHERE a.id = ANY (targets);
    END IF;
    IF cardinality(lots) > 0 THEN
        SELECT coalesce(jsonb_object_agg(c.id, n.code), '{}') INTO v_lots
        FROM ledger.custody_lot c JOIN ledger.instrument n ON n.id = c.instrument_id
        WHERE c.id = ANY (lots);
    END IF;
    IF cardinality(recipients) > 0 THEN
        -- Units come back into the recipient's compliance account; an emitter has one.
        SELECT coalesce(jsonb_object_agg(h.code, jsonb_build_object(
            'account', a.number, 'zh', h.name, 'en', h.name_en)), '{}') INTO v_recipients
        FROM identity.holder h LEFT JOIN LATERAL (
            SELECT o.number FROM identity.account o
            WHERE o.holder_id = h.id AND o.type = 'compliance' AND o.status <> 'closed'
            ORDER BY o.id LIMIT 1) AS a ON true
        WHERE h.code = ANY (recipients);
    END IF;
    IF cardinality(implied) > 0 THEN
        -- Order and limit keep the plan on the index, as in workflow.facts.
        SELECT coalesce(jsonb_object_agg(k.type, jsonb_build_object(
            'account', a.number, 'zh', h.name, 'en', h.name_en)), '{}') INTO v_implied
        FROM unnest(implied) AS k (type)
        CROSS JOIN LATERAL (SELECT * FROM identity.account o
            WHERE o.type = k.type AND o.status <> 'closed' ORDER BY o.id LIMIT 1) AS a
        JOIN identity.holder h ON h.id = a.holder_id;
    END IF;
    RETURN jsonb_build_object('from', v_from, 'own', v_own, 'units', v_units,
        'targets', v_targets, 'lots', v_lots, 'recipients', v_recipients, 'implied', v_implied);
END $$;
