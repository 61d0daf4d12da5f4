"""What can be asked of the ledger: five frozen requests, as the SQL functions read them.

Quantities are whole tonnes and travel as decimal strings, never as JSON numbers.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Function = Literal["reserve", "post", "void", "direct", "reverse"]


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, for which account, in which role, on which decision, at which instant."""

    person_id: int | None
    account_id: int | None
    role: str
    at: datetime
    decision_id: int | None = None

    def request(self) -> dict[str, Any]:
        """Return the common part of every request."""
        return {
            "person_id": self.person_id,
            "account_id": self.account_id,
            "role": self.role,
            "decision_id": self.decision_id,
            "at": self.at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """So many tonnes of an instrument; the target is the type's own unless it is named."""

    instrument_id: int
    quantity: int
    to_account: int | None = None
    custody_lot_id: int | None = None

    def request(self) -> dict[str, Any]:
        """Return the line as the functions read it."""
        return _given(
            instrument_id=self.instrument_id,
            quantity=str(self.quantity),
            to_account=self.to_account,
            custody_lot_id=self.custody_lot_id,
        )


@dataclass(frozen=True, slots=True)
class Draw:
    """So many tonnes of room under a ceiling."""

    ceiling_id: int
    quantity: int

    def request(self) -> dict[str, Any]:
        """Return the draw as the functions read it."""
        return {"id": self.ceiling_id, "quantity": str(self.quantity)}


@dataclass(frozen=True, slots=True)
class Order:
    """What backs a direct transfer or a reversal: two people and a document."""

    proposer_person: int
    document_number: str
    approver_person: int | None = None

    def request(self) -> dict[str, Any]:
        """Return the order as the functions read it."""
        return {
            "proposer_person": self.proposer_person,
            "approver_person": self.approver_person,
            "document_number": self.document_number,
        }


@dataclass(frozen=True, slots=True)
class Reserve:
    """First phase: hold units, and room under ceilings, for a transfer to be approved."""

    key: str
    type: str
    from_account: int
    lines: tuple[Line, ...]
    by: By
    instance_id: int | None = None
    ceilings: tuple[Draw, ...] = ()
    to_account: int | None = None
    reason: str = ""
    function: Function = "reserve"

    def request(self) -> dict[str, Any]:
        """Return the request of ``ledger.reserve``."""
        return _given(
            key=self.key,
            type=self.type,
            from_account=self.from_account,
            to_account=self.to_account,
            lines=[line.request() for line in self.lines],
            ceilings=[draw.request() for draw in self.ceilings],
            instance_id=self.instance_id,
            reason=self.reason,
            **self.by.request(),
        )


@dataclass(frozen=True, slots=True)
class Post:
    """Second phase: the held units go to their targets."""

    transfer_id: int
    by: By
    function: Function = "post"

    def request(self) -> dict[str, Any]:
        """Return the request of ``ledger.post`` or ``ledger.void``."""
        return {"transfer_id": self.transfer_id, **self.by.request()}


@dataclass(frozen=True, slots=True)
class Void(Post):
    """Give the held units back."""

    function: Function = "void"


@dataclass(frozen=True, slots=True)
class Direct:
    """One phase: units go, or come into being, at once, backed by an order."""

    key: str
    type: str
    from_account: int
    lines: tuple[Line, ...]
    order: Order
    by: By
    to_account: int | None = None
    reason: str = ""
    function: Function = "direct"

    def request(self) -> dict[str, Any]:
        """Return the request of ``ledger.direct``."""
        return _given(
            key=self.key,
            type=self.type,
            from_account=self.from_account,
            to_account=self.to_account,
            lines=[line.request() for line in self.lines],
            order=self.order.request(),
            reason=self.reason,
            **self.by.request(),
        )


@dataclass(frozen=True, slots=True)
class Reverse:
    """A linked reversal: exactly the serial ranges of a posted transfer go back (S20, S21)."""

    key: str
    type: str
    transfer_id: int
    order: Order
    by: By
    reason: str = ""
    function: Function = "reverse"

    def request(self) -> dict[str, Any]:
        """Return the request of ``ledger.reverse``."""
        return _given(
            key=self.key,
            type=self.type,
            transfer_id=self.transfer_id,
            order=self.order.request(),
            reason=self.reason,
            **self.by.request(),
        )


Effect = Reserve | Post | Void | Direct | Reverse


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
