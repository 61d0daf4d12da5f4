"""The sums and the backing that ``registry verify`` recomputes: each query names disagreements.

Every query gives one column of plain text, one row for each fault; no row means agreement.
"""

# ruff: noqa: S608 - the queries are put together from this file's own text

from collections.abc import Mapping

RESOLVED = """
    SELECT t.id, t.type, t.reverses_id, r.id AS reserved_id, e.id AS resolved_id,
           e.kind AS outcome
    FROM ledger.transfer t
    LEFT JOIN ledger.transfer_event r ON r.transfer_id = t.id AND r.kind = 'reserved'
    LEFT JOIN ledger.transfer_event e ON e.transfer_id = t.id AND e.kind <> 'reserved'"""

EVENT_TONNES = """
    SELECT event_id, sum(upper(serials) - lower(serials))::bigint AS tonnes
    FROM ledger.entry GROUP BY event_id"""

# A transfer with a kind that reserves has a reservation; every event moves all of its lines.
LINES = f"""
SELECT format('transfer %s: lines say %s t, the %s event moved %s t', l.transfer_id, l.tonnes,
              v.kind, coalesce(e.tonnes, 0))
FROM (SELECT transfer_id, sum(quantity)::bigint AS tonnes FROM ledger.transfer_line
      GROUP BY transfer_id) l
JOIN ledger.transfer_event v ON v.transfer_id = l.transfer_id
LEFT JOIN ({EVENT_TONNES}) e ON e.event_id = v.id
WHERE coalesce(e.tonnes, 0) <> l.tonnes
UNION ALL
SELECT format('transfer %s has no lines', t.id) FROM ledger.transfer t
WHERE NOT EXISTS (SELECT FROM ledger.transfer_line l WHERE l.transfer_id = t.id)
UNION ALL
SELECT format('transfer %s has no event', t.id) FROM ledger.transfer t
WHERE NOT EXISTS (SELECT FROM ledger.transfer_event v WHERE v.transfer_id = t.id)
UNION ALL
SELECT format('%s rows of entry for event %s, which does not exist', count(*), e.event_id)
FROM ledger.entry e
WHERE NOT EXISTS (SELECT FROM ledger.transfer_event v WHERE v.id = e.event_id)
GROUP BY e.event_id"""

RESOLUTION = """
SELECT format('transfer %s was resolved %s times', transfer_id, count(*))
FROM ledger.transfer_event WHERE kind <> 'reserved' GROUP BY transfer_id HAVING count(*) > 1
UNION ALL
SELECT format('transfer %s was reversed %s times', reverses_id, count(*))
FROM ledger.transfer WHERE reverses_id IS NOT NULL GROUP BY reverses_id HAVING count(*) > 1"""

OPEN = f"""
SELECT format('transfer %s is %s: %s t of its lines, %s t held for it', coalesce(t.id, b.id),
              coalesce(t.outcome, CASE WHEN t.id IS NULL THEN 'unknown' ELSE 'open' END),
              coalesce(t.tonnes, 0), coalesce(b.tonnes, 0))
FROM (SELECT r.id, r.outcome, sum(l.quantity)::bigint AS tonnes
      FROM ({RESOLVED}) r JOIN ledger.transfer_line l ON l.transfer_id = r.id
      GROUP BY r.id, r.outcome) t
FULL JOIN (SELECT transfer_id AS id, sum(upper(serials) - lower(serials))::bigint AS tonnes
           FROM ledger.unit_block WHERE transfer_id IS NOT NULL GROUP BY transfer_id) b
    ON b.id = t.id
WHERE coalesce(b.tonnes, 0) <> CASE WHEN t.outcome IS NULL THEN coalesce(t.tonnes, 0) ELSE 0 END"""

CEILINGS = f"""
SELECT format('ceiling %s says %s t reserved, %s t used; its transfers say %s and %s', c.code,
              c.reserved, c.used, coalesce(d.reserved, 0), coalesce(d.used, 0))
FROM ledger.ceiling c
LEFT JOIN (
    SELECT k.ceiling_id,
           coalesce(sum(k.quantity) FILTER (WHERE r.outcome IS NULL), 0)::bigint AS reserved,
           coalesce(sum(k.quantity) FILTER (WHERE r.outcome = 'posted' AND x.id IS NULL),
                    0)::bigint AS used
    FROM ledger.transfer_ceiling k JOIN ({RESOLVED}) r ON r.id = k.transfer_id
    LEFT JOIN ledger.transfer x ON x.reverses_id = r.id
    GROUP BY k.ceiling_id) d ON d.ceiling_id = c.id
WHERE c.reserved <> coalesce(d.reserved, 0) OR c.used <> coalesce(d.used, 0)
   OR c.reserved + c.used > c.total OR c.reserved < 0 OR c.used < 0"""

LOTS = f"""
SELECT format('custody lot %s: %s t put in, %s t reserved, %s t returned, %s t lie there;'
              ' the journal says %s, %s and %s', c.id, c.quantity, c.reserved, c.returned,
              coalesce(b.tonnes, 0), coalesce(o.quantity, 0), coalesce(d.reserved, 0),
              coalesce(d.returned, 0))
FROM ledger.custody_lot c
LEFT JOIN ledger.transfer_line o ON o.transfer_id = c.transfer_id AND o.no = c.line_no
LEFT JOIN (SELECT custody_lot_id, sum(upper(serials) - lower(serials))::bigint AS tonnes
           FROM ledger.unit_block WHERE custody_lot_id IS NOT NULL
           GROUP BY custody_lot_id) b ON b.custody_lot_id = c.id
LEFT JOIN (SELECT l.custody_lot_id,
                  coalesce(sum(l.quantity) FILTER (WHERE r.outcome IS NULL), 0) AS reserved,
                  coalesce(sum(l.quantity) FILTER (WHERE r.outcome = 'posted'), 0) AS returned
           FROM ledger.transfer_line l JOIN ({RESOLVED}) r ON r.id = l.transfer_id
           WHERE l.custody_lot_id IS NOT NULL GROUP BY l.custody_lot_id) d
    ON d.custody_lot_id = c.id
WHERE c.quantity IS DISTINCT FROM o.quantity OR c.reserved <> coalesce(d.reserved, 0)
   OR c.returned <> coalesce(d.returned, 0)
   OR coalesce(b.tonnes, 0) <> c.quantity - c.returned"""

# Every issue is an entry that came from nowhere, and every such entry is an issue.
ISSUES = """
SELECT format('issue %s has no entry', i.serials) FROM ledger.issue i
WHERE NOT EXISTS (SELECT FROM ledger.transfer_event v JOIN ledger.entry e ON e.event_id = v.id
                  WHERE v.transfer_id = i.transfer_id AND v.kind = 'posted'
                    AND e.from_position IS NULL AND e.serials = i.serials
                    AND e.instrument_id = i.instrument_id)
UNION ALL
SELECT format('entry %s.%s created %s without an issue', e.event_id, e.no, e.serials)
FROM ledger.entry e
WHERE e.from_position IS NULL AND NOT EXISTS (
    SELECT FROM ledger.issue i WHERE i.serials = e.serials AND i.instrument_id = e.instrument_id)"""

# A posted transfer stands on the decision that posted it, by the person and in the role that the
# journal names, in the application it was reserved for; without an approver, on the one that
# submitted it; a direct transfer or a reversal stands on its order.
BACKING = """
SELECT format('transfer %s (%s) was posted without a decision or an order', t.id, t.type)
FROM ledger.transfer_event v
JOIN ledger.transfer t ON t.id = v.transfer_id
LEFT JOIN ledger.transaction_type k ON k.code = t.type
LEFT JOIN ledger.transfer_event r ON r.transfer_id = t.id AND r.kind = 'reserved'
LEFT JOIN ledger.direct_order o ON o.transfer_id = t.id
WHERE v.kind = 'posted' AND CASE
    WHEN r.id IS NULL THEN
        o.transfer_id IS NULL OR (k.approver IS NOT NULL AND o.approver_person_id IS NULL)
    WHEN k.approver IS NULL THEN NOT EXISTS (
        SELECT FROM workflow.decision d WHERE d.id IN (v.decision_id, r.decision_id))
    ELSE v.person_id IS NOT DISTINCT FROM t.person_id OR NOT EXISTS (
        SELECT FROM workflow.decision d WHERE d.id = v.decision_id
          AND d.person_id = v.person_id AND d.role = v.role
          AND d.instance_id = coalesce(t.instance_id, d.instance_id))
    END"""

# R5, R10: a notice's two ceilings are its obligation and its CCER limit, and whatever was applied
# for under a notice drew on them.
NOTICES = """
SELECT format('notice %s: obligation %s t, its ceilings say %s t and %s t', n.number,
              n.obligation, o.total, c.total)
FROM compliance.notice n
LEFT JOIN ledger.ceiling o ON o.id = n.obligation_ceiling_id
LEFT JOIN ledger.ceiling c ON c.id = n.ccer_ceiling_id
WHERE o.total IS DISTINCT FROM n.obligation
   OR c.total IS DISTINCT FROM
      trunc(coalesce(n.ccer_rule::json->>'rate', '0.05')::numeric * n.obligation)
UNION ALL
SELECT format('transfer %s moves %s t for notice %s and drew %s t on its obligation', t.id,
              l.tonnes, n.number, coalesce(k.quantity, 0))
FROM ledger.transfer t
JOIN workflow.instance i ON i.id = t.instance_id AND i.subject_kind = 'notice'
JOIN compliance.notice n ON n.id = i.subject_id
JOIN (SELECT transfer_id, sum(quantity)::bigint AS tonnes FROM ledger.transfer_line
      GROUP BY transfer_id) l ON l.transfer_id = t.id
LEFT JOIN ledger.transfer_ceiling k
    ON k.transfer_id = t.id AND k.ceiling_id = n.obligation_ceiling_id
WHERE k.quantity IS DISTINCT FROM l.tonnes"""

# R14, R15: a link stands on a decision of the registry in an application of its depositor, and what
# came out of custody went to holders that were linked with the depositor then.
LINKS = """
SELECT format('link %s of custody stands on no decision of the registry', k.id)
FROM ledger.custody_link k
WHERE NOT EXISTS (SELECT FROM workflow.decision d
                  LEFT JOIN workflow.instance i ON i.id = d.instance_id
                  WHERE d.id = k.decision_id AND d.person_id = k.person_id
                    AND d.role = 'registry_operator'
                    AND d.instance_id = coalesce(k.instance_id, d.instance_id)
                    AND coalesce(i.applicant_id, k.depositor_id) = k.depositor_id)
UNION ALL
SELECT format('transfer %s returned units to holder %s, which was not linked', v.transfer_id,
              r.holder_id)
FROM ledger.transfer_event v
JOIN ledger.transfer_line l ON l.transfer_id = v.transfer_id AND l.custody_lot_id IS NOT NULL
JOIN ledger.custody_lot c ON c.id = l.custody_lot_id
JOIN identity.account o ON o.id = c.depositor_account_id
JOIN identity.account r ON r.id = l.to_account_id
WHERE v.kind = 'posted' AND NOT EXISTS (
    SELECT FROM ledger.custody_link k
    LEFT JOIN ledger.custody_link_end e ON e.link_id = k.id
    WHERE k.depositor_id = o.holder_id AND k.recipient_id = r.holder_id
      AND k.at <= v.at AND coalesce(e.at, 'infinity') >= v.at)"""

# G17: a claim on another registry's reductions is issued once, stands on a decision of the
# registry, never backs two claims at once, and its units lie where they may; they are surrendered
# on the approver's decision and the record of their cancellation there.
EXTERNAL = """
SELECT format('claim %s: %s t confirmed, %s t issued, numbers for %s t', i.code, c.quantity,
              coalesce(s.tonnes, 0), coalesce(r.tonnes, 0))
FROM ledger.instrument i
LEFT JOIN ledger.external_claim c ON c.instrument_id = i.id
LEFT JOIN (SELECT instrument_id, sum(upper(serials) - lower(serials))::bigint AS tonnes
           FROM ledger.issue GROUP BY 1) s ON s.instrument_id = i.id
LEFT JOIN (SELECT instrument_id, sum(upper(numbers) - lower(numbers))::bigint AS tonnes
           FROM ledger.external_range GROUP BY 1) r ON r.instrument_id = i.id
WHERE i.unit_type = 'external_ccer'
  AND (c.quantity IS DISTINCT FROM s.tonnes OR c.quantity IS DISTINCT FROM r.tonnes)
UNION ALL
SELECT format('claim of instrument %s stands on no decision of the registry', c.instrument_id)
FROM ledger.external_claim c
WHERE NOT EXISTS (SELECT FROM workflow.decision d WHERE d.id = c.decision_id
                  AND d.instance_id = c.instance_id AND d.person_id = c.person_id
                  AND d.role = 'registry_operator')
UNION ALL
SELECT format('claim of instrument %s: number %s backs claim %s too', c.instrument_id, t.numbers,
              t.code)
FROM ledger.external_claim c, LATERAL ledger.external_taken(c.instrument_id) t
UNION ALL
SELECT format('claim of instrument %s: serials %s lie in account %s', c.instrument_id, b.serials,
              b.account_id)
FROM ledger.external_claim c
JOIN ledger.unit_block b ON b.instrument_id = c.instrument_id
LEFT JOIN identity.account a ON a.id = b.account_id
WHERE b.account_id <> c.account_id
  AND coalesce(a.type, '') NOT IN ('ccer_offset', 'external_release')
UNION ALL
SELECT format('transfer %s surrendered external reductions that nobody cancelled there', t.id)
FROM ledger.transfer t
JOIN ledger.transaction_type k ON k.code = t.type
JOIN ledger.transfer_event v ON v.transfer_id = t.id AND v.kind = 'posted'
WHERE EXISTS (SELECT FROM ledger.transfer_line l
              JOIN ledger.external_claim c ON c.instrument_id = l.instrument_id
              JOIN identity.account a ON a.id = l.to_account_id AND a.type = 'ccer_offset'
              WHERE l.transfer_id = t.id)
  AND NOT EXISTS (SELECT FROM ledger.external_cancellation x
                  JOIN workflow.decision d ON d.id = x.approval_id AND d.role = k.approver
                      AND d.instance_id = t.instance_id
                  WHERE x.transfer_id = t.id AND x.decision_id = v.decision_id)"""

POSITIONS = """
SELECT format('block %s: account %s of type %s in position %s', b.serials, b.account_id,
              coalesce(a.type, 'unknown'), b.position)
FROM ledger.unit_block b
LEFT JOIN identity.account a ON a.id = b.account_id
WHERE NOT EXISTS (SELECT FROM identity.account_type_position p
                  WHERE p.account_type = a.type AND p.position = b.position)"""

# The guards themselves: a trigger or a constraint that somebody took away or switched off.
GUARDS = """
SELECT format('trigger %s on %s is switched off', t.tgname, t.tgrelid::regclass)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A'
UNION ALL
SELECT format('the guard %s is missing', g.name)
FROM (VALUES ('unit_held_once', 'ledger.unit_block'), ('issue_no_overlap', 'ledger.issue'),
             ('ceiling_not_exceeded', 'ledger.ceiling'),
             ('custody_lot_remaining', 'ledger.custody_lot')) AS g(name, of_table)
WHERE NOT EXISTS (SELECT FROM pg_constraint c
                  WHERE c.conname = g.name AND c.conrelid = to_regclass(g.of_table))
UNION ALL
SELECT format('the guard %s on %s is missing', g.name, g.of_table)
FROM (VALUES ('block_place', 'unit_block'), ('block_origin', 'unit_block'),
             ('block_grown', 'unit_block'), ('block_deleted', 'unit_block'),
             ('block_shrunk', 'unit_block'), ('block_table', 'unit_block'),
             ('issue_covered', 'issue'), ('append_only_row', 'transfer'),
             ('append_only_table', 'transfer'), ('append_only_row', 'transfer_line'),
             ('append_only_table', 'transfer_line'), ('append_only_row', 'transfer_event'),
             ('append_only_table', 'transfer_event'), ('append_only_row', 'entry'),
             ('append_only_table', 'entry'), ('append_only_row', 'issue'),
             ('append_only_table', 'issue'), ('append_only_row', 'direct_order'),
             ('append_only_table', 'direct_order'), ('append_only_row', 'transfer_ceiling'),
             ('append_only_table', 'transfer_ceiling'), ('issue_claimed', 'issue'),
             ('append_only_row', 'custody_link'), ('append_only_table', 'custody_link'),
             ('append_only_row', 'custody_link_end'), ('append_only_table', 'custody_link_end'),
             ('append_only_row', 'external_claim'), ('append_only_table', 'external_claim'),
             ('append_only_row', 'external_range'), ('append_only_table', 'external_range'),
             ('append_only_row', 'external_cancellation'),
             ('append_only_table', 'external_cancellation')) AS g(name, of_table)
WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgname = g.name
                  AND t.tgrelid = to_regclass('ledger.' || g.of_table))"""

# What was decided on is what is hashed: a leaf is SHA-256(0x00 || stored bytes).
LEAVES = r"""
SELECT format('decision %s: its leaf is not the hash of its document', d.id)
FROM workflow.decision d WHERE d.leaf <> sha256('\x00'::bytea || d.document)"""

AUDITS: Mapping[str, str] = {
    "lines and entries": LINES,
    "resolved more than once": RESOLUTION,
    "reservations": OPEN,
    "ceilings": CEILINGS,
    "notices": NOTICES,
    "custody lots": LOTS,
    "custody links": LINKS,
    "issues": ISSUES,
    "external reductions": EXTERNAL,
    "backing": BACKING,
    "positions": POSITIONS,
    "guards": GUARDS,
    "decisions": LEAVES,
}
