"""Who was believed at a time that has passed: anchors in force then, and the lists used (R23)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.evidence import documents
from app.evidence.chain import Anchors
from app.evidence.verify import Trust, Verified

MOST_KEPT = 8  # decisions come in their order, and lists change now and then

Moment = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Anchor:
    id: int
    kind: str
    der: bytes
    since: datetime
    until: datetime | None

    def at(self, at: datetime) -> bool:
        """Whether it was believed at a time."""
        return self.since <= at and (self.until is None or at < self.until)


class Believed:
    """Verifies as of then; chains that stood are kept, so that most signatures cost one check.

    ``software``: whether authorities whose keys lie in files are believed at all (production
    believes none).
    """

    def __init__(self, tx: Transaction, *, software: bool) -> None:
        self._tx = tx
        rows = tx.all(
            """SELECT a.id, a.kind, a.der, a.at, e.at FROM trust.anchor a
               LEFT JOIN trust.anchor_end e ON e.anchor_id = a.id
               WHERE %(software)s OR NOT a.software ORDER BY a.id""",
            {"software": software},
        )
        self._anchors = [_Anchor(r[0], r[1], bytes(r[2]), r[3], r[4]) for r in rows]
        self._kept: dict[Moment, Trust] = {}

    def verified(
        self, document: bytes, cms: bytes, crl_ids: Sequence[int], at: datetime
    ) -> Verified:
        """Check a signature as of a time, by the lists of those ids; raises Rejected."""
        found = self._trust(tuple(crl_ids), at).verified(document, cms, at)
        documents.read(document).require_signed_inside(found.signed_at)
        return found

    def _trust(self, crl_ids: tuple[int, ...], at: datetime) -> Trust:
        anchors = tuple(anchor for anchor in self._anchors if anchor.at(at))
        moment = (tuple(anchor.id for anchor in anchors), crl_ids)
        kept = self._kept.get(moment)
        if kept is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            of_kind = {
                kind: [anchor.der for anchor in anchors if anchor.kind == kind]
                for kind in ("root", "intermediate")
            }
            kept = Trust(Anchors(of_kind["root"], of_kind["intermediate"]), self._lists(crl_ids))
            self._kept[moment] = kept
        return kept

    def _lists(self, crl_ids: tuple[int, ...]) -> list[bytes]:
        rows = self._tx.all(
            "SELECT der FROM trust.crl WHERE id = ANY (%(ids)s) ORDER BY id",
            {"ids": list(crl_ids)},
        )
        return [bytes(row[0]) for row in rows]
