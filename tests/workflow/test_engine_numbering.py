"""A saved state numbers the engine's specs: an upgrade of the engine may not renumber them.

If this fails after an upgrade, running instances would be read as something else: give the codec
a new version and carry the old numbering over.
"""

from tests.workflow.walks import definition

COMMITTEE = [
    "Start", "committee.EndJoin", "End", "begun", "draft", "vote", "vote [child]",
    "vote.BoundaryEventSplit", "vote.BoundaryEventJoin", "take_back", "no_quorum", "lapsed",
    "carried", "sign", "signed", "adopted",
]  # fmt: skip


def test_the_specs_of_a_diagram_keep_their_numbers() -> None:
    assert definition("committee").spec.names == COMMITTEE
    assert definition("committee").task_ids == ["draft", "sign", "vote"]
