"""Why a file is not taken, as the end of a sentence that names the file."""

from app.domain.label import Label


class Refusal(ValueError):
    """A content or a name that is not accepted; ``reason`` says why in both languages."""

    def __init__(self, reason: Label) -> None:
        super().__init__(reason.en)
        self.reason = reason


def refused(zh: str, en: str) -> Refusal:
    """Return a refusal with its reason."""
    return Refusal(Label(zh, en))
