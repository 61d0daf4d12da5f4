"""The unified social credit code: its check character finds a mistyped one (GB 32100)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.credit_code import ALPHABET, LENGTH, check_character, is_credit_code

FIRST = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110108551385082Q"])
def test_published_codes_are_correct(code: str) -> None:
    assert is_credit_code(code)


@given(first=FIRST, place=st.integers(0, LENGTH - 1), other=st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_always_found(first: str, place: int, other: str) -> None:
    code = first + check_character(first)
    assert is_credit_code(code)
    wrong = code[:place] + other + code[place + 1 :]
    assert is_credit_code(wrong) == (wrong == code)


@given(first=FIRST, place=st.integers(0, LENGTH - 2))
def test_two_neighbours_in_the_wrong_order_are_always_found(first: str, place: int) -> None:
    code = first + check_character(first)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert is_credit_code(wrong) == (wrong == code)


@given(st.text(max_size=25))
def test_any_other_text_is_refused_without_a_fault(text: str) -> None:
    if is_credit_code(text):
        assert len(text) == LENGTH
        assert set(text) <= set(ALPHABET)
