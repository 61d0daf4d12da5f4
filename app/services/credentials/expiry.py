"""Certificates that run out are told to their person: once 30 days, once 7 days before (M2)."""

from app.services.context import Context
from app.services.credentials.telling import tell_expiring

THRESHOLDS = (7, 30)  # days; who comes late to the first is told of the nearer one alone

# Who has the next one already is not told.
_DUE = """
    SELECT c.id, soon.days FROM trust.certificate c
    JOIN identity.person p ON p.id = c.person_id AND p.closed_at IS NULL
    CROSS JOIN LATERAL (
        SELECT min(t.days) AS days FROM unnest(%(thresholds)s::integer[]) AS t (days)
        WHERE c.not_after <= %(now)s::timestamptz + make_interval(days => t.days)) soon
    WHERE c.not_after > %(now)s
      AND c.not_after <= %(now)s::timestamptz + make_interval(days => %(first)s)
      AND NOT EXISTS (SELECT FROM trust.certificate_end e WHERE e.certificate_id = c.id)
      AND NOT EXISTS (SELECT FROM trust.expiry_reminder r
                      WHERE r.certificate_id = c.id AND r.days <= soon.days)
      AND NOT EXISTS (SELECT FROM trust.certificate n WHERE n.person_id = c.person_id
                      AND n.not_after > c.not_after AND NOT EXISTS (
                          SELECT FROM trust.certificate_end e WHERE e.certificate_id = n.id))
    ORDER BY c.not_after, c.id LIMIT 1"""


def remind_one(ctx: Context) -> bool:
    """Tell one person that their certificate runs out; False when nobody is to be told."""
    at = ctx.clock.now()
    values = {"now": at, "thresholds": list(THRESHOLDS), "first": max(THRESHOLDS)}
    with ctx.database.transaction() as tx:
        due = tx.one(_DUE, values)
        if due is None:
            return False
        mine = tx.run(
            """INSERT INTO trust.expiry_reminder (certificate_id, days, at)
               VALUES (%(certificate)s, %(days)s, %(at)s) ON CONFLICT DO NOTHING""",
            {"certificate": due[0], "days": due[1], "at": at},
        )
        if mine:  # else another worker was quicker and tells them
            tell_expiring(ctx, tx, due[0], at)
    return True
