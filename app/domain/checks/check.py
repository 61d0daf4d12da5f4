"""A numbered business check: a code, what it demands, and a pure function over the facts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.domain.checks.facts import Facts
from app.domain.findings import Finding
from app.domain.label import Label

Objection = tuple[Label, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Check:
    """``rule`` is what the check demands; ``objections`` yields one objection for each failure.

    ``shown`` gives the values compared, for the page that shows passed checks too; ``warning``
    says what a person has to confirm, where the check cannot decide.
    """

    code: str
    rule: Label
    objections: Callable[[Facts], Iterator[Objection]]
    shown: Callable[[Facts], Label] | None = None
    warning: Callable[[Facts], Label | None] | None = None

    def findings(self, facts: Facts) -> list[Finding]:
        """Return every failure; an empty list means passed."""
        return [Finding(self.code, label, values) for label, values in self.objections(facts)]


def tonnes(quantity: int) -> str:
    """Return whole tonnes as people read them: 1,286,400."""
    return f"{quantity:,}"
