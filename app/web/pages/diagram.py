"""The live diagram and its timeline, in the language of the page."""

from textwrap import wrap
from typing import Any

from flask_babel import gettext as _
from lxml import etree

from app.services.application import Application
from app.services.timeline import SYSTEM, Entry, Marks, Open
from app.web.formats import label, near, tonnes, when
from app.workflow.definition import Definition
from app.workflow.diagram import BPMN, BPMNDI, parse_xml

DC = "http://www.omg.org/spec/DD/20100524/DC"
ROOM = 84.0  # points that an English label has at most
LETTER = 7.6  # points that a letter of it needs
LINE = 12  # letters of a line in a shape, so that its text stays clear of its icon
NEAR = 12.0  # points off its shape's middle at which a label still stands below it
KINDS = {"ledger/reserve": "reserved", "ledger/post": "posted", "ledger/void": "voided"}
TONES = {"return": "warn", "approve": "ok", "withdraw": "line", "discard": "line"}


def drawn(marks: Marks) -> dict[str, Any]:
    """Return the marks that app/web/assets/diagram.js paints."""
    return {
        "here": marks.here,
        "done": marks.done,
        "taken": marks.taken,
        "visits": {
            element: [_visit(entry) for entry in visits] for element, visits in marks.visits.items()
        },
    }


def replayed(found: Application) -> list[dict[str, Any]]:
    """Return the frames of the history, each with its words and its marks."""
    return [
        {
            "words": " ".join(filter(None, (label(f.title), label(f.verdict), f.who, when(f.at)))),
            "marks": drawn(f.marks),
        }
        for f in found.frames
    ]


def _visit(entry: Entry | None) -> dict[str, str]:
    if entry is None:
        return {"when": "", "who": str(_("办理中")), "verdict": ""}
    return {
        "when": near(entry.at),
        "who": _who(entry),
        "verdict": label(entry.verdict_label),
    }


def _who(entry: Entry) -> str:
    return label(SYSTEM) if entry.who == SYSTEM.zh else entry.who


def drawing(definition: Definition, content: bytes, language: str) -> bytes:
    """Return the drawing with its labels in a language; Chinese is as it was drawn.

    Of a file that holds several flows only the application's own is shown.
    """
    root = parse_xml(content)
    _leave_out(root, definition.processes)
    if language != "en":
        return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    lanes = {lane.label.zh: lane.label.en for lane in definition.lanes.values()}
    for node in root.iter(f"{{{BPMN}}}lane"):
        node.set("name", lanes.get(node.get("name", ""), node.get("name", "")))
    for node in root.iter(f"{{{BPMN}}}participant"):
        node.set("name", definition.label.en or node.get("name", ""))
    for element in definition.elements.values():
        node = root.find(f".//*[@id='{element.id}']")
        if node is not None and element.name:
            node.set("name", _folded(node, element.label.en or element.name))
    names = {node.get("id"): node.get("name", "") for node in root.iter() if node.get("id")}
    for label_node in root.iter(f"{{{BPMNDI}}}BPMNLabel"):
        _widen(label_node, names.get(label_node.getparent().get("bpmnElement"), ""))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _leave_out(root: etree._Element, processes: frozenset[str]) -> None:
    """Take out the pools of other processes, with what is drawn in them."""
    gone: set[str | None] = set()
    for tag, names in (("participant", "processRef"), ("process", "id")):
        for node in root.findall(f".//{{{BPMN}}}{tag}"):
            if node.get(names) not in processes:
                gone |= {inner.get("id") for inner in node.iter()}
                node.getparent().remove(node)
    for tag in ("BPMNShape", "BPMNEdge"):
        for node in root.findall(f".//{{{BPMNDI}}}{tag}"):
            if node.get("bpmnElement") in gone:
                node.getparent().remove(node)


def _folded(node: etree._Element, name: str) -> str:
    """Fold the words inside a task, without articles; those beside an event stay on their line."""
    inside = etree.QName(node).localname.lower().endswith(("task", "subprocess", "callactivity"))
    if not inside:
        return name
    return "\n".join(wrap(name.replace(" the ", " "), LINE, break_long_words=False))


def _widen(label_node: etree._Element, name: str) -> None:
    """Give a label the room its English words need, on the side of its shape where it stands."""
    own = label_node.find(f"{{{DC}}}Bounds")
    shape = label_node.getparent().find(f"{{{DC}}}Bounds")
    room = min(ROOM, LETTER * len(name))
    if own is None or float(own.get("width", "0")) >= room:
        return
    x, width = float(own.get("x", "0")), float(own.get("width", "0"))
    if shape is not None:
        middle = float(shape.get("x", "0")) + float(shape.get("width", "0")) / 2
        off = x + width / 2 - middle
        x -= (room - width) / 2 if abs(off) < NEAR else room - width if off < 0 else 0
    else:
        x -= (room - width) / 2
    own.set("x", f"{x:g}")
    own.set("width", f"{room:g}")


def in_words(found: Application) -> str:
    """Return what the drawing shows, for those who do not see it."""
    here = "；".join(f"{label(t.holder)}：{label(t.name)}" for t in found.open_tasks)
    state = here or label(found.standing.label)
    return str(_("流程图：当前 %(state)s。文字版见流程记录。", state=state))


def timeline(found: Application) -> list[dict[str, Any]]:
    """Return the lines of the timeline, newest first: open tasks, then what was done."""
    lines = [_waiting(task) for task in found.open_tasks]
    moved = _moved(found)
    done = [_done(entry, moved.get(place, "")) for place, entry in enumerate(found.entries)]
    lines += reversed(done)
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


def _done(entry: Entry, moved: str) -> dict[str, Any]:
    tone = TONES.get(entry.verdict, "")
    shown = label(entry.verdict_label)
    return {
        "title": _titled(label(entry.title), entry.visit),
        "state": "back" if entry.verdict == "return" else "done",
        "at": entry.at,
        "who": _who(entry),
        "note": entry.opinion or moved or (label(entry.holder) if entry.verdict else ""),
        "tag": (shown, tone) if shown else None,
        "signed": entry.signed,
        "element": entry.element_id,
    }


def _moved(found: Application) -> dict[int, str]:
    """Return how much the ledger steps moved, by their place among the entries.

    The n-th step that reserves stands for the n-th reservation of the journal, and so on.
    """
    journal: dict[str, dict[int, int]] = {"reserved": {}, "posted": {}, "voided": {}}
    for movement in found.movements:
        of_kind = journal[movement.kind]
        before = of_kind.get(movement.transfer_id, 0)
        of_kind[movement.transfer_id] = before + movement.quantity
    waiting = {kind: list(amounts.values()) for kind, amounts in journal.items()}
    moved, unit = {}, _("吨")
    for place, entry in enumerate(found.entries):
        kind = KINDS.get(_operator(found, entry), "")
        if waiting.get(kind):
            moved[place] = f"{tonnes(waiting[kind].pop(0))} {unit}"
    return moved


def _operator(found: Application, entry: Entry) -> str:
    element = found.definition.elements.get(entry.element_id)
    operator = element.extension("serviceTaskOperator") if element is not None else None
    return "" if operator is None else str(operator.get("id", ""))


def _titled(name: str, visit: int) -> str:
    return str(_("%(name)s · 第 %(n)s 次", name=name, n=visit)) if visit > 1 else name
