"""SMS into files. A gateway of a mobile operator is another class with the same three methods."""

import json
from pathlib import Path

from app.messages.mailbox import write_once
from app.messages.port import Letter


class FileSms:
    """Writes each short message as one JSON file named by its token."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Letter) -> None:
        """Write the message; an SMS has no subject."""
        content = {"to": letter.address, "text": letter.body, "at": letter.at.isoformat()}
        text = json.dumps(content, ensure_ascii=False, indent=1)
        write_once(self._folder, f"{letter.token}.json", text.encode())

    def holds(self, token: str) -> bool:
        """Return whether the message was written."""
        return (self._folder / "new" / f"{token}.json").exists()

    def told(self) -> str:
        """Return the folder."""
        return str(self._folder)
