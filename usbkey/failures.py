"""What a PKCS#11 module answers, in the words of usbkey.errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pkcs11
from pkcs11 import exceptions as answers

from usbkey import errors

# A token that is pulled out answers with any of these, by maker and moment.
GONE = (
    answers.DeviceRemoved,
    answers.TokenNotPresent,
    answers.TokenNotRecognised,
    answers.SessionHandleInvalid,
    answers.SessionClosed,
    answers.SlotIDInvalid,
)
NAMED: tuple[tuple[type[Exception], type[errors.UsbkeyError]], ...] = (
    (answers.PinLocked, errors.PinLocked),
    (answers.PinExpired, errors.PinToBeChanged),
    (answers.UserPinNotInitialized, errors.PinNotSet),
    (answers.PinInvalid, errors.PinRefused),
    (answers.PinLenRange, errors.PinRefused),
    (answers.PinTooWeak, errors.PinRefused),
    (answers.PinIncorrect, errors.WrongPin),
)


@contextmanager
def typed(still_there: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Turn what the module answers into a typed error.

    A general failure of a token that is not there any more means that it was pulled out.
    """
    try:
        yield
    except GONE as error:
        raise errors.TokenRemoved from error
    except pkcs11.PKCS11Error as error:
        for answer, meaning in NAMED:
            if isinstance(error, answer):
                raise meaning from error
        if not still_there():
            raise errors.TokenRemoved from error
        raise failed(error) from error


def failed(error: Exception) -> errors.TokenFailed:
    """An error without a name of its own here, with the module's name for it."""
    said = f"{type(error).__name__} {error}".strip()
    return errors.TokenFailed(
        zh=f"USBKey 报告错误：{said}。", en=f"The USBKey reports an error: {said}."
    )
