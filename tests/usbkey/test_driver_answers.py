"""What a driver answers becomes a typed error with a next step, in both languages."""

import pytest
from pkcs11 import PKCS11Error
from pkcs11 import exceptions as answers
from pkcs11.constants import TokenFlag

from tests.usbkey.fake_driver import PIN, FakeDriver, FakeSlot, FakeToken, fake
from usbkey import errors
from usbkey.failures import GONE, typed
from usbkey.module import Module


def log_in(module, pin=PIN):
    with module.logins.user(module.token(), pin):
        pass


def test_a_token_says_how_few_tries_are_left_and_then_locks():
    module, _, token = fake(tries=3)

    with pytest.raises(errors.WrongPin) as first:
        log_in(module, "wrong1")
    with pytest.raises(errors.WrongPin) as second:
        log_in(module, "wrong2")
    with pytest.raises(errors.PinLocked):
        log_in(module, "wrong3")

    assert (first.value.tries_left, first.value.low) == (None, True)
    assert (second.value.tries_left, second.value.low) == (1, True)
    assert "1 次" in second.value.zh
    assert "1 try left" in second.value.en
    assert token.logged_in == 0


def test_a_locked_token_refuses_even_the_right_pin_and_is_not_asked():
    module, _, token = fake(tries=1)
    with pytest.raises(errors.PinLocked):
        log_in(module, "wrong1")
    token.slot.answer = AssertionError("it was asked all the same")

    with pytest.raises(errors.PinLocked) as told:
        log_in(module)

    assert "unlock" in told.value.next_step.en


def test_a_token_that_tells_nothing_still_locks():
    module, _, _ = fake(tries=2, tells=False)
    for pin in ("wrong1", "wrong2"):
        with pytest.raises(errors.WrongPin) as told:
            log_in(module, pin)
        assert (told.value.tries_left, told.value.low) == (None, False)

    with pytest.raises(errors.PinLocked):
        log_in(module)


def test_the_right_pin_wins_the_tries_back():
    module, _, token = fake(tries=3)
    for _ in range(3):
        with pytest.raises(errors.WrongPin):
            log_in(module, "wrong1")
        log_in(module)

    assert token.failures == 0
    assert token.logged_in == 0


def test_a_token_without_a_pin_is_named_so():
    slot = FakeSlot()
    slot.token = BareToken(slot)
    driver = FakeDriver([slot])

    with pytest.raises(errors.PinNotSet):
        log_in(Module("a fake", driver, driver))


class BareToken(FakeToken):
    flags = TokenFlag.TOKEN_INITIALIZED


def test_a_pin_that_the_token_wants_changed_signs_nothing():
    module, _, _ = fake(more_flags=TokenFlag.USER_PIN_TO_BE_CHANGED)

    assert module.token().awaits_new_pin()


def test_a_failed_login_leaves_no_session_open():
    module, driver, _ = fake()
    with pytest.raises(errors.WrongPin):
        log_in(module, "wrong1")

    assert driver.closed == [7]


def test_a_login_of_other_code_is_ended_and_the_pin_asked_anew():
    module, driver, token = fake()
    token.slot.answer = answers.UserAlreadyLoggedIn()

    def close(slot: int) -> None:
        driver.closed.append(slot)
        token.slot.answer = None

    driver.close_all_sessions = close
    with pytest.raises(errors.WrongPin):
        log_in(module, "wrong1")
    token.slot.answer = answers.UserAlreadyLoggedIn()
    log_in(module)
    assert driver.closed[0] == 7


def test_a_token_plugged_in_after_the_driver_started_is_found():
    late = FakeSlot()
    late.token = FakeToken(late)
    driver = FakeDriver(plugged_later=[late])

    assert [token.label for token in Module("a fake", driver, driver).tokens()] == ["33000000001"]
    assert driver.restarts == 1


def test_the_driver_is_not_started_again_under_somebody_who_is_logged_in():
    module, driver, token = fake()
    with module.logins.user(module.token(), PIN):
        token.slot.token = None
        assert module.tokens() == []
    assert driver.restarts == 0


@pytest.mark.parametrize("answer", GONE)
def test_every_answer_of_a_token_that_is_gone_means_removed(answer):
    with pytest.raises(errors.TokenRemoved), typed():
        raise answer


def test_a_general_failure_means_removed_only_where_the_token_is_gone():
    with pytest.raises(errors.TokenRemoved), typed(lambda: False):
        raise answers.GeneralError
    with pytest.raises(errors.TokenFailed, match="GeneralError"), typed(lambda: True):
        raise answers.GeneralError


def every_answer():
    found = [PKCS11Error]
    for kind in found:
        found += [other for other in kind.__subclasses__() if other not in found]
    return sorted(set(found), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("answer", every_answer(), ids=lambda kind: kind.__name__)
def test_no_answer_of_a_driver_reaches_a_person_untyped(answer):
    module, _, token = fake()
    token.slot.answer = answer("said the driver")

    with pytest.raises(errors.UsbkeyError) as told:
        log_in(module)

    assert told.value.zh
    assert told.value.en
    assert told.value.next_step.zh
    assert told.value.next_step.en


def test_every_error_has_a_code_of_its_own_and_a_next_step():
    kinds = errors.UsbkeyError.__subclasses__()
    codes = [kind.code for kind in kinds]

    assert len(codes) == len(set(codes)) > 10
    assert all(kind.happened.zh and kind.happened.en for kind in kinds)
    assert all(kind.next_step.zh and kind.next_step.en for kind in kinds)
