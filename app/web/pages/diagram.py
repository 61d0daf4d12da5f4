"""The live diagram and its timeline, in the language of the page."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from app.services.application import Application
from app.services.timeline import Entry, Open
from app.web.formats import label, near, tonnes

TONES = {"return": "warn", "approve": "ok", "withdraw": "line", "discard": "line"}


def drawn(found: Application) -> dict[str, Any]:
    """Return the marks that app/web/assets/diagram.js paints."""
    return {
        "here": found.marks.here,
        "done": found.marks.done,
        "taken": found.marks.taken,
        "visits": {
            element: [_visit(entry) for entry in visits]
            for element, visits in found.marks.visits.items()
        },
    }


def _visit(entry: Entry | None) -> dict[str, str]:
    if entry is None:
        return {"when": "", "who": str(_("办理中")), "verdict": ""}
    return {
        "when": near(entry.at),
        "who": entry.who,
        "verdict": label(entry.verdict_label),
    }


def in_words(found: Application) -> str:
    """Return what the drawing shows, for those who do not see it."""
    here = "；".join(f"{label(t.holder)}：{label(t.name)}" for t in found.open_tasks)
    state = here or label(found.standing.label)
    return str(_("流程图：当前 %(state)s。文字版见流程记录。", state=state))


def timeline(found: Application) -> list[dict[str, Any]]:
    """Return the lines of the timeline, newest first: open tasks, then what was done."""
    lines = [_waiting(task) for task in found.open_tasks]
    lines += [_done(found, entry) for entry in reversed(found.entries)]
    lines.append(
        {
            "title": _("开始申请"),
            "state": "done",
            "at": found.created_at,
            "who": label(found.applicant),
            "note": found.number,
        }
    )
    return lines


def _waiting(task: Open) -> dict[str, Any]:
    note = _("%(name)s 办理中", name=task.claimant) if task.claimant else _("待办理")
    return {
        "title": _titled(label(task.name), task.visit),
        "state": "here",
        "at": task.created_at,
        "who": label(task.holder),
        "note": note,
        "element": task.element_id,
    }


def _done(found: Application, entry: Entry) -> dict[str, Any]:
    tone = TONES.get(entry.verdict, "")
    shown = label(entry.verdict_label)
    return {
        "title": _titled(label(entry.title), entry.visit),
        "state": "back" if entry.verdict == "return" else "done",
        "at": entry.at,
        "who": entry.who,
        "note": entry.opinion or _moved(found, entry),
        "tag": (shown, tone) if shown else None,
        "element": entry.element_id,
    }


def _moved(found: Application, entry: Entry) -> str:
    """Return how much a step of the system moved; nothing where it moved nothing."""
    at: datetime = entry.at
    if entry.verdict:
        return label(entry.holder)
    element = found.definition.elements.get(entry.element_id)
    operator = element.extension("serviceTaskOperator") if element is not None else None
    if operator is None or not operator.get("id", "").startswith("ledger/"):
        return ""
    moved = sum(m.quantity for m in found.movements if m.at == at)
    return f"{tonnes(moved)} {_('吨')}" if moved else ""


def _titled(name: str, visit: int) -> str:
    return str(_("%(name)s · 第 %(n)s 次", name=name, n=visit)) if visit > 1 else name
