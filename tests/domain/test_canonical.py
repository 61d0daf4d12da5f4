"""Canonical bytes of what is decided on, and their leaf hash."""

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.domain.canonical import canonical, leaf, new_salt, salted


def test_canonical_bytes_do_not_depend_on_the_order_of_keys():
    assert canonical({"b": "1", "a": "二"}) == canonical({"a": "二", "b": "1"})
    assert canonical({"b": "1", "a": "二"}) == '{"a":"二","b":"1"}'.encode()


VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1, 1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), VALUES))
def test_canonical_bytes_are_those_of_rfc_8785_under_any_and_under_plain_keys(document):
    assert canonical(document) == rfc8785.dumps(document)
    under_plain_keys = {plain(key): value for key, value in document.items()}
    assert canonical(under_plain_keys) == rfc8785.dumps(under_plain_keys)


def plain(key: str) -> str:
    """Only ASCII, also of what has no picture and of what must be escaped."""
    return "".join(chr(ord(character) % 128) for character in key)


def test_half_a_character_is_refused():
    with pytest.raises(ValueError, match="canonical"):
        canonical({"name": "\ud800"})


def test_an_integer_that_a_double_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="canonical"):
        canonical({"serial": 2**53})


def test_a_leaf_is_the_hash_of_a_zero_byte_and_the_stored_bytes():
    assert leaf(b"stored") == hashlib.sha256(b"\x00stored").digest()


def test_the_same_person_has_another_hash_under_another_salt():
    assert salted("21042300118", new_salt()) != salted("21042300118", new_salt())
