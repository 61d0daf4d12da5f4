"""A change of a certificate, held against what is so now: when handed in, and when confirmed."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.credential_changes import ENDING, LEFT, CredentialFacts, Held, Member
from app.domain.label import Label

FLOW = "credential_change"
OPERATOR = "registry_operator"


def facts_of_credential(
    tx: Transaction, instance_id: int, content: Mapping[str, Any], by: int | None, at: datetime
) -> CredentialFacts:
    """Return the snapshot of a change; ``by`` is who acts on it now, beside those before."""
    action, member_no = str(content.get("change", "")), str(content.get("member_no", ""))
    named, code = str(content.get("fingerprint", "")), str(content.get("holder", ""))
    today = local_day(at)
    member = _member(tx, member_no, today)
    certificate = _held(tx, member, named) if action in ENDING else None
    facts = CredentialFacts(
        action,
        member_no,
        named,
        code,
        member,
        own=member is not None and member.person_id in _hands(tx, instance_id, by),
        certificate=certificate,
    )
    if action != LEFT or member is None or facts.holder_id is None:
        return facts
    left = _officers_left(tx, facts.holder_id, member.person_id, today)
    return CredentialFacts(
        action, member_no, named, code, member, facts.own, certificate, officers_left=left
    )


def _member(tx: Transaction, member_no: str, today: date) -> Member | None:
    row = tx.one(
        """SELECT p.id, p.closed_at IS NOT NULL, p.email <> '', p.phone <> '',
               coalesce(h.codes, '{}'),
               concat_ws(' · ', p.name, h.names),
               concat_ws(' · ', coalesce(nullif(p.name_en, ''), p.name), h.names_en)
           FROM identity.person p CROSS JOIN LATERAL (
               SELECT jsonb_object_agg(h.code, h.id) AS codes,
                   string_agg(DISTINCT h.name, '、') AS names,
                   string_agg(DISTINCT coalesce(nullif(h.name_en, ''), h.name), ', ') AS names_en
               FROM identity.mandate m JOIN identity.account a ON a.id = m.account_id
               JOIN identity.holder h ON h.id = a.holder_id
               WHERE m.person_id = p.id AND (m.valid_to IS NULL
                   OR m.valid_to >= greatest(%(today)s, m.valid_from))) h
           WHERE p.member_no = %(member)s""",
        {"member": member_no, "today": today},
    )
    if row is None:
        return None
    ways = zip(("email", "sms"), (row[2], row[3]), strict=True)
    reachable = frozenset(way for way, known in ways if known)
    return Member(row[0], Label(row[5], row[6]), row[1], reachable, row[4])


def _held(tx: Transaction, member: Member | None, named: str) -> Held | None:
    """Return the member's own certificate of that fingerprint or serial number, if there is one."""
    digits = "".join(c for c in named.lower() if c in "0123456789abcdef")
    if member is None or not digits:
        return None
    row = tx.one(
        """SELECT c.id, e.certificate_id IS NOT NULL, c.not_before, c.not_after
           FROM trust.certificate c
           LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
           WHERE c.person_id = %(person)s
             AND %(named)s IN (encode(c.fingerprint, 'hex'), lower(c.serial))
           ORDER BY e.certificate_id NULLS FIRST, c.id LIMIT 1""",
        {"person": member.person_id, "named": digits},
    )
    if row is None:
        return None
    first, last = local_day(row[2]).isoformat(), local_day(row[3]).isoformat()
    said = Label(f"有效期 {first} 至 {last}", f"valid from {first} to {last}")
    return Held(row[0], said, row[1])


def _hands(tx: Transaction, instance_id: int, by: int | None) -> Collection[int | None]:
    """Return who has a hand in it: everybody who drafted or decided, and who acts now."""
    rows = tx.all(
        "SELECT person_id FROM workflow.participant WHERE instance_id = %(id)s",
        {"id": instance_id},
    )
    return {by, *(row[0] for row in rows)}


def _officers_left(tx: Transaction, holder_id: int, leaving: int, today: date) -> int | None:
    """Return how many may still decide for the registry operator; None for other holders."""
    row = tx.one(
        """SELECT count(DISTINCT m.person_id) FILTER (WHERE m.person_id <> %(leaving)s
                   AND m.rights IN ('both', 'confirm') AND p.closed_at IS NULL
                   AND m.valid_from <= %(today)s
                   AND (m.valid_to IS NULL OR m.valid_to >= %(today)s))
           FROM identity.holder h JOIN identity.account a ON a.holder_id = h.id
           LEFT JOIN identity.mandate m ON m.account_id = a.id
           LEFT JOIN identity.person p ON p.id = m.person_id
           WHERE h.id = %(holder)s AND h.role = %(role)s GROUP BY h.id""",
        {"holder": holder_id, "leaving": leaving, "role": OPERATOR, "today": today},
    )
    return int(row[0]) if row else None
