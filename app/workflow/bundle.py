"""A bundle: a diagram, the diagrams it calls, its forms and lanes.toml, under one content hash.

An instance keeps its bundle for life, so the hash must not change unless a file or its name does.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lxml import etree

from app.workflow.diagram import BPMN, SPIFF, UnreadableDiagram, parse_xml

LANES_FILE = "lanes.toml"
FORMS_FOLDER = "forms/"
FORM_PROPERTY = "formJsonSchemaFilename"


@dataclass(frozen=True)
class Bundle:
    """Files by name: ``compliance.bpmn``, ``forms/….json``, ``lanes.toml``.

    ``process_id`` is the process that an instance runs. Its diagram is the file that holds it:
    ``<process_id>.bpmn``, or that of a flow it belongs to (``custody_return.bpmn`` holds custody,
    linking and return).
    """

    process_id: str
    files: Mapping[str, bytes]

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the sorted names and contents, each with its length before it."""
        digest = hashlib.sha256(_sized(self.process_id.encode()))
        for name in sorted(self.files):
            digest.update(_sized(name.encode()) + _sized(self.files[name]))
        return digest.hexdigest()

    @property
    def diagram(self) -> bytes:
        """The main diagram, as any BPMN tool opens it."""
        return self.files[self.file]

    @cached_property
    def file(self) -> str:
        """The name of the main diagram's file; raises KeyError when no file holds the process."""
        for name in sorted(self.files):
            if name.endswith(".bpmn") and self.process_id in processes_in(_root(self.files[name])):
                return name
        raise KeyError(self.process_id)


def read_bundles(processes: Path, forms: Path) -> list[Bundle]:
    """Return a bundle for every process that can be started, in order of file and process.

    A diagram that another calls starts nothing by itself; nor does a process that is called.
    """
    diagrams = {path.name: path.read_bytes() for path in sorted(processes.glob("*.bpmn"))}
    roots = {name: _root(content) for name, content in diagrams.items()}
    calls = {name: {f"{i}.bpmn" for i in _called(root)} for name, root in roots.items()}
    members = {name: _reachable(name, calls) for name in diagrams}
    bundles = []
    for name in diagrams:
        if any(name in members[other] and other not in members[name] for other in diagrams):
            continue  # called by another, and no caller of its caller
        files = {member: diagrams[member] for member in members[name]}
        for form in sorted({form for member in files for form in _form_files(roots[member])}):
            path = forms / form
            if path.parent == forms and path.is_file():
                files[FORMS_FOLDER + form] = path.read_bytes()
        lanes = processes / LANES_FILE
        if lanes.is_file():
            files[LANES_FILE] = lanes.read_bytes()
        bundles += [Bundle(process, files) for process in _startable(name, roots[name])]
    return bundles


def processes_in(root: etree._Element | None) -> list[str]:
    """Return the ids of the processes of a file, in the order in which they stand there."""
    found = () if root is None else root.iterfind(f"{{{BPMN}}}process")
    return [node.get("id", "") for node in found]


def _startable(name: str, root: etree._Element | None) -> list[str]:
    """Return the process a file is named after, and those beside it that no process calls.

    A file without the process of its name is refused at deployment, under that name.
    """
    main, own, called = name.removesuffix(".bpmn"), processes_in(root), set(_called(root))
    beside = [process for process in own if process not in {main, *called}]
    return sorted([main, *beside]) if main in own else [main]


def _sized(content: bytes) -> bytes:
    return len(content).to_bytes(8, "big") + content


def _root(content: bytes) -> etree._Element | None:
    try:
        return parse_xml(content)
    except UnreadableDiagram:
        return None  # the checks at deployment say so with a reason


def _called(root: etree._Element | None) -> Iterator[str]:
    if root is not None:
        for node in root.iter(f"{{{BPMN}}}callActivity"):
            yield node.get("calledElement", "")


def _form_files(root: etree._Element | None) -> Iterator[str]:
    if root is not None:
        for node in root.iter(f"{{{SPIFF}}}property"):
            if node.get("name") == FORM_PROPERTY and node.get("value"):
                yield node.get("value", "")


def _reachable(name: str, calls: Mapping[str, set[str]]) -> list[str]:
    seen: list[str] = []
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in calls and current not in seen:
            seen.append(current)
            waiting.extend(sorted(calls[current]))
    return seen
