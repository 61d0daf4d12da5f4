"""What this process believes: roots, authorities and their newest lists of revoked certificates.

Read once and kept as long as the database's own short text of it (``trust.state()``) stays the
same: verifying reads no large rows and locks nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from app.db import Database, Transaction
from app.evidence.verify import Anchors, Trust
from app.services.context import Context
from app.trust import anchors, crls
from app.trust.anchors import Anchor
from app.trust.crls import Crl


@dataclass(frozen=True)
class Trusted:
    """What stood when it was read; ``state`` is equal as long as nothing has changed."""

    state: str
    anchors: tuple[Anchor, ...]
    crls: tuple[Crl, ...]

    @cached_property
    def roots(self) -> tuple[bytes, ...]:
        """The roots, DER."""
        return tuple(one.der for one in self.anchors if one.kind == "root")

    @cached_property
    def intermediates(self) -> tuple[bytes, ...]:
        """The authorities below them, DER."""
        return tuple(one.der for one in self.anchors if one.kind == "intermediate")

    @cached_property
    def crl_ders(self) -> tuple[bytes, ...]:
        """The newest list of each authority, DER, in the order of ``crls``."""
        return tuple(one.der for one in self.crls)

    @cached_property
    def evidence(self) -> Trust:
        """What verifies signatures, and keeps the chains that stood."""
        return Trust(Anchors(self.roots, self.intermediates), self.crl_ders)

    @cached_property
    def software(self) -> frozenset[bytes]:
        """The anchors whose keys lie in files, DER; a chain through one of them is software."""
        return frozenset(one.der for one in self.anchors if one.software)

    def crl_ids(self, indexes: tuple[int, ...]) -> list[int]:
        """Return the database's ids of lists by their places in ``crl_ders``."""
        return [self.crls[index].id for index in indexes]


_kept: WeakKeyDictionary[Database, dict[bool, Trusted]] = WeakKeyDictionary()


def kept(ctx: Context, tx: Transaction) -> Trusted:
    """Return what this process read last, whether or not it is so still; see ``forget``."""
    return _kept.get(ctx.database, {}).get(ctx.settings.software_signer) or current(ctx, tx)


def forget(ctx: Context) -> None:
    """Read anew the next time: the database has said that what is believed has changed."""
    _kept.pop(ctx.database, None)


def current(ctx: Context, tx: Transaction, state: str | None = None) -> Trusted:
    """Return what is believed now.

    ``state`` saves the query where the caller has read ``trust.state()`` along with something
    else. Where no software signer is allowed (production), authorities of a demonstration are
    not believed, whatever the database says.
    """
    known = anchors.state(tx) if state is None else state
    return _known(ctx.database, tx, known, software=ctx.settings.software_signer)


def everything(ctx: Context, tx: Transaction) -> Trusted:
    """Return what would be believed in a demonstration: only to say why something is not."""
    return _known(ctx.database, tx, anchors.state(tx), software=True)


def _known(database: Database, tx: Transaction, state: str, *, software: bool) -> Trusted:
    kept = _kept.setdefault(database, {})
    found = kept.get(software)
    if found is None or found.state != state:
        found = kept[software] = _read(tx, software=software)
    return found


def _read(tx: Transaction, *, software: bool) -> Trusted:
    """Read anchors and lists; the state is read first, so that a change between shows again."""
    state = anchors.state(tx)
    believed = tuple(one for one in anchors.in_force(tx) if software or not one.software)
    ids = {one.id for one in believed}
    lists = tuple(one for one in crls.newest(tx) if one.anchor_id in ids)
    return Trusted(state, believed, lists)
