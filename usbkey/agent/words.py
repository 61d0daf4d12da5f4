"""The language of a window: Chinese first, English complete; templates hold both side by side."""

from datetime import datetime, timedelta, timezone

from usbkey.agent.refusals import Text

BEIJING = timezone(timedelta(hours=8))


class Words:
    """Says things in one language."""

    def __init__(self, language: str) -> None:
        self.english = language == "en"
        self.lang = "en" if self.english else "zh-CN"

    def __call__(self, zh: str, en: str) -> str:
        """Return one of two texts."""
        return en if self.english else zh

    def of(self, text: Text) -> str:
        """Return one side of a text."""
        return text.en if self.english else text.zh

    def time(self, at: datetime) -> str:
        """Return a time of day in Beijing, as the registry shows it."""
        return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"

    def tonnes(self, quantity: int) -> str:
        """Return whole tonnes with thousands separated."""
        return f"{quantity:,}"
