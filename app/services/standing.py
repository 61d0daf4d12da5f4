"""Where an application stands, in words (D17-D22): draft, with whom, returned, or how it ended.

The words for an end are the diagram's own: the name of the end event that was reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.db import Transaction
from app.domain.label import Label
from app.services.definitions import definition_of
from app.services.timeline import label_of

Tone = Literal["ok", "warn", "bad", "info", "line"]
DRAFT = Label("草稿", "Draft")
RETURNED = Label("退回", "Returned")
WITHDRAWN = Label("已撤回", "Withdrawn")
STUCK = Label("处理受阻", "Held up")

# Columns of a query over workflow.instance i: who it waits for and what happened last.
STANDING = """(SELECT t.name FROM workflow.task t WHERE t.instance_id = i.id
        ORDER BY t.id LIMIT 1) AS waits_for,
    (SELECT t.name_en FROM workflow.task t WHERE t.instance_id = i.id
        ORDER BY t.id LIMIT 1) AS waits_for_en,
    (SELECT t.holder_id FROM workflow.task t WHERE t.instance_id = i.id
        ORDER BY t.id LIMIT 1) AS waits_holder,
    (SELECT d.kind || ':' || d.verdict FROM workflow.decision d WHERE d.instance_id = i.id
        AND d.kind <> 'timer' ORDER BY d.version DESC LIMIT 1) AS last_step"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state in words and its tone; colour is never the only sign of it."""

    label: Label
    tone: Tone
    with_applicant: bool = False


def standing_of(tx: Transaction, row: Mapping[str, Any]) -> Standing:
    """Return the state of a row that has the columns of STANDING."""
    if row["stuck"]:
        return Standing(STUCK, "bad")
    if row["status"] == "ended":
        return _ended(tx, row)
    mine = row["waits_holder"] == row["applicant_id"]
    if mine and row["version"] == 0:
        return Standing(DRAFT, "line", with_applicant=True)
    if mine:
        return _back(row)
    waits = Label(row["waits_for"] or "", row["waits_for_en"] or row["waits_for"] or "")
    return Standing(Label(f"待{waits.zh}", f"Awaiting: {waits.en}"), "info")


def _back(row: Mapping[str, Any]) -> Standing:
    kind, _, verdict = (row["last_step"] or "").partition(":")
    if kind == "trigger":
        return Standing(WITHDRAWN, "line", with_applicant=True)
    if verdict == "return":
        return Standing(RETURNED, "warn", with_applicant=True)
    waits = Label(row["waits_for"] or "", row["waits_for_en"] or "")
    return Standing(waits, "info", with_applicant=True)


def _ended(tx: Transaction, row: Mapping[str, Any]) -> Standing:
    definition = definition_of(tx, row["bundle_hash"])
    label = label_of(definition, row["outcome"])
    good = not (row["last_step"] or "").startswith("trigger")
    return Standing(label, "ok" if good else "line")
