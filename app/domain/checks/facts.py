"""What numbered checks look at: one snapshot of a wish, loaded before any of them runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.checks.claim_facts import ClaimFacts
from app.domain.checks.pilot_facts import PilotFacts
from app.domain.offset_rule import OffsetRule
from app.domain.reductions import EXTERNAL, REDUCTIONS
from app.domain.scope import Scope


@dataclass(frozen=True, slots=True)
class Route:
    """A way that a transaction type allows: a unit type from one account type to another.

    ``from_position`` is None where the units lie free in the account.
    """

    unit_type: str
    from_type: str
    to_type: str
    from_position: str | None = None


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """The transaction type as data; ``checks`` are the codes that run, in order.

    ``direct``: it may be ordered; ``approver`` is the role that must approve then, if any.
    """

    code: str
    name: str
    name_en: str
    proposers: frozenset[str]
    own_source: bool
    linked_only: bool
    despite_status: bool
    routes: tuple[Route, ...]
    checks: tuple[str, ...]
    direct: bool = False
    approver: str | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account: its status governs sending and receiving (G22)."""

    id: int
    number: str
    type: str
    status: str
    holder_id: int
    linked_account_id: int | None = None


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What a rule looks at in an instrument."""

    id: int
    code: str
    name: str
    unit_type: str
    year: int | None
    region: str | None = None
    project_type: str | None = None
    vintage: int | None = None
    covered_source: bool = False


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One wished line in whole tonnes.

    ``available`` is what the sender may still use of the instrument, plus what this application
    itself holds already (on approval the checks run again). ``unit`` is None for an unknown code.
    ``lot`` is the custody lot it comes out of, and ``lot_remaining`` what is left there.
    """

    instrument: str
    quantity: int
    available: int
    unit: UnitFacts | None
    to: AccountFacts | None = None
    lot: int | None = None
    lot_remaining: int | None = None


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A compliance notice, in whole tonnes; ``pending`` excludes this application's own hold."""

    number: str
    obligation: int
    surrendered: int
    pending: int
    ccer_limit: int
    ccer_surrendered: int
    ccer_pending: int
    scope: Scope
    ccer_rule: OffsetRule
    deadline: datetime


@dataclass(frozen=True, slots=True)
class ReversalFacts:
    """The transfer to be reversed (S20, S21): what reversed it before, and what is not there.

    ``missing`` are tonnes that no longer lie where the transfer put them.
    """

    transfer_id: int
    reversed_by: int | None
    missing: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The snapshot: type, sender, lines, and what the application is about.

    ``depositor`` is the account whose lots are given back, ``linked`` are the holders linked with
    it; ``custody_strictly_less`` is the registry's reading of R11 (G12).
    """

    type: TypeFacts
    role: str
    acting_holder: int
    sender: AccountFacts | None
    lines: tuple[LineFacts, ...]
    notice: NoticeFacts | None = None
    ids: Mapping[str, int] = field(default_factory=dict)
    reversal: ReversalFacts | None = None
    linked: frozenset[int] = frozenset()
    depositor: AccountFacts | None = None
    custody_strictly_less: bool = False
    pilot: PilotFacts | None = None
    claim: ClaimFacts | None = None

    @property
    def total(self) -> int:
        """The tonnes of all lines."""
        return sum(line.quantity for line in self.lines)

    @property
    def ccer(self) -> int:
        """The tonnes of reductions among the lines, those of another registry included (G18)."""
        return sum(x.quantity for x in self.lines if x.unit and x.unit.unit_type in REDUCTIONS)

    @property
    def external(self) -> int:
        """The tonnes of another registry's reductions among the lines (G17)."""
        return sum(x.quantity for x in self.lines if x.unit and x.unit.unit_type == EXTERNAL)
