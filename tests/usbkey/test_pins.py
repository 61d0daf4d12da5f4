"""Which PINs a token may have (G29)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbkey import pins
from usbkey.errors import PinRefused


@pytest.mark.parametrize(
    "pin",
    [
        "1234",  # the manual's own default (R23)
        "12345",
        "123456",
        "654321",
        "000000",
        "888888",
        "246810",
        "AAAAAA",
        "fedcba",
        "123123",
        "PassW0rd",
        "x" * 17,
        "",
        "密码密码密码",
        "12 456",
        "12\n4567",
    ],
)
def test_what_everybody_tries_first_is_refused(pin):
    with pytest.raises(PinRefused) as told:
        pins.require_good(pin)
    assert told.value.zh.startswith("不能使用这个 PIN 码：")
    assert told.value.next_step.en


@pytest.mark.parametrize("pin", ["749261", "7-49261", "Harvest_Moon!", "3" + "81" * 7])
def test_others_are_taken(pin):
    pins.require_good(pin)


@pytest.mark.parametrize(
    "pin", ["33000000001", "x33000000001", "000000001", "ABTEILUNG", "abteilung7"]
)
def test_what_stands_on_the_token_is_refused(pin):
    with pytest.raises(PinRefused):
        pins.require_good(pin, names=("33000000001", "", "Abteilung"))


def test_an_officers_pin_is_longer():
    pins.require_good("749261")
    with pytest.raises(PinRefused, match="8 to 16"):
        pins.require_good("749261", shortest=pins.SHORTEST_OFFICER)


@given(st.text(max_size=20))
def test_a_pin_is_taken_or_refused_and_nothing_else(pin):
    try:
        pins.require_good(pin)
    except PinRefused:
        return
    assert pins.SHORTEST <= len(pin) <= pins.LONGEST
    assert pin.isascii()


def test_transport_pins_are_random():
    made = {pins.new_transport_pin() for _ in range(50)}

    assert len(made) == 50
    assert all(len(pin) == pins.LONGEST for pin in made)
