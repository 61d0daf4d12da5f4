"""The two sides know the same documents: what the agent signs the verifier reads, and no other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.canonical import canonical
from app.evidence import documents
from app.evidence.reasons import Rejected
from tests.evidence.papers import decision_fields, sign_in_fields
from usbkey import documents as agents
from usbkey.errors import DocumentRefused

PAPERS = (decision_fields(), decision_fields(initiator="0d" * 32), sign_in_fields())
TELLING = (
    "", "0", "00", "1", "-1", "1.0", "9" * 18, "9" * 19, "x" * 100, "x" * 101, "é" * 300,
    "é" * 301, "长" * 20001, "a b", "A_b-c.d:e", "ab" * 32, "AB" * 32, "ab" * 31, "complete",
    "trigger", "registry/sign-in/1", "http://[::1]:8000", "https://a.example", "HTTPS://a.example",
    "https://a.example/", "https://a.example:0", "ftp://a", "2026-11-21T08:00:00Z",
    "2026-11-21T08:04:59Z", "2026-11-21T08:10:00Z", "2026-11-21T08:10:01Z", "2026-13-01T00:00:00Z",
    "2026-11-21T08:00:60Z", "2026-11-21 08:00:00Z", "٣", "１", "a\n", "ab" * 32 + "\n",
)  # fmt: skip
PARTY = {"holder": {"zh": "甲", "en": "A"}}
LINE = {"instrument": "CEA2021", "quantity": "1"}
SHAPES: tuple[Any, ...] = (
    *TELLING, [], {}, [""], ["x"], None, True, 5, 1.5,
    PARTY, [PARTY], [{**PARTY, "account": "1"}], [{**PARTY, "account": ""}], [{**PARTY, "x": "y"}],
    [LINE], [{**LINE, "to": "1"}], [{**LINE, "quantity": "01"}], [{"quantity": "1"}],
    [LINE] * 2000, [LINE] * 2001, {"zh": "甲", "en": "A"}, {"zh": "", "en": ""}, {"zh": "甲"},
)  # fmt: skip


def verifier_takes(data: bytes) -> bool:
    try:
        documents.read(data)
    except Rejected:
        return False
    return True


def agent_takes(data: bytes) -> bool:
    try:
        agents.parsed(data)
    except DocumentRefused:
        return False
    return True


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, that of a member that it does not have included."""
    found = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*path, name))
        found.append((*path, "nobody"))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(value, list):
        return [put(v, tuple(rest), new) if i == first else v for i, v in enumerate(value)]
    return {**value, first: put(value.get(first), tuple(rest), new)}


@pytest.mark.parametrize("paper", PAPERS, ids=["decision", "handed over", "sign-in"])
def test_every_member_is_judged_alike_on_both_sides(paper: dict):
    assert verifier_takes(canonical(paper))
    assert agent_takes(canonical(paper))
    for path in places(paper):
        for new in SHAPES:
            data = canonical(put(paper, path, new))
            assert verifier_takes(data) == agent_takes(data), (path, new)


@pytest.mark.parametrize("paper", PAPERS, ids=["decision", "handed over", "sign-in"])
def test_a_missing_member_is_judged_alike_on_both_sides(paper: dict):
    for name in paper:
        data = canonical({k: v for k, v in paper.items() if k != name})
        assert verifier_takes(data) == agent_takes(data) == (name == "initiator"), name


@given(st.sampled_from([canonical(paper) for paper in PAPERS]), st.data())
def test_damaged_bytes_are_judged_alike_on_both_sides(data: bytes, draw: st.DataObject):
    place = draw.draw(st.integers(0, len(data)))
    cut = draw.draw(st.integers(0, 3))
    other = data[:place] + draw.draw(st.binary(max_size=3)) + data[place + cut :]
    assert verifier_takes(other) == agent_takes(other)
