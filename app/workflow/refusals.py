"""Why a bundle is not deployed: every reason at once, each with the element it is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.errors import Invalid
from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. ``element_id`` names the element, or the file when there is no element."""

    element_id: str
    reason: Label


class Refused(Invalid):
    """A bundle cannot be deployed; ``refusals`` holds every reason, in diagram order."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(
            "；".join(f"{r.element_id}：{r.reason.zh}" for r in self.refusals),
            "; ".join(f"{r.element_id}: {r.reason.en}" for r in self.refusals),
        )
