"""A BPMN file as it is drawn: elements, labels, lanes, flows, shapes.

Read once per bundle, for the checks at deployment and for the names shown on pages. What an
element does is the engine's matter (app.workflow.parser).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from app.domain.label import Label

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
NAMESPACES = {"bpmn": BPMN, "bpmndi": BPMNDI, "spiff": SPIFF}

# What may stand in a process beside its flow elements, and needs no label of its own.
SILENT = {
    "incoming",
    "outgoing",
    "extensionElements",
    "documentation",
    "laneSet",
    "textAnnotation",
    "association",
    "group",
    "multiInstanceLoopCharacteristics",
}


class UnreadableDiagram(ValueError):
    """The file is not XML we accept; the message says why."""


def parse_xml(content: bytes) -> etree._Element:
    """Parse XML without entities, DTD or network. Raises UnreadableDiagram."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDiagram(str(error)) from error
    if root.getroottree().docinfo.doctype:
        raise UnreadableDiagram("a DOCTYPE is not accepted")
    return root


@dataclass(frozen=True)
class Element:
    """A flow element, sequence flow or process: its kind is its BPMN tag, such as ``userTask``."""

    id: str
    kind: str
    name: str
    scope: str  # id of the process or subprocess it stands in
    node: etree._Element = field(compare=False, repr=False)
    properties: dict[str, str] = field(compare=False)

    @property
    def label(self) -> Label:
        """The Chinese name as drawn, and the English of the property ``labelEn``."""
        return Label(self.name, self.properties.get("labelEn", ""))

    def child(self, tag: str) -> etree._Element | None:
        """Return the first child with a BPMN tag."""
        return self.node.find(f"{{{BPMN}}}{tag}")

    def text(self, path: str) -> str | None:
        """Return the text at a path of BPMN tags, such as ``timerEventDefinition/timeDate``."""
        found = self.node.find("/".join(f"{{{BPMN}}}{tag}" for tag in path.split("/")))
        return None if found is None else (found.text or "").strip()

    def extension(self, tag: str) -> etree._Element | None:
        """Return the first SpiffWorkflow extension element with a tag."""
        return self.node.find(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}{tag}")

    @property
    def source(self) -> str:
        """Where a sequence flow starts."""
        return str(self.node.get("sourceRef", ""))

    @property
    def target(self) -> str:
        """Where a sequence flow ends."""
        return str(self.node.get("targetRef", ""))


@dataclass(frozen=True)
class Diagram:
    """One BPMN file. ``elements`` holds everything with an id that the engine would meet."""

    file: str
    root: etree._Element = field(repr=False)
    processes: dict[str, Element]
    elements: dict[str, Element]
    lanes: dict[str, str]  # element id -> lane name, inherited by what stands in a subprocess
    drawn: frozenset[str]  # ids that have a shape or an edge
    doubled: tuple[str, ...]  # ids that occur twice, or are empty
    messages: dict[str, str]  # message id -> name
    lane_ids: dict[str, str]  # id of a lane -> its name
    pools: dict[str, str]  # id of a pool -> id of its process

    @property
    def flows(self) -> list[Element]:
        """All sequence flows."""
        return [e for e in self.elements.values() if e.kind == "sequenceFlow"]

    def nodes(self, *kinds: str) -> list[Element]:
        """Return the flow nodes, of given kinds or all."""
        return [
            e
            for e in self.elements.values()
            if (e.kind in kinds if kinds else e.kind not in {"sequenceFlow", "process"})
        ]


def read_diagram(file: str, content: bytes) -> Diagram:
    """Read one BPMN file. Raises UnreadableDiagram."""
    root = parse_xml(content)
    if root.tag != f"{{{BPMN}}}definitions":
        raise UnreadableDiagram("the file holds no BPMN definitions")
    processes = {
        node.get("id", ""): _element(node, "") for node in root.findall(f"{{{BPMN}}}process")
    }
    found = list(processes.values())
    for process in processes.values():
        found.extend(_elements(process.node, process.id))
    elements = {element.id: element for element in found}
    ids = [element.id for element in found]
    return Diagram(
        file=file,
        root=root,
        processes=processes,
        elements=elements,
        lanes=_lanes(root, elements),
        drawn=frozenset(_drawn(root)),
        doubled=tuple(sorted({i for i in ids if not i or ids.count(i) > 1})),
        messages={m.get("id", ""): m.get("name", "") for m in root.findall(f"{{{BPMN}}}message")},
        lane_ids={m.get("id", ""): m.get("name", "") for m in root.iter(f"{{{BPMN}}}lane")},
        pools={
            m.get("id", ""): m.get("processRef", "") for m in root.iter(f"{{{BPMN}}}participant")
        },
    )


def _elements(parent: etree._Element, scope: str) -> Iterator[Element]:
    for node in parent.iterchildren(tag=etree.Element):
        name = etree.QName(node)
        if name.namespace != BPMN or name.localname in SILENT:
            continue
        yield _element(node, scope)
        if name.localname == "subProcess":
            yield from _elements(node, node.get("id", ""))


def _element(node: etree._Element, scope: str) -> Element:
    properties = {
        p.get("name", ""): p.get("value", "")
        for p in node.iterfind("bpmn:extensionElements/spiff:properties/spiff:property", NAMESPACES)
    }
    return Element(
        id=node.get("id", ""),
        kind=etree.QName(node).localname,
        name=(node.get("name") or "").strip(),
        scope=scope,
        node=node,
        properties=properties,
    )


def _lanes(root: etree._Element, elements: dict[str, Element]) -> dict[str, str]:
    lanes = {
        (ref.text or "").strip(): lane.get("name", "")
        for lane in root.iter(f"{{{BPMN}}}lane")
        for ref in lane.findall(f"{{{BPMN}}}flowNodeRef")
    }
    for element in elements.values():  # parents come before what stands in them
        if element.id not in lanes and element.scope in lanes:
            lanes[element.id] = lanes[element.scope]
    return lanes


def _drawn(root: etree._Element) -> Iterator[str]:
    for tag in ("BPMNShape", "BPMNEdge"):
        for node in root.iter(f"{{{BPMNDI}}}{tag}"):
            if len(node):  # bounds or waypoints, not an empty mark
                yield node.get("bpmnElement", "")
