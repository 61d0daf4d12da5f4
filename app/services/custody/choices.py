"""What a depositor may return: its lots with something left, and the holders it is linked with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import Forbidden, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.ledger.holdings import Lot, lots
from app.ledger.links import Link, all_links, links_of
from app.services.context import Context


@dataclass(frozen=True, slots=True)
class LotView:
    """A custody lot with the application that made it; quantities in whole tonnes (M18)."""

    lot: Lot
    instance_id: int | None
    number: str

    @property
    def name(self) -> Label:
        """The instrument's name."""
        return Label(self.lot.name, self.lot.name_en or self.lot.name)

    @property
    def opened_at(self) -> datetime:
        """When the units came into custody."""
        at: datetime = self.lot.opened_at
        return at


@dataclass(frozen=True)
class Custody:
    """What a holder's account has in custody, and with whom the holder is linked now."""

    lots: Sequence[LotView]
    links: Sequence[Link]

    @property
    def left(self) -> list[LotView]:
        """The lots from which something can still be returned."""
        return [view for view in self.lots if view.lot.remaining > 0]

    @property
    def by_id(self) -> Mapping[str, LotView]:
        """The lots by the text that a form names them with."""
        return {str(view.lot.id): view for view in self.lots}

    @property
    def by_code(self) -> Mapping[str, Link]:
        """The links by the recipient's code."""
        return {link.recipient_code: link for link in self.links}

    @property
    def kept(self) -> list[LotView]:
        """The lots that still hold units, also where all of it is asked back already."""
        return [view for view in self.lots if view.lot.quantity > view.lot.returned]


def custody(ctx: Context, actor: Actor, account_id: int) -> Custody:
    """Return what lies in custody for an account; raises NotFound for somebody else's."""
    with ctx.database.transaction() as tx:
        return custody_within(tx, actor, account_id)


def linked_codes(ctx: Context, actor: Actor) -> list[str]:
    """Return the codes of the holders that the actor's organisation is linked with."""
    with ctx.database.transaction() as tx:
        return [link.recipient_code for link in links_of(tx, actor.holder_id)]


def linked_accounts(ctx: Context, actor: Actor) -> list[Link]:
    """Return all links that stand, to the registry; raises Forbidden for anybody else."""
    if actor.role != "registry_operator":
        raise Forbidden("只有登记机构可以查看关联关系。", "Only the registry sees all links.")
    with ctx.database.transaction() as tx:
        return all_links(tx)


def custody_within(tx: Transaction, actor: Actor, account_id: int) -> Custody:
    """Do the same inside a transaction that is already open."""
    own = tx.one(
        "SELECT 1 FROM identity.account WHERE id = %(id)s AND holder_id = %(holder)s",
        {"id": account_id, "holder": actor.holder_id},
    )
    if own is None:
        raise NotFound
    found = lots(tx, account_id)
    numbers = {
        transfer: (instance, number)
        for transfer, instance, number in tx.all(
            """SELECT t.id, i.id, i.number FROM ledger.transfer t
               JOIN workflow.instance i ON i.id = t.instance_id WHERE t.id = ANY (%(ids)s)""",
            {"ids": [lot.transfer_id for lot in found]},
        )
    }
    views = [LotView(lot, *numbers.get(lot.transfer_id, (None, ""))) for lot in found]
    return Custody(views, links_of(tx, actor.holder_id))
