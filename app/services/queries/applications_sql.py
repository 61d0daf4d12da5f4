"""The SQL of a list of applications: the rules that narrow it, and what a row shows."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.domain.clock import day_begins
from app.identity.actor import Actor
from app.services.inbox import like_escaped
from app.services.queries.narrowed import Narrowed
from app.services.standing import STANDING

# Whose applications: one's own; those in which one's organisation has part; any.
OWN = "i.applicant_id = %(holder)s AND i.version > 0"
PARTY = """i.id IN (SELECT y.instance_id FROM workflow.party y
    WHERE y.holder_id = %(holder)s) AND i.version > 0"""
ALL = "i.version > 0"

NUMBER = re.compile(r"[A-Z]{1,8}-[0-9]{4}-[0-9]{7,}")
BEGUN = re.compile(r"[A-Z]{1,8}-[0-9]{0,4}(-[0-9]{0,6})?")

ROWS = """SELECT i.id, i.number, i.process_id, i.bundle_hash, i.status, i.outcome, i.version,
    i.quantity, i.ccer_quantity, i.created_at, i.submitted_at, i.ended_at, i.late,
    i.applicant_id, i.stuck, i.content, b.name AS process, b.name_en AS process_en,
    h.name AS holder, h.name_en AS holder_en, h.code AS holder_code, n.number AS notice_number,
    (SELECT count(*) FROM workflow.decision d
     WHERE d.instance_id = i.id AND d.verdict = 'return') AS returns, {standing}
FROM {source} i JOIN workflow.bundle b ON b.hash = i.bundle_hash
JOIN identity.holder h ON h.id = i.applicant_id
LEFT JOIN compliance.notice n ON i.subject_kind = 'notice' AND n.id = i.subject_id"""


def rules_of(scope: str, narrowed: Narrowed, processes: Sequence[str]) -> str:
    """Return the WHERE of a list, made of constants; the values are parameters."""
    rules = [scope]
    if processes:
        rules.append("i.process_id = ANY (%(processes)s)")
    if narrowed.search:
        rules.append(_search(narrowed.search))
    if narrowed.status in {"open", "ended"}:
        rules.append("i.status = %(status)s")
    if narrowed.since:
        rules.append("i.submitted_at >= %(since)s")
    if narrowed.until:
        rules.append("i.submitted_at < %(until)s")
    return " AND ".join(rules)


def params_of(actor: Actor, narrowed: Narrowed, processes: Sequence[str]) -> dict[str, Any]:
    """Return the values that the rules name; the last day wanted is wanted to its end."""
    since, until = narrowed.since, narrowed.until
    return {
        "holder": actor.holder_id,
        "processes": list(processes),
        "status": narrowed.status,
        "search": narrowed.search,
        "number": narrowed.search.upper(),
        "begins": like_escaped(narrowed.search.upper()) + "%",
        "like": "%" + like_escaped(narrowed.search) + "%",
        "since": day_begins(since) if since else None,
        "until": day_begins(until + timedelta(days=1)) if until else None,
    }


def page(rules: str, place: str, order: str, limit: int) -> str:
    """Return the query of one page: which applications first, then what is told of each."""
    source = f"""WITH page AS MATERIALIZED (
        SELECT i.* FROM workflow.instance i WHERE {rules} AND {place}
        ORDER BY {order} LIMIT {limit})"""  # noqa: S608 - made of constants
    return f"{source}\n{ROWS.format(standing=STANDING, source='page')}\nORDER BY {order}"


def everything(rules: str, order: str) -> str:
    """Return the query of the whole list, for an export."""
    rows = ROWS.format(standing=STANDING, source="workflow.instance")
    return f"{rows}\nWHERE {rules} ORDER BY {order}"


def count(rules: str, most: int) -> str:
    """Return the query of how many there are, counted no further than ``most``."""
    counted = f"SELECT FROM workflow.instance i WHERE {rules} LIMIT {most}"
    return f"SELECT count(*) FROM ({counted}) AS found"  # noqa: S608 - made of constants


def _search(text: str) -> str:
    """Return the rule for a text: a number, the beginning of one, or whose application it is.

    Whole numbers and holders are found by their indexes, also among a million applications.
    """
    if NUMBER.fullmatch(text.upper()):
        return "i.number = %(number)s"
    if BEGUN.fullmatch(text.upper()):
        return "i.number LIKE %(begins)s"
    return """i.applicant_id IN (SELECT s.id FROM identity.holder s
        WHERE s.name ILIKE %(like)s OR s.name_en ILIKE %(like)s OR s.code = %(search)s
        UNION SELECT a.holder_id FROM identity.person p
        JOIN identity.mandate m ON m.person_id = p.id
        JOIN identity.account a ON a.id = m.account_id WHERE p.member_no = %(search)s)"""
