"""The calls of a PKCS#11 module that python-pkcs11 has no name for, through ctypes.

The library is in this process already: opening it again gives the same one, initialised.
"""

import ctypes
import sys
from pathlib import Path

from pkcs11 import exceptions

from usbkey.errors import LabelRefused
from usbkey.failures import failed

LABEL = 32
# Places in CK_FUNCTION_LIST (PKCS #11 2.40, the same in 3.x), behind the version.
INIT_TOKEN, CLOSE_ALL_SESSIONS = 9, 14
COUNT = 15
OK = 0
NAMED = {
    0x03: exceptions.SlotIDInvalid,
    0x32: exceptions.DeviceRemoved,
    0xA0: exceptions.PinIncorrect,
    0xA1: exceptions.PinInvalid,
    0xA2: exceptions.PinLenRange,
    0xA4: exceptions.PinLocked,
    0xB6: exceptions.SessionExists,
    0xE0: exceptions.TokenNotPresent,
    0xE2: exceptions.TokenWriteProtected,
}


class _Functions(ctypes.Structure):
    # The standard packs structures to one byte on Windows, and nowhere else.
    if sys.platform == "win32":
        _pack_ = 1
    _fields_ = (("version", ctypes.c_ubyte * 2), ("functions", ctypes.c_void_p * COUNT))


class Cryptoki:
    """A module's functions by their place; answers other than OK raise as python-pkcs11's do."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        found = ctypes.POINTER(_Functions)()
        _require(library.C_GetFunctionList(ctypes.byref(found)))
        self._functions = found.contents.functions

    def init_token(self, slot: int, so_pin: str, label: str) -> None:
        """Make the token in a slot empty, with a label (at most 32 bytes) and an officer's PIN."""
        pin, name = so_pin.encode(), label.encode()
        if not 0 < len(name) <= LABEL:
            raise LabelRefused
        call = self._call(
            INIT_TOKEN, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p
        )
        _require(call(slot, pin, len(pin), name.ljust(LABEL)))

    def close_all_sessions(self, slot: int) -> None:
        """Close what this process has open on a token, and so log out."""
        _require(self._call(CLOSE_ALL_SESSIONS, ctypes.c_ulong)(slot))

    def _call(self, place: int, *arguments: type) -> "ctypes._FuncPointer":
        return ctypes.CFUNCTYPE(ctypes.c_ulong, *arguments)(self._functions[place])


def _require(answer: int) -> None:
    if answer == OK:
        return
    known = NAMED.get(answer)
    raise known() if known else failed(RuntimeError(f"CKR 0x{answer:02X}"))
