"""Which browsers were allowed to ask: a file of the user's own, with hashes of their secrets.

The secret is 256 random bits, so a plain SHA-256 keeps it: whoever reads the file cannot use it.
The file is read at every request, so that `--forget` holds at once in an agent that runs.
"""

import hmac
import json
import os
import secrets
import threading
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from usbkey.agent.refusals import Refused, Text

FORMAT = "usbkey-agent/pairings/1"
MOST = 10  # browsers of one website; the oldest pairing goes


class PairingFileError(Refused):
    """The file of pairings cannot be trusted; the detail says what to do with it."""

    def __init__(self, path: Path, what: Text) -> None:
        super().__init__("pairings", Text(f"{path}：{what.zh}", f"{path}: {what.en}"))

    def __str__(self) -> str:
        return f"{self.detail.zh}\n{self.detail.en}" if self.detail else self.code


OPEN_TO_OTHERS = Text("其他用户可以修改，运行 chmod 600", "others may touch it, run chmod 600")
DAMAGED = Text("已损坏，删除后重新配对", "it is damaged, delete it and pair again")
OTHER_VERSION = Text(
    "版本不符，删除后重新配对", "it is of another version, delete it and pair again"
)


def new_secret() -> str:
    """Return a pairing secret of 256 random bits."""
    return secrets.token_urlsafe(32)


class Pairings:
    """The file of pairings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def holds(self, origin: str, secret: str) -> bool:
        """Whether this website was paired with this secret."""
        wanted = _hash(origin, secret)
        return any(hmac.compare_digest(row["hash"], wanted) for row in self._rows())

    def add(self, origin: str, secret: str) -> None:
        """Keep a pairing that the user allowed."""
        row = {
            "origin": origin,
            "hash": _hash(origin, secret),
            "since": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        with self._lock:
            rows = self._rows()
            same = [other for other in rows if other["origin"] == origin]
            gone = same[: max(0, len(same) + 1 - MOST)]
            self._write([other for other in rows if other not in gone] + [row])

    def forget(self, origin: str) -> int:
        """Revoke all pairings of a website; returns how many there were."""
        with self._lock:
            rows = self._rows()
            kept = [row for row in rows if row["origin"] != origin]
            self._write(kept)
        return len(rows) - len(kept)

    def origins(self) -> list[tuple[str, str]]:
        """Return website and time of each pairing."""
        return [(row["origin"], row["since"]) for row in self._rows()]

    def _rows(self) -> list[dict[str, Any]]:
        try:
            with self.path.open(encoding="utf-8") as file:
                _require_own(os.fstat(file.fileno()), self.path)
                content = json.load(file)
        except FileNotFoundError:
            return []
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise PairingFileError(self.path, DAMAGED) from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise PairingFileError(self.path, OTHER_VERSION)
        rows: list[dict[str, Any]] = content["pairings"]
        return rows

    def _write(self, rows: list[dict[str, Any]]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, "pairings": rows}, file, indent=1)
        beside.replace(self.path)


def _hash(origin: str, secret: str) -> str:
    return sha256(f"{origin}\n{secret}".encode()).hexdigest()


def _require_own(found: os.stat_result, path: Path) -> None:
    if os.name == "posix" and (found.st_uid != os.getuid() or found.st_mode & 0o077):
        raise PairingFileError(path, OPEN_TO_OTHERS)
