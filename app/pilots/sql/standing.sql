-- What the checks 31xx compare for an enterprise and a compliance year: the rule that governs the
-- year, the uploaded base, and what is cancelled or pending already (all, and of the home region).
-- What the application itself holds (`held`) does not count, so that the checks can run again.
CREATE OR REPLACE FUNCTION pilots.standing(pilot bigint, year integer, holder bigint, held bigint)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH own AS (
        SELECT l.quantity, i.region = p.region AS home,
               EXISTS (SELECT FROM ledger.transfer_event e
                       WHERE e.transfer_id = t.id AND e.kind = 'posted') AS posted
        FROM workflow.instance x
        JOIN pilots.pilot p ON p.id = standing.pilot
        JOIN ledger.transfer t ON t.instance_id = x.id AND t.type = 'pilot_surrender'
        JOIN ledger.transfer_line l ON l.transfer_id = t.id
        JOIN ledger.instrument i ON i.id = l.instrument_id
        WHERE x.applicant_id = standing.holder AND x.subject_kind = 'pilot'
          AND x.subject_id = standing.pilot AND x.content::jsonb->>'year' = standing.year::text
          AND t.id IS DISTINCT FROM standing.held
          AND NOT EXISTS (SELECT FROM ledger.transfer_event e
                          WHERE e.transfer_id = t.id AND e.kind = 'voided'))
    SELECT jsonb_build_object('name', p.name, 'name_en', p.name_en, 'region', p.region,
        'rule', (SELECT jsonb_build_object('rule', r.rule, 'verified', r.verified,
                     'valid_from', r.valid_from, 'valid_to', r.valid_to)
                 FROM pilots.rule r
                 WHERE r.pilot_id = p.id AND r.valid_from <= make_date(standing.year, 12, 31)
                   AND (r.valid_to IS NULL OR r.valid_to >= make_date(standing.year, 12, 31))
                 ORDER BY r.version DESC LIMIT 1),
        'base', (SELECT b.quantity FROM pilots.base b
                 WHERE b.pilot_id = p.id AND b.year = standing.year
                   AND b.holder_id = standing.holder
                 ORDER BY b.id DESC LIMIT 1),
        'cancelled', coalesce((SELECT sum(quantity) FROM own WHERE posted), 0),
        'pending', coalesce((SELECT sum(quantity) FROM own WHERE NOT posted), 0),
        'home', coalesce((SELECT sum(quantity) FROM own WHERE home), 0))
    FROM pilots.pilot p WHERE p.id = standing.pilot;
$$;
