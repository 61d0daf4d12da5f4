"""E-mail into files: a Maildir that any mail program reads. The default, for demos and tests."""

import os
from pathlib import Path

from app.messages.email_text import email_of
from app.messages.port import Failed, Letter


class FileMailbox:
    """Writes each letter as one file named by its token, so the same letter is there once."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    def send(self, letter: Letter) -> None:
        """Write the letter beside the mailbox, then move it in: a reader never sees half of it."""
        write_once(self._folder, f"{letter.token}.eml", email_of(letter, self._sender).as_bytes())

    def holds(self, token: str) -> bool:
        """Return whether the letter lies in the mailbox, read or unread."""
        files = (self._folder / part / f"{token}.eml" for part in ("new", "cur"))
        return any(path.exists() for path in files)

    def told(self) -> str:
        """Return the folder."""
        return str(self._folder)


def write_once(folder: Path, name: str, content: bytes) -> None:
    """Write a file into ``folder``/new through ``folder``/tmp, for its owner's eyes only."""
    try:
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / "tmp" / f"{name}.{os.getpid()}"
        with open(draft, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / "new" / name)
    except OSError as error:
        raise Failed(f"{folder}: {error.strerror}") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
