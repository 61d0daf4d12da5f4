"""Anything that went wrong, as it is told: code, HTTP status, message and next step."""

from dataclasses import dataclass
from http import HTTPStatus

from usbkey.agent.refusals import REFUSALS, Refused, Text
from usbkey.errors import UsbkeyError


@dataclass(frozen=True)
class Problem:
    """What a page or a window says of an error."""

    code: str
    status: int
    message: Text
    next_step: Text
    detail: Text | None = None

    @classmethod
    def no_pin(cls) -> "Problem":
        """The window was confirmed without a PIN; no try was used up."""
        return cls(
            "no_pin",
            HTTPStatus.UNPROCESSABLE_ENTITY,
            Text("没有输入 PIN 码", "No PIN was entered"),
            Text("输入 PIN 码后再签名；未计入错误次数", "Enter the PIN; no try was used up"),
        )

    def told(self) -> dict[str, object]:
        """Return the problem for JSON."""
        found: dict[str, object] = {
            "code": self.code,
            "message": self.message._asdict(),
            "next_step": self.next_step._asdict(),
        }
        return found if self.detail is None else found | {"detail": self.detail._asdict()}


def problem_of(error: Exception) -> Problem:
    """Return what is said of an error; one that nobody expected is a fault."""
    if isinstance(error, UsbkeyError):
        return Problem(
            error.code,
            HTTPStatus.CONFLICT,
            Text(error.zh, error.en),
            Text(error.next_step.zh, error.next_step.en),
        )
    if isinstance(error, Refused):
        refusal = REFUSALS[error.code]
        return Problem(error.code, refusal.status, refusal.message, refusal.next_step, error.detail)
    fault = REFUSALS["fault"]
    return Problem("fault", fault.status, fault.message, fault.next_step)
