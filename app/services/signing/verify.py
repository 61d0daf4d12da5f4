"""Every decision of an account that asks for one has a signature that stands (R23, W10).

Recomputed from what is stored, in one read-only snapshot, a batch at a time: the signature itself,
its chain as of the decision by the anchors and lists of that time, and the signed document against
what the registry would have written for this very decision. Who must not be believed here, such as
an authority of a demonstration in production, is not.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import NotFound
from app.evidence import documents
from app.evidence.reasons import Rejected
from app.evidence.verify import Verified
from app.ledger.verify import SNAPSHOT, Report
from app.services.context import Context
from app.services.definitions import definition_of
from app.services.signing import audits
from app.services.signing.believed import Believed
from app.services.signing.recorded import RECORDED, Recorded, differing

BATCH = 500
UNSIGNED, UNLIKE = "decisions without a signature", "decisions rewritten"
WRONG, OTHER = "signatures that do not stand", "signatures over something else"
STRANGER = "signatures of another person"
TABLES = (
    "anchor",
    "anchor_end",
    "crl",
    "certificate",
    "certificate_end",
    "signature",
    "beginning",
)
GUARDS = """
SELECT format('trigger %%s of %%s is gone or switched off', g.name, g.of_table)
FROM unnest(%(names)s::text[], %(tables)s::text[]) AS g (name, of_table)
WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgname = g.name AND t.tgenabled = 'A'
                  AND t.tgrelid = to_regclass(g.of_table))"""


@dataclass(slots=True)
class Counted:
    """How many decisions of people there are, and how many of them are signed."""

    decisions: int = 0
    signed: int = 0
    before: int = 0  # taken before anybody signed


def compare(ctx: Context, report: Report) -> None:
    """Add to a report what is wrong with signatures; changes nothing."""
    with ctx.database.transaction() as tx:
        tx.run(SNAPSHOT)
        counted = _decisions(ctx, tx, report)
        only_here = audits.IN_PRODUCTION if ctx.settings.production else {}
        for kind, sql in (*audits.EVERYWHERE.items(), *only_here.items()):
            for (text,) in tx.all(sql):
                report.add(kind, text)
        for (text,) in tx.all(GUARDS, _guards()):
            report.add("guards", text)
    report.also.append(f"{counted.decisions} decisions, {counted.signed} signed")
    if counted.before:
        report.also.append(f"{counted.before} decisions from before decisions were signed")


def _decisions(ctx: Context, tx: Transaction, report: Report) -> Counted:
    believed = Believed(tx, software=ctx.settings.software_signer)
    first = tx.one("SELECT coalesce(max(last_unsigned), 0) FROM trust.beginning") or (0,)
    counted = Counted()
    for batch in tx.batches(RECORDED, size=BATCH):
        for row in batch:
            found = Recorded(row)
            counted.decisions += 1
            if row["cms"] is not None:
                counted.signed += 1
            elif row["id"] <= first[0]:
                counted.before += 1
            for kind, text in _faults(tx, believed, found, first[0]):
                report.add(kind, f"{found}: {text}")
    return counted


def _faults(
    tx: Transaction, believed: Believed, found: Recorded, last_unsigned: int
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with one decision, each with its kind."""
    yield from _misplaced(tx, found)
    if found.row["cms"] is None:
        if "signed" in found.document:
            yield UNSIGNED, "its document names a signature that is not there"
        elif found.asks and found.row["id"] > last_unsigned:
            yield UNSIGNED, f"its account asks for one ({found.row['signature_policy']})"
        return
    unlike = found.unlike()
    if unlike:
        yield UNLIKE, f"its row and its document differ: {', '.join(unlike)}"
    if found.document.get("signed") != hashlib.sha256(found.signed).hexdigest():
        yield OTHER, "the signed document is not the one that the decision names"
    try:
        yield from _content(tx, found)
        standing = believed.verified(
            found.signed, bytes(found.row["cms"]), found.row["crl_ids"], found.at
        )
    except Rejected as why:
        yield WRONG, why.en
        return
    yield from _person(found, standing)


def _misplaced(tx: Transaction, found: Recorded) -> Iterator[tuple[str, str]]:
    """Name a task that was not completed but decided otherwise: unsigned, where that is allowed."""
    row = found.row
    if row["kind"] != "trigger":
        return
    try:
        sent = definition_of(tx, row["bundle_hash"]).triggers.get(row["element_id"])
    except NotFound:
        sent = None
    if sent is None or sent.name != row["verdict"]:
        yield UNLIKE, f"{row['element_id']} is no event that a party sends"


def _content(tx: Transaction, found: Recorded) -> Iterator[tuple[str, str]]:
    """Hold the signed document against the record; raises Rejected for one that cannot be read."""
    given = documents.read(found.signed)
    if given.type != documents.DECISION:
        yield OTHER, f"a document of type {given.type}"
        return
    try:
        unlike = differing(given.fields, found.wanted(tx, given.fields))
    except (KeyError, TypeError, ValueError, NotFound) as error:
        yield UNLIKE, f"what was signed for it cannot be written again ({error!r:.200})"
        return
    if given.nonce != bytes(found.row["nonce"]).hex():
        unlike.append("nonce")
    if found.row["signed_at"] != found.at or found.at < given.issued:
        unlike.append("time")
    if unlike:
        yield OTHER, f"the signed document and the record differ: {', '.join(unlike)}"


def _person(found: Recorded, standing: Verified) -> Iterator[tuple[str, str]]:
    """Hold the certificate against whom it was bound to, and until when."""
    row = found.row
    ended: datetime | None = row["ended_at"]
    if row["fingerprint"] is None or bytes(row["fingerprint"]) != standing.fingerprint:
        yield STRANGER, "it was not made with the certificate on record"
    if row["certified"] != row["person_id"] or standing.serial_number != row["member_no"]:
        yield STRANGER, f"the certificate names member {standing.serial_number}"
    if ended is not None and ended <= found.at:
        yield WRONG, "the certificate had been ended before"


def _guards() -> dict[str, list[str]]:
    """Return the triggers without which the database would take what it must refuse."""
    pairs = [("guard_decision", "workflow.decision"), ("guard_signature", "trust.signature")]
    for table in TABLES:
        pairs += [(f"append_only_{what}", f"trust.{table}") for what in ("row", "table")]
    return {"names": [name for name, _ in pairs], "tables": [table for _, table in pairs]}
