"""Whether the lists of revoked certificates still count: without one nobody under it signs."""

from dataclasses import dataclass
from datetime import datetime

from app.services.context import Context
from app.trust import anchors
from app.trust.anchors import AnchorRow

SHARE = 4  # in the last quarter of its life a list should have been replaced


@dataclass(frozen=True, slots=True)
class Watched:
    """An authority in force and its newest list; ``state``: ok, near its end, out of date, none."""

    name: str
    kind: str
    software: bool
    number: int | None
    next_update: datetime | None
    seconds_left: int
    state: str


def watched(ctx: Context) -> list[Watched]:
    """Return every authority that is believed here, with how long its newest list still counts."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        rows = anchors.listed(tx)
    believed = ctx.settings.software_signer
    return [
        _watched(row, at) for row in rows if row.ended_at is None and (believed or not row.software)
    ]


def _watched(row: AnchorRow, at: datetime) -> Watched:
    left = int((row.next_update - at).total_seconds()) if row.next_update else 0
    return Watched(
        row.name,
        row.kind,
        row.software,
        row.crl_number,
        row.next_update,
        max(0, left),
        _state(row, at),
    )


def _state(row: AnchorRow, at: datetime) -> str:
    if row.next_update is None or row.this_update is None:
        return "none"
    if row.next_update <= at:
        return "out"
    life = row.next_update - row.this_update
    return "near" if row.next_update - at < life / SHARE else "ok"
