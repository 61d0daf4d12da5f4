"""A file may hold several flows; the page of an application shows its own."""

import pytest

from app.config import ROOT
from app.web.pages.diagram import drawing
from app.workflow.bundle import read_bundles
from app.workflow.definition import Definition
from app.workflow.diagram import read_diagram

BUNDLES = {b.process_id: b for b in read_bundles(ROOT / "processes", ROOT / "forms")}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("process_id", ["custody_application", "custody_link", "custody_return"])
def test_only_the_flow_of_the_application_is_drawn(process_id, language):
    definition = Definition.load(BUNDLES[process_id])
    drawn = drawing(definition, definition.bundle.diagram, language)
    shown = read_diagram(definition.bundle.file, drawn)
    assert set(shown.processes) == {process_id}
    assert list(shown.pools.values()) == [process_id]
    assert set(definition.tasks) <= shown.drawn
    assert shown.drawn <= shown.elements.keys() | shown.lane_ids.keys() | shown.pools.keys()


def test_a_file_with_one_flow_is_shown_as_it_was_drawn():
    definition = Definition.load(BUNDLES["compliance"])
    before = read_diagram("compliance.bpmn", definition.bundle.diagram)
    after = read_diagram("compliance.bpmn", drawing(definition, definition.bundle.diagram, "zh"))
    assert after.drawn == before.drawn
    assert after.elements == before.elements
