"""How pages write what they show."""

import pytest

from app.web.formats import by_twos
from usbkey.agent import keys


@pytest.mark.parametrize("number", [0x1, 0xA0F, 0x66C2D4, 2**158 + 7])
def test_a_serial_number_reads_as_in_the_window_it_is_compared_with(number):
    class Held:
        class parsed:  # noqa: N801
            serial_number = number

    assert by_twos(f"{number:x}") == keys.serial_of(Held)
