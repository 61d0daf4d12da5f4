"""A text in the two languages of the registry."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """A name in Chinese (the manual's own word) and in English."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        """Return the text in a language; everything that is not English is Chinese."""
        return self.en if language.startswith("en") else self.zh

    def filled(self, facts: Mapping[str, object]) -> "Label":
        """Return the label with its {places} filled."""
        return Label(self.zh.format_map(facts), self.en.format_map(facts))
