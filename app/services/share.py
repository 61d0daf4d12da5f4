"""What one of several reviewers is asked about: its own part of an application."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """Whole tonnes that are for one holder, and how many of them are reductions."""

    quantity: int
    ccer: int
