"""The other registry's numbers as people type them (G17)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.external_numbers import Stretch, UnreadableNumbers, read_numbers, total

PREFIXES = st.sampled_from(["", "CCER-2020-", "甲", "A-1/"])


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    """Stretches one behind the other, so that none overlaps."""
    prefix, at, found = draw(PREFIXES), 0, []
    for _ in range(draw(st.integers(1, 6))):
        first = at + draw(st.integers(0, 40))
        last = first + draw(st.integers(0, 40))
        found.append(Stretch(prefix, 6, first, last))
        at = last + 1
    return found


@given(stretches(), st.sampled_from(["~", "～", " ~ ", "至"]), st.randoms())
def test_what_is_written_is_read_as_it_was(found: list[Stretch], between: str, random) -> None:
    said = [s.said.replace("~", between) for s in found]
    order = list(zip(said, found, strict=True))
    random.shuffle(order)
    text = "\n\n".join(line for line, _ in order)
    assert list(read_numbers(text)) == [stretch for _, stretch in order]
    assert total(found) == sum(s.last - s.first + 1 for s in found)


@pytest.mark.parametrize(
    "text", ["", "三十", "A1~B2", "A2~A1", "A1~A10", "A1~A2~A3", "A01~A05\nA05", "A1\nA1"]
)
def test_what_is_no_list_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(UnreadableNumbers):
        read_numbers(text)


def test_a_thousand_lines_are_too_many() -> None:
    with pytest.raises(UnreadableNumbers):
        read_numbers("\n".join(f"A{n:04d}" for n in range(1000)))


@pytest.mark.parametrize(
    "text",
    [
        "ccer-2023-000001~ccer-2023-000500",
        "ＣＣＥＲ-2023-000001～ＣＣＥＲ-2023-０００５００",
        "CCER - 2023 - 000001 ~ CCER - 2023 - 000500",
        "CC\u200bER-2023-000001~CCER-\u20602023-000500",
    ],
)
def test_numbers_that_look_alike_are_the_same_numbers(text: str) -> None:
    assert read_numbers(text) == (Stretch("CCER-2023-", 6, 1, 500),)


@pytest.mark.parametrize("text", ["СCER-01", "CCER\u20132023-01", "CCER\u0301-01", "A\u0661"])
def test_a_sign_that_only_looks_like_another_is_refused(text: str) -> None:
    with pytest.raises(UnreadableNumbers):
        read_numbers(text)
