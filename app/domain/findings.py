"""What a numbered check found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Finding:
    """One failing numbered check: its code, what it says, and the values it compared.

    ``facts`` holds the compared values as text or whole tonnes, so that a page, the API and
    a report can all show them.
    """

    code: str
    message: Label
    facts: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the finding as the API and the history show it."""
        return {
            "code": self.code,
            "zh": self.message.zh,
            "en": self.message.en,
            "facts": {k: str(v) if isinstance(v, int) else v for k, v in self.facts.items()},
        }
