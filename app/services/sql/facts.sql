-- What the numbered checks look at, in one round trip: sender, targets, instruments with what is
-- available of each, the notice. What the application itself holds (`held`) counts as available
-- and not as pending, so that the same checks can run again on approval. `implied` are account
-- types that a line without a target leads to, such as the surrender account.
DROP FUNCTION IF EXISTS workflow.facts(bigint, text[], bigint[], bigint, bigint);
DROP FUNCTION IF EXISTS workflow.facts(bigint, text[], bigint[], bigint, bigint, text[]);
CREATE OR REPLACE FUNCTION workflow.facts(sender bigint, codes text[], targets bigint[],
    implied text[], notice bigint, held bigint, positions text[])
RETURNS jsonb LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    v_sender  jsonb;
    v_targets jsonb := '[]';
    v_units   jsonb;
    v_notice  jsonb;
BEGIN
    SELECT jsonb_build_object('id', a.id, 'number', a.number, 'type', a.type, 'status', a.status,
        'holder_id', a.holder_id, 'linked_account_id', a.linked_account_id)
    INTO v_sender FROM identity.account a WHERE a.id = sender;

    IF cardinality(targets) > 0 THEN
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'number', a.number,
            'type', a.type, 'status', a.status, 'holder_id', a.holder_id,
            'linked_account_id', a.linked_account_id)), '[]')
        INTO v_targets FROM identity.account a WHERE a.id = ANY (targets);
    END IF;
    IF cardinality(implied) > 0 THEN
        SELECT v_targets || coalesce(jsonb_agg(jsonb_build_object('id', a.id,
            'number', a.number, 'type', a.type, 'status', a.status, 'holder_id', a.holder_id,
            'linked_account_id', a.linked_account_id)), '[]')
        INTO v_targets FROM unnest(implied) AS k (type)
        -- Order and limit keep the plan on the index: one account of a kind, not a share of all.
        CROSS JOIN LATERAL (SELECT * FROM identity.account o
            WHERE o.type = k.type AND o.status <> 'closed' ORDER BY o.id LIMIT 2) AS a;
    END IF;

    SELECT jsonb_agg(jsonb_build_object('id', i.id, 'code', i.code, 'name', i.name,
        'unit_type', i.unit_type, 'year', i.year, 'region', i.region,
        'project_type', i.project_type, 'vintage', i.vintage, 'covered_source', i.covered_source,
        'available', coalesce((
            SELECT sum(upper(b.serials) - lower(b.serials)) FROM ledger.unit_block b
            WHERE b.account_id = sender AND b.instrument_id = i.id
              AND (b.position = ANY (positions) OR b.transfer_id = held)), 0)))
    INTO v_units FROM ledger.instrument i WHERE i.code = ANY (codes);

    IF notice IS NOT NULL THEN
        SELECT jsonb_build_object('number', n.number, 'obligation', n.obligation,
            'surrendered', o.used,
            'pending', o.reserved - coalesce((SELECT d.quantity FROM ledger.transfer_ceiling d
                WHERE d.transfer_id = held AND d.ceiling_id = o.id), 0),
            'ccer_limit', c.total, 'ccer_surrendered', c.used,
            'ccer_pending', c.reserved - coalesce((SELECT d.quantity FROM ledger.transfer_ceiling d
                WHERE d.transfer_id = held AND d.ceiling_id = c.id), 0),
            'scope', n.scope, 'ccer_rule', n.ccer_rule, 'deadline', n.deadline,
            'obligation_ceiling_id', o.id, 'ccer_ceiling_id', c.id)
        INTO v_notice
        FROM compliance.notice n
        JOIN ledger.ceiling o ON o.id = n.obligation_ceiling_id
        JOIN ledger.ceiling c ON c.id = n.ccer_ceiling_id
        WHERE n.id = notice;
    END IF;
    RETURN jsonb_build_object('sender', v_sender, 'targets', v_targets,
        'units', coalesce(v_units, '[]'), 'notice', v_notice);
END $$;
