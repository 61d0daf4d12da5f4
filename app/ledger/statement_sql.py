"""The SQL of a registry or trading ledger: which rows are shown, what they did, the balances.

A row is one event and one instrument. Events are in the order of their ids, which is the order in
which units can have moved; the date of a row is the event's own.
"""

# Walks along the indexes (account, event) of both sides, so that a page of a long journal costs
# what its own rows cost.
SHOWN = """
SELECT event_id, instrument_id
FROM unnest(%(accounts)s::bigint[]) AS account CROSS JOIN LATERAL (
    (SELECT DISTINCT e.event_id, e.instrument_id FROM ledger.entry e {dated}
     WHERE e.to_account_id = account {window} {walk})
    UNION ALL
    (SELECT DISTINCT e.event_id, e.instrument_id FROM ledger.entry e {dated}
     WHERE e.from_account_id = account AND e.from_account_id <> e.to_account_id {window} {walk})
) AS touched
GROUP BY 1, 2 {walk}"""

DATED = "JOIN ledger.transfer_event d ON d.id = e.event_id"
SINCE = "AND d.at >= %(since)s"
UNTIL = "AND d.at < %(until)s"
OF_INSTRUMENT = "AND e.instrument_id = %(instrument)s"
AFTER = "AND (e.event_id, e.instrument_id) {sign} (%(event)s, %(at_instrument)s)"

# The newest row's balance is what the blocks hold; each older row's is that, less all that newer
# ones did. Read oldest first it is the sum of all changes so far, which comes to the same.
STATEMENT = """
WITH shown AS MATERIALIZED ({shown}
), touched AS (
    SELECT e.event_id, e.instrument_id, upper(e.serials) - lower(e.serials) AS q,
           (e.from_account_id = ANY (%(accounts)s))::int AS out, 1 AS inward,
           (e.to_position = %(free)s)::int AS free_in,
           (e.from_account_id = ANY (%(accounts)s)
            AND e.from_position IS NOT DISTINCT FROM %(free)s)::int AS free_out
    FROM ledger.entry e
    WHERE e.to_account_id = ANY (%(accounts)s) {reach}
    UNION ALL
    SELECT e.event_id, e.instrument_id, upper(e.serials) - lower(e.serials), 1, 0, 0,
           (e.from_position IS NOT DISTINCT FROM %(free)s)::int
    FROM ledger.entry e
    WHERE e.from_account_id = ANY (%(accounts)s) AND e.from_account_id <> e.to_account_id
      AND e.to_account_id <> ALL (%(accounts)s) {reach}
), did AS (
    SELECT event_id, instrument_id, sum(q * (inward - out))::bigint AS change,
           sum(q * (free_in - free_out))::bigint AS free_change
    FROM touched GROUP BY 1, 2
), running AS (
    SELECT *, sum(change) OVER so_far AS changes, sum(free_change) OVER so_far AS free_changes
    FROM did WINDOW so_far AS
        (PARTITION BY instrument_id ORDER BY event_id {direction} ROWS UNBOUNDED PRECEDING)
), held AS (
    SELECT b.instrument_id, sum(upper(b.serials) - lower(b.serials)) AS q,
           coalesce(sum(upper(b.serials) - lower(b.serials))
                    FILTER (WHERE b.position = %(free)s), 0) AS free
    FROM ledger.unit_block b WHERE b.account_id = ANY (%(accounts)s) GROUP BY 1
), moved AS (
    SELECT e.event_id, e.instrument_id, min(e.from_account_id) AS from_account,
           count(DISTINCT e.from_account_id) AS senders, min(e.to_account_id) AS to_account,
           count(DISTINCT e.to_account_id) AS receivers, min(e.from_position) AS from_position,
           min(e.to_position) AS to_position,
           sum(upper(e.serials) - lower(e.serials))::bigint AS quantity,
           (SELECT array_agg(ARRAY[lower(x), upper(x) - 1] ORDER BY x)
            FROM unnest(range_agg(e.serials)) AS x) AS ranges
    FROM shown s
    JOIN ledger.entry e ON e.event_id = s.event_id AND e.instrument_id = s.instrument_id
    WHERE e.to_account_id = ANY (%(accounts)s) OR e.from_account_id = ANY (%(accounts)s)
    GROUP BY 1, 2
)
SELECT m.event_id, m.instrument_id, i.code, i.name, i.name_en, v.at, v.kind, t.id AS transfer_id,
       t.type, k.name AS type_name, k.name_en AS type_name_en, t.reason, t.instance_id,
       coalesce(w.document_number, '') AS document,
       CASE m.senders WHEN 1 THEN f.number ELSE '×' || m.senders END AS from_account,
       CASE m.receivers WHEN 1 THEN o.number ELSE '×' || m.receivers END AS to_account,
       m.from_position, m.to_position, m.quantity, r.change, r.free_change, m.ranges,
       {balance}
FROM moved m
JOIN running r ON r.event_id = m.event_id AND r.instrument_id = m.instrument_id
LEFT JOIN held h ON h.instrument_id = m.instrument_id
JOIN ledger.transfer_event v ON v.id = m.event_id
JOIN ledger.transfer t ON t.id = v.transfer_id
JOIN ledger.transaction_type k ON k.code = t.type
JOIN ledger.instrument i ON i.id = m.instrument_id
JOIN identity.account f ON f.id = m.from_account
JOIN identity.account o ON o.id = m.to_account
LEFT JOIN ledger.direct_order w ON w.transfer_id = t.id
ORDER BY m.event_id {direction}, m.instrument_id {direction}"""

COUNTED_BACK = """(coalesce(h.q, 0) - r.changes + r.change)::bigint AS balance,
       (coalesce(h.free, 0) - r.free_changes + r.free_change)::bigint AS free"""
COUNTED_UP = "r.changes::bigint AS balance, r.free_changes::bigint AS free"
NEWER = "AND e.event_id >= (SELECT min(event_id) FROM shown)"
OLDER = "AND e.event_id <= (SELECT max(event_id) FROM shown)"
