"""A process as the registry knows it: parsed once per content hash and shared by all threads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from app.domain.label import Label
from app.workflow.bundle import FORM_PROPERTY, FORMS_FOLDER, LANES_FILE, Bundle
from app.workflow.diagram import Diagram, Element, read_diagram
from app.workflow.expressions import BadExpression, ExpressionFailed, constant
from app.workflow.forms import CONTENT, Form
from app.workflow.lanes import Lane, read_lanes
from app.workflow.operators import OperatorSpec
from app.workflow.parser import parse_processes
from app.workflow.refusals import Refusal, Refused
from app.workflow.rules import refusals_of


@dataclass(frozen=True, slots=True)
class UserTask:
    """What a person does. ``lane`` is the lane's name as drawn, ``form`` a key of `forms`."""

    id: str
    label: Label
    lane: str
    form: str
    instructions: Label
    properties: Mapping[str, str]

    @property
    def due_at(self) -> str | None:
        """The declared value that holds the due instant, if the task has one."""
        return self.properties.get("dueAt")


@dataclass(frozen=True, slots=True)
class Trigger:
    """A message a party may send while a task is open, such as a withdrawal.

    ``lane`` is the lane, as drawn, of who may send it; ``name`` is what `Run.trigger` takes.
    """

    name: str
    label: Label
    element_id: str
    attached_to: str
    lane: str


class Definition:
    """One bundle, ready to run. Nothing in it changes after it is made."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.hash = bundle.hash
        self.process_id = bundle.process_id
        diagrams = [
            read_diagram(name, content)
            for name, content in sorted(bundle.files.items())
            if name.endswith(".bpmn")
        ]
        self.elements: dict[str, Element] = {}
        lane_of: dict[str, str] = {}
        messages: dict[str, str] = {}
        for diagram in diagrams:
            self.elements |= diagram.elements
            lane_of |= diagram.lanes
            messages |= diagram.messages
        self.processes = frozenset(self._run_by(self.process_id))
        main = self.elements[self.process_id]
        self.label = main.label
        self.properties: Mapping[str, str] = main.properties
        self.lanes: dict[str, Lane] = read_lanes(bundle.files[LANES_FILE])
        self.labels: dict[str, Label] = self._labels(diagrams)
        self.forms: dict[str, Form] = {
            name.removeprefix(FORMS_FOLDER): Form.load(content)
            for name, content in bundle.files.items()
            if name.startswith(FORMS_FOLDER)
        }
        self.tasks: dict[str, UserTask] = {
            e.id: _user_task(e, lane_of[e.id]) for e in self._of_kind("userTask")
        }
        self.triggers: dict[str, Trigger] = {
            e.id: _trigger(e, messages)
            for e in self._of_kind("boundaryEvent")
            if e.child("messageEventDefinition") is not None
        }
        self.declared: frozenset[str] = frozenset(
            name for i in self.processes for name in declared_by(self.elements[i])
        )
        self.flows: dict[tuple[str, str], str] = {
            (e.source, e.target): e.id for e in self._of_kind("sequenceFlow")
        }
        self.outcomes: frozenset[str] = frozenset(self._main_ends())
        self._prepare(bundle)

    def _prepare(self, bundle: Bundle) -> None:
        """Parse what the engine runs, and number its specs for the codec."""
        files = {n: c for n, c in bundle.files.items() if n.endswith(".bpmn")}
        self.spec, self.subprocesses = parse_processes(self.process_id, files)
        self.task_ids = sorted(self.tasks)  # the order in which states keep their visits
        self.blank: dict[str, None] = dict.fromkeys(sorted(self.declared))
        items: dict[str, frozenset[str]] = {}
        for process in (self.spec, *self.subprocesses.values()):
            process.names = list(process.task_specs)
            process.numbers = {name: i for i, name in enumerate(process.names)}
            items |= {
                s.bpmn_id: s.items for s in process.task_specs.values() if hasattr(s, "items")
            }
        # By user task: the values that may go on from it, and those that its form asks for.
        self.kept = {i: self.declared | items.get(i, frozenset()) for i in self.tasks}
        self.asked = {
            i: self.kept[i] & {f.name for f in self.form_of(i).fields} for i in self.tasks
        }
        # What people answer stands in every state; what only operators set, from then on.
        answered = frozenset().union(*self.asked.values())
        self.unset = {name: None for name in self.blank if name in answered}

    @classmethod
    def load(
        cls, bundle: Bundle, operators: Mapping[str, OperatorSpec] | None = None
    ) -> "Definition":
        """Check a bundle that is to be deployed, and return its definition.

        ``operators`` are what service tasks may ask for; without them they are not checked.
        Raises Refused with every reason at once.
        """
        refusals = refusals_of(bundle, operators)
        if refusals:
            raise Refused(refusals)
        try:
            return cls.accepted(bundle)
        except Exception as error:  # stock raises whatever its parser stumbles over
            raise Refused([_unreadable(bundle, error)]) from error

    @classmethod
    def accepted(cls, bundle: Bundle) -> "Definition":
        """Return the definition of a bundle that was accepted before, from the cache.

        Instances keep their bundle for life: a check that became stricter must not stop them.
        """
        with _lock:
            found = _cache.get(bundle.hash)
        if found is None:
            found = cls(bundle)
            with _lock:
                found = _cache.setdefault(bundle.hash, found)
        return found

    @classmethod
    def cached(cls, bundle_hash: str) -> "Definition | None":
        """Return the definition if this process of the server has it, without the files."""
        return _cache.get(bundle_hash)

    @property
    def subject(self) -> str:
        """What an instance is about, such as ``notice``; empty when about nothing."""
        return self.properties.get("subject", "")

    @property
    def number_prefix(self) -> str:
        """The letters an instance's number begins with."""
        return self.properties.get("numberPrefix", "")

    def lane_of(self, task_id: str) -> Lane:
        """Return the lane of a user task. Raises KeyError."""
        return self.lanes[self.tasks[task_id].lane]

    def form_of(self, task_id: str) -> Form:
        """Return the form of a user task. Raises KeyError."""
        return self.forms[self.tasks[task_id].form]

    def constants(self, operator: str, parameter: str) -> frozenset[object]:
        """Return what service tasks give an operator, as far as the drawing itself fixes it."""
        steps = [s for p in (self.spec, *self.subprocesses.values()) for s in p.task_specs.values()]
        given = (s.parameters.get(parameter) for s in steps if _asks(s, operator))
        return frozenset(filter(None, map(_fixed, given)))

    def takes_bulk(self, task_id: str) -> bool:
        """Whether a user task may be decided together with others of its kind, as drawn."""
        task = self.tasks.get(task_id)
        if task is None or task.properties.get("bulk") != "true":
            return False
        return self.form_of(task_id).asks_only_a_verdict

    def asks_content(self, task_id: str) -> bool:
        """Whether a user task's form is what the application asks for, such as a list of units.

        Its fields say so, or the task's property ``content``. Raises KeyError.
        """
        widgets = {field.widget for field in self.form_of(task_id).fields}
        return bool(widgets & CONTENT) or self.tasks[task_id].properties.get("content") == "true"

    def _labels(self, diagrams: list[Diagram]) -> dict[str, Label]:
        """Both names of everything drawn, pools and lanes too, by the element's id."""
        labels = {e.id: e.label for e in self.elements.values()}
        for diagram in diagrams:
            labels |= {i: self.lanes[name].label for i, name in diagram.lane_ids.items()}
            labels |= {i: labels[process] for i, process in diagram.pools.items()}
        return labels

    def _main_ends(self) -> Iterator[str]:
        """The ends of the main line: what a reminder beside an open task comes to is no outcome."""
        steps: dict[str, list[str]] = {}
        for source, target in self.flows:
            steps.setdefault(source, []).append(target)
        for e in self._of_kind("boundaryEvent"):
            if e.node.get("cancelActivity", "true") == "true":
                steps.setdefault(e.node.get("attachedToRef", ""), []).append(e.id)
        waiting = [e.id for e in self._of_kind("startEvent") if e.scope == self.process_id]
        seen = set(waiting)
        while waiting:
            current = waiting.pop()
            if self.elements[current].kind == "endEvent":
                yield current
            found = [i for i in steps.get(current, ()) if i not in seen]
            seen.update(found)
            waiting.extend(found)

    def _of_kind(self, kind: str) -> list[Element]:
        """Return the elements of a kind that an instance may come to; a file may hold more."""
        of_kind = (e for e in self.elements.values() if e.kind == kind)
        return [e for e in of_kind if self._top(e) in self.processes]

    def _top(self, element: Element) -> str:
        while element.scope:
            element = self.elements[element.scope]
        return element.id

    def _run_by(self, process_id: str) -> Iterator[str]:
        """Return a process and those it calls, through subprocesses too."""
        waiting, seen = [process_id], {""}
        while waiting:
            current = waiting.pop()
            if current in seen or current not in self.elements:
                continue
            seen.add(current)
            yield current
            waiting += [
                e.node.get("calledElement", "")
                for e in self.elements.values()
                if e.kind == "callActivity" and self._top(e) == current
            ]


_cache: dict[str, Definition] = {}
_lock = Lock()


def _asks(step: Any, operator: str) -> bool:
    return getattr(step, "operator", "") == operator


def _fixed(text: str | None) -> object:
    """Return the value of a constant, None for what is computed while running."""
    try:
        return constant(text) if text else None
    except (BadExpression, ExpressionFailed):
        return None


def _unreadable(bundle: Bundle, error: Exception) -> Refusal:
    """Say where the engine gave up on a bundle that breaks none of the rules."""
    return Refusal(
        getattr(error, "id", None) or bundle.process_id,
        Label(
            f"引擎不能读取这一元素；请检查其属性的名称和取值（{error}）。",
            f"The engine cannot read this element; check names and values given to it ({error}).",
        ),
    )


def declared_by(process: Element) -> frozenset[str]:
    """Return the values that a process declares."""
    return frozenset({n.strip() for n in process.properties.get("declares", "").split(",")} - {""})


def _user_task(element: Element, lane: str) -> UserTask:
    shown = element.extension("instructionsForEndUser")
    zh = (shown.text or "").strip() if shown is not None else ""
    return UserTask(
        id=element.id,
        label=element.label,
        lane=lane,
        form=element.properties[FORM_PROPERTY],
        instructions=Label(zh, element.properties.get("instructionsEn", "")),
        properties=element.properties,
    )


def _trigger(element: Element, messages: Mapping[str, str]) -> Trigger:
    event: Any = element.child("messageEventDefinition")
    return Trigger(
        name=messages[event.get("messageRef")],
        label=element.label,
        element_id=element.id,
        attached_to=element.node.get("attachedToRef", ""),
        lane=element.properties["lane"],
    )
