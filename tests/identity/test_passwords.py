"""The password policy, as a property: what is accepted is accepted again, what is short never."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.identity import passwords


@given(st.text(max_size=200), st.text(alphabet="0123456789", min_size=6, max_size=11))
def test_an_accepted_password_keeps_every_rule(password, member_no):
    if passwords.objection(password, member_no) is None:
        assert passwords.SHORTEST <= len(password) <= passwords.LONGEST
        assert member_no not in password
        assert len(set(password)) >= passwords.KINDS_NEEDED


@given(st.text(min_size=12, max_size=128).filter(lambda text: len(set(text)) >= 5))
def test_a_long_and_varied_password_is_accepted(password):
    against = passwords.objection(password, "21042300007")
    assert against is None or "regular" in against.en or "21042300007" in password


@pytest.mark.parametrize(
    "password",
    [
        "Password1234",
        "password123456",
        "qwertyuiop12",
        "abcdeabcdeabcde",
        "abcdefghijklm",
        "zyxwvutsrqpon",
        "123456789:;<=",
        "woaini5201314",
        "admin123456!",
    ],
)
def test_what_everybody_tries_first_is_refused(password):
    assert "regular" in passwords.objection(password, "21042300007").en


@pytest.mark.parametrize(
    "password",
    ["a calm autumn morning", "四季平安碳排放权登记簿记", "kR7#vQ2!mZ9xw", "my admin likes tea"],
)
def test_what_nobody_guesses_is_accepted(password):
    assert passwords.objection(password, "21042300007") is None


@settings(max_examples=8, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128))
def test_a_password_matches_its_own_hash_and_no_other(password):
    stored = passwords.password_hash(password)
    assert passwords.matches(stored, password)
    assert not passwords.matches(stored, password + "x")
    assert not passwords.matches(stored, password.swapcase() + "!")


def test_nothing_matches_where_no_password_is_stored():
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches(None, "")


def test_a_damaged_hash_is_a_wrong_password():
    assert not passwords.matches("$argon2id$damaged", "anything")


def test_a_hash_made_with_weaker_parameters_is_made_anew():
    weak = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aaaaaaaaaaaaaaaaaaaaaa"
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(passwords.password_hash("a calm autumn morning"))
