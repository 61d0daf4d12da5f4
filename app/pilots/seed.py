"""Pilot regions and rules are data: rules.toml is written into the database at migration (G18).

A rule is a version, written once. A file that changes a version already written is refused: what
was decided under it stays what it was.
"""

import json
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from app.domain.pilot_rule import PilotRule

APART = frozenset({"version", "valid_from", "valid_to", "verified", "source"})


class ChangedRule(ValueError):
    """A version of a pilot's rule differs from what is written; add a new version instead."""


def seed_pilots(cursor: Cursor, pilots: dict[str, dict[str, Any]]) -> None:
    """Insert pilots and rule versions that are not there yet; raises ChangedRule."""
    for code, given in pilots.items():
        cursor.execute(
            """INSERT INTO pilots.pilot (code, name, name_en, region)
               VALUES (%(code)s, %(name)s, %(name_en)s, %(region)s)
               ON CONFLICT (code) DO NOTHING""",
            {"code": code, **{n: given[n] for n in ("name", "name_en", "region")}},
        )
        for rule in given["rules"]:
            _seed_rule(cursor, code, given["region"], rule)


def _seed_rule(cursor: Cursor, code: str, region: str, given: dict[str, Any]) -> None:
    content = {k: v for k, v in given.items() if k not in APART}
    PilotRule.from_json(  # a rule that cannot be read is not written
        content,
        home_region=region,
        valid_from=given["valid_from"],
        valid_to=given.get("valid_to"),
    )
    row = {
        "rule": json.dumps(content, ensure_ascii=False, sort_keys=True),
        "verified": given.get("verified", False),
        "source": given.get("source", ""),
        "from": given["valid_from"],
        "to": given.get("valid_to"),
    }
    cursor.execute(
        """INSERT INTO pilots.rule (pilot_id, version, rule, verified, source, valid_from, valid_to)
           SELECT p.id, %(version)s, %(rule)s, %(verified)s, %(source)s, %(from)s, %(to)s
           FROM pilots.pilot p WHERE p.code = %(code)s
           ON CONFLICT (pilot_id, version) DO NOTHING""",
        {**row, "code": code, "version": given["version"]},
    )
    cursor.execute(
        """SELECT r.rule, r.verified, r.source, r.valid_from, r.valid_to FROM pilots.rule r
           JOIN pilots.pilot p ON p.id = r.pilot_id
           WHERE p.code = %(code)s AND r.version = %(version)s""",
        {"code": code, "version": given["version"]},
    )
    if cursor.fetchone() != tuple(row.values()):
        raise ChangedRule(
            f"version {given['version']} of pilot {code} is written already and differs;"
            " add a new version to app/pilots/rules.toml"
        )
