"""A bundle is a diagram with all it needs, under one hash of names and contents."""

from pathlib import Path

import pytest
from SpiffWorkflow.spiff.parser.process import VALIDATOR

from app.web.pages.diagram import drawing
from app.workflow.bundle import Bundle, read_bundles
from app.workflow.diagram import parse_xml
from tests.workflow.walks import HERE, OPERATORS, ROOT, definition, real_definitions

FILES = {"a.bpmn": b"1", "forms/b.json": b"2", "lanes.toml": b"3"}


def test_a_bundle_holds_what_its_diagram_names_and_nothing_else() -> None:
    assert set(definition("compliance").bundle.files) == {
        "compliance.bpmn",
        "forms/external_cancellation.json",
        "forms/surrender_application.json",
        "forms/surrender_review.json",
        "lanes.toml",
    }


def test_a_called_diagram_belongs_to_its_callers_bundle() -> None:
    found = read_bundles(HERE / "diagrams", HERE / "diagrams" / "forms")
    assert "consultation" not in [b.process_id for b in found]
    assert "consultation.bpmn" in definition("caller").bundle.files


def test_the_hash_does_not_depend_on_the_order_of_files() -> None:
    other = dict(reversed(FILES.items()))
    assert Bundle("a", FILES).hash == Bundle("a", other).hash


@pytest.mark.parametrize(
    "changed",
    [
        {**FILES, "a.bpmn": b"x"},
        {**FILES, "c.json": b""},
        {"a.bpmn": b"1", "forms/b.json": b"2"},
        {"a.bpmn": b"1", "forms/c.json": b"2", "lanes.toml": b"3"},
        {"a.bpmn": b"2", "forms/b.json": b"1", "lanes.toml": b"3"},
        {"a.bpm": b"n1", "forms/b.json": b"2", "lanes.toml": b"3"},
    ],
)
def test_any_change_of_a_name_or_a_content_changes_the_hash(changed: dict[str, bytes]) -> None:
    assert Bundle("a", changed).hash != Bundle("a", FILES).hash


def test_diagrams_that_call_each_other_are_not_overlooked(tmp_path: Path) -> None:
    for name, called in (("a", "b"), ("b", "a")):
        text = definition("caller").bundle.diagram.decode()
        text = text.replace('calledElement="consultation"', f'calledElement="{called}"')
        (tmp_path / f"{name}.bpmn").write_text(text)
    assert [b.process_id for b in read_bundles(tmp_path, tmp_path)] == ["a", "b"]


def test_a_form_name_cannot_lead_out_of_the_forms_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "forms").mkdir()
    (tmp_path / "processes").mkdir()
    diagram = definition("compliance").bundle.diagram.decode()
    diagram = diagram.replace("surrender_review.json", "../secret.json")
    (tmp_path / "processes" / "compliance.bpmn").write_text(diagram)
    [bundle] = read_bundles(tmp_path / "processes", tmp_path / "forms")
    assert list(bundle.files) == ["compliance.bpmn"]


@pytest.mark.parametrize("definition", real_definitions(), ids=lambda d: d.process_id)
class TestEveryDiagram:
    def test_every_user_task_resolves_to_a_form_and_a_role(self, definition) -> None:
        for task in definition.tasks.values():
            assert definition.form_of(task.id).fields
            assert definition.lane_of(task.id).role
            assert task.label.zh
            assert task.label.en

    def test_every_service_task_resolves_to_an_operator(self, definition) -> None:
        services = [e for e in definition.elements.values() if e.kind == "serviceTask"]
        assert services
        for e in services:
            assert e.extension("serviceTaskOperator").get("id") in OPERATORS

    def test_every_element_has_both_names(self, definition) -> None:
        for shape in parse_xml(definition.bundle.diagram).iter("{*}BPMNShape"):
            label = definition.labels[shape.get("bpmnElement")]
            assert label.zh
            assert label.en

    def test_every_diagram_is_listed_in_the_readme(self, definition) -> None:
        readme = (ROOT / "processes" / "README.md").read_text()
        assert f"## {definition.bundle.file}" in readme
        section = readme.split(f"## {definition.bundle.file}")[1].split("\n## ")[0]
        for e in definition.elements.values():
            if e.kind in {"userTask", "serviceTask"}:
                assert f"`{e.id}`" in section
        for name in definition.forms:
            assert f"forms/{name}" in section

    def test_any_bpmn_tool_opens_it(self, definition) -> None:
        """The BPMN 2.0 schema, with SpiffWorkflow's for the extension elements."""
        for name, content in definition.bundle.files.items():
            if name.endswith(".bpmn"):
                VALIDATOR.validate(parse_xml(content), name)

    def test_the_drawing_fits_beside_a_form(self, definition) -> None:
        """ui: vertical lanes, three of them 600 wide, tasks 150 × 56, names up to 7 characters.

        Of a file that holds several flows a page shows the one that runs.
        """
        shown = parse_xml(drawing(definition, definition.bundle.diagram, "zh"))
        bounds = {
            shape.get("bpmnElement"): {k: float(v) for k, v in shape[0].attrib.items()}
            for shape in shown.iter("{*}BPMNShape")
        }
        lanes = len(list(shown.iter("{*}lane")))
        left = min(b["x"] for b in bounds.values())
        assert max(b["x"] + b["width"] for b in bounds.values()) - left <= max(600, 225 * lanes)
        for e in definition.elements.values():
            if e.kind in {"userTask", "serviceTask"} and e.id in bounds:
                assert (bounds[e.id]["width"], bounds[e.id]["height"]) == (150, 56)
                assert len(e.name) <= 7
