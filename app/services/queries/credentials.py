"""Who has which certificate: the registry operator's list, and the auditor's (M2, R23, G29).

A line is a certificate; who acts for somebody and has never had one has a line as well. A person
who has left is listed with their certificates, for ever.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.clock import local_day
from app.domain.errors import Forbidden
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.cursor import Pager
from app.services.inbox import like_escaped
from app.services.queries.sorting import Key, Keyset, Order, order_of

SIZE = 20
READERS = frozenset({"registry_operator", "auditor"})
SOON = timedelta(days=30)  # before its end, a certificate is listed as one that runs out
BY_MEMBER = Order("member_no")
STATES = {
    "valid": Label("有效", "Valid"),
    "expiring": Label("30 天内到期", "Runs out within 30 days"),
    "expired": Label("已到期", "Run out"),
    "ended": Label("已终止", "Ended"),
    "none": Label("无证书", "None"),
}
REASONS = {
    "lost": Label("遗失", "Lost"),
    "revoked": Label("吊销", "Revoked"),
    "compromised": Label("泄露", "Compromised"),
    "replaced": Label("更换", "Replaced"),
    "left": Label("代表离任", "Representative left"),
}
KEYS = {
    "member_no": Key("member_no", "r.member_no", str),
    "until": Key("until", "r.until", datetime),
}
IDS = (Key("person_id", "r.person_id"), Key("certificate_id", "r.certificate_id"))
# In the order of the fields of Narrowed.
RULES = (
    """(r.member_no ILIKE %(like)s OR r.name ILIKE %(like)s OR r.holders ILIKE %(like)s
        OR (%(digits)s <> '' AND (r.fingerprint LIKE %(digits)s || '%%'
            OR lower(r.serial) LIKE %(digits)s || '%%')))""",
    "r.state = %(state)s",
    "r.reason = %(reason)s",
)
_ROWS = """
    SELECT p.id AS person_id, coalesce(c.id, 0) AS certificate_id, p.member_no, p.name, p.name_en,
        p.closed_at IS NOT NULL AS closed,
        coalesce(encode(c.fingerprint, 'hex'), '') AS fingerprint,
        coalesce(c.serial, '') AS serial, coalesce(c.issuer, '') AS issuer,
        coalesce(c.software, false) AS software, c.at AS bound_at, c.not_before,
        coalesce(c.not_after, 'infinity') AS until, e.at AS ended_at,
        coalesce(e.reason, '') AS reason, i.id AS instance_id, coalesce(i.number, '') AS number,
        e.at IS NOT NULL AND e.decision_id IS NULL AS by_themselves,
        h.holders, h.holders_en,
        CASE WHEN c.id IS NULL THEN 'none' WHEN e.at IS NOT NULL THEN 'ended'
             WHEN c.not_after <= %(now)s THEN 'expired'
             WHEN c.not_after <= %(soon)s THEN 'expiring' ELSE 'valid' END AS state
    FROM identity.person p
    LEFT JOIN trust.certificate c ON c.person_id = p.id
    LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
    LEFT JOIN workflow.decision d ON d.id = e.decision_id
    LEFT JOIN workflow.instance i ON i.id = d.instance_id
    CROSS JOIN LATERAL (
        SELECT coalesce(string_agg(DISTINCT h.name, '、'), '') AS holders,
            coalesce(string_agg(DISTINCT coalesce(nullif(h.name_en, ''), h.name), ', '), '')
                AS holders_en, count(*) AS mandates
        FROM identity.mandate m JOIN identity.account a ON a.id = m.account_id
        JOIN identity.holder h ON h.id = a.holder_id
        WHERE m.person_id = p.id AND m.valid_from <= %(today)s
          AND (m.valid_to IS NULL OR m.valid_to >= %(today)s)) h
    WHERE c.id IS NOT NULL OR (p.closed_at IS NULL AND h.mandates > 0)"""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Part of a member number, name or organisation, or how a fingerprint begins; state; reason."""

    search: str = ""
    state: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate and its person; ``certificate_id`` None where the person has none.

    ``holders`` are those the person acts for today. ``instance_id`` is the change that ended it;
    ``by_themselves``: its person reported it lost.
    """

    person_id: int
    certificate_id: int | None
    member_no: str
    name: Label
    closed: bool
    holders: Label
    fingerprint: str
    serial: str
    issuer: str
    software: bool
    bound_at: datetime | None
    not_before: datetime | None
    until: datetime | None
    state: str
    ended_at: datetime | None
    reason: str
    by_themselves: bool
    instance_id: int | None
    number: str

    @property
    def can_end(self) -> bool:
        """Whether there is something to be ended."""
        return self.certificate_id is not None and self.ended_at is None


@dataclass(frozen=True)
class Credentials:
    """One page, how many there are of all, and of each state."""

    rows: tuple[Credential, ...]
    pager: Pager
    order: Order
    count: int


def listed(
    ctx: Context, actor: Actor, narrowed: Narrowed, sort: str = "", cursor: str | None = None
) -> Credentials:
    """Return a page of the list; raises Forbidden to all but the registry operator and auditors.

    Raises Invalid for a cursor that is not one of this order.
    """
    order = order_of(sort, KEYS, BY_MEMBER)
    keyset = Keyset.read(KEYS[order.key], IDS, cursor, descending=order.descending)
    params = _params(ctx, actor, narrowed)
    with ctx.database.transaction() as tx:
        page = f"{_rows(narrowed)} AND {keyset.condition} ORDER BY {keyset.order} LIMIT {SIZE + 1}"
        rows, pager = keyset.cut(tx.maps(page, params | keyset.params), SIZE)
        found = tx.one(f"SELECT count(*) FROM ({_rows(narrowed)}) AS s", params)  # noqa: S608
    return Credentials(tuple(map(_credential, rows)), pager, order, found[0] if found else 0)


def exported(
    ctx: Context, actor: Actor, narrowed: Narrowed, sort: str = ""
) -> Iterator[Credential]:
    """Yield all of them in their order; memory holds one batch. Raises Forbidden as ``listed``."""
    order = order_of(sort, KEYS, BY_MEMBER)
    keyset = Keyset.read(KEYS[order.key], IDS, None, descending=order.descending)
    params = _params(ctx, actor, narrowed)
    return _batches(ctx, f"{_rows(narrowed)} ORDER BY {keyset.order}", params)


def _batches(ctx: Context, query: str, params: dict[str, Any]) -> Iterator[Credential]:
    with ctx.database.transaction() as tx:
        for batch in tx.batches(query, params):
            yield from map(_credential, batch)


def _rows(narrowed: Narrowed) -> str:
    """Return the query of all that the filters leave; its values are parameters."""
    rules = [rule for rule, asked in zip(RULES, astuple(narrowed), strict=True) if asked]
    return f"SELECT * FROM ({_ROWS}) AS r WHERE {' AND '.join(['true', *rules])}"  # noqa: S608


def _params(ctx: Context, actor: Actor, narrowed: Narrowed) -> dict[str, Any]:
    if actor.role not in READERS:
        raise Forbidden("您的角色不能使用本页。", "Your role may not use this page.")
    now, asked = ctx.clock.now(), narrowed.search.lower().replace(":", "").replace(" ", "")
    return {
        "now": now,
        "soon": now + SOON,
        "today": local_day(now),
        "like": "%" + like_escaped(narrowed.search) + "%",
        "digits": asked if asked and set(asked) <= set("0123456789abcdef") else "",
        "state": narrowed.state,
        "reason": narrowed.reason,
    }


def _credential(row: dict[str, Any]) -> Credential:
    return Credential(
        person_id=row["person_id"],
        certificate_id=row["certificate_id"] or None,
        member_no=row["member_no"],
        name=Label(row["name"], row["name_en"] or row["name"]),
        closed=row["closed"],
        holders=Label(row["holders"], row["holders_en"]),
        fingerprint=row["fingerprint"],
        serial=row["serial"],
        issuer=row["issuer"],
        software=row["software"],
        bound_at=row["bound_at"],
        not_before=row["not_before"],
        until=row["until"] if row["certificate_id"] else None,
        state=row["state"],
        ended_at=row["ended_at"],
        reason=row["reason"],
        by_themselves=row["by_themselves"],
        instance_id=row["instance_id"],
        number=row["number"],
    )
