"""What the checks look at: the bundle's diagrams read, its forms and lanes at hand."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from app.domain.label import Label
from app.workflow.bundle import LANES_FILE, Bundle
from app.workflow.diagram import Diagram, Element, UnreadableDiagram, read_diagram
from app.workflow.lanes import Lane, UnreadableLanes, read_lanes
from app.workflow.operators import OperatorSpec
from app.workflow.refusals import Refusal


@dataclass(frozen=True)
class Case:
    """A bundle under examination."""

    bundle: Bundle
    diagrams: tuple[Diagram, ...]
    lanes: Mapping[str, Lane]
    operators: Mapping[str, OperatorSpec] | None

    @cached_property
    def elements(self) -> list[Element]:
        """Everything in all diagrams, in drawing order."""
        return [e for d in self.diagrams for e in d.elements.values()]

    @cached_property
    def nodes(self) -> list[Element]:
        """All flow nodes."""
        return [e for e in self.elements if e.kind not in {"process", "sequenceFlow"}]

    @cached_property
    def flows(self) -> list[Element]:
        """All sequence flows."""
        return [e for e in self.elements if e.kind == "sequenceFlow"]

    @cached_property
    def by_id(self) -> dict[str, Element]:
        """Elements by id; ids are unique in a bundle, which is checked."""
        return {e.id: e for e in self.elements}

    @cached_property
    def leaving(self) -> dict[str, list[Element]]:
        """Flows by where they start."""
        found = defaultdict(list)
        for flow in self.flows:
            found[flow.source].append(flow)
        return found

    @cached_property
    def entering(self) -> dict[str, list[Element]]:
        """Flows by where they end."""
        found = defaultdict(list)
        for flow in self.flows:
            found[flow.target].append(flow)
        return found

    @cached_property
    def next_nodes(self) -> dict[str, list[str]]:
        """Where one can come from each node in one step, through its boundary events too."""
        found: dict[str, list[str]] = {n.id: [] for n in self.nodes}
        for flow in self.flows:
            if flow.source in found and flow.target in found:
                found[flow.source].append(flow.target)
        for node in self.of_kind("boundaryEvent"):
            attached = node.node.get("attachedToRef", "")
            if attached in found:
                found[attached].append(node.id)
        return found

    @cached_property
    def lane_of(self) -> dict[str, str]:
        """The lane, as drawn, of each element."""
        return {i: lane for d in self.diagrams for i, lane in d.lanes.items()}

    @cached_property
    def processes(self) -> dict[str, Element]:
        """Processes by id, of all diagrams."""
        return {i: p for d in self.diagrams for i, p in d.processes.items()}

    def of_kind(self, *kinds: str) -> list[Element]:
        """Return the elements of some kinds."""
        return [e for e in self.elements if e.kind in kinds]


Rule = Callable[[Case], Iterator[Refusal]]


def refuse(element_id: str, zh: str, en: str) -> Refusal:
    """Return a refusal; an element without an id is named as such."""
    return Refusal(element_id or "?", Label(zh, en))


def read_case(bundle: Bundle, operators: Mapping[str, OperatorSpec] | None) -> Case | list[Refusal]:
    """Read a bundle, or say why it cannot be read."""
    refusals = []
    if LANES_FILE not in bundle.files:
        refusals.append(refuse(LANES_FILE, "缺少该文件。", "The file is missing."))
    diagrams = []
    for name in sorted(n for n in bundle.files if n.endswith(".bpmn")):
        try:
            diagrams.append(read_diagram(name, bundle.files[name]))
        except UnreadableDiagram as error:
            refusals.append(
                refuse(name, f"不是可读的 BPMN：{error}", f"not readable BPMN: {error}")
            )
    lanes: Mapping[str, Lane] = {}
    try:
        lanes = read_lanes(bundle.files.get(LANES_FILE, b""))
    except UnreadableLanes as error:
        refusals.append(refuse(LANES_FILE, f"泳道表不可读：{error}", f"not readable: {error}"))
    if not any(bundle.process_id in diagram.processes for diagram in diagrams):
        name = f"{bundle.process_id}.bpmn"
        if name not in bundle.files:
            refusals.append(refuse(name, "缺少该文件。", "The file is missing."))
    if refusals:
        return refusals
    return Case(bundle, tuple(diagrams), lanes, operators)
