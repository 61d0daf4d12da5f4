"""Custody, links and returns as the parties do them, for the tests of custody_return.bpmn."""

from dataclasses import dataclass
from typing import Any

from app.identity.actor import Actor
from app.ledger.holdings import Lot, lots
from app.services.applications import begin
from app.services.decide import Outcome, Request, decide
from app.services.withdraw import trigger
from tests.services.market import PE21, Market

REASON = "企业合并，按公告将碳资产存管。"
AGREED = {"verdict": "approve", "opinion": "同意接收。"}
REFUSED = {"verdict": "return", "opinion": "数量与协议不符。"}
APPROVE = {"verdict": "approve"}
RETURN = {"verdict": "return", "opinion": "请补充依据。"}


def deposit_form(**quantities: int) -> dict[str, Any]:
    """The custody form: instrument code = whole tonnes."""
    return {
        "lines": [{"instrument": code, "quantity": str(n)} for code, n in quantities.items()],
        "custody_type": "merger",
        "reason": REASON,
    }


def return_form(*lines: tuple[int, str, int]) -> dict[str, Any]:
    """The return form: (lot, code of the recipient, whole tonnes)."""
    return {
        "lines": [
            {"lot": str(lot), "recipient": code, "quantity": str(n)} for lot, code, n in lines
        ]
    }


@dataclass
class Custody:
    """The depositor, the registry, and what they do."""

    market: Market

    @property
    def depositor(self) -> Actor:
        return self.market.actor("emitter")

    @property
    def registry(self) -> Actor:
        return self.market.actor("registry")

    def submit(self, process: str, form: dict[str, Any]) -> int:
        ctx = self.market.ctx
        return begin(ctx, self.depositor, process, None, form, submit=True).instance_id

    def decide(self, actor: Actor, instance: int, form: dict[str, Any]) -> Outcome:
        """Decide the actor's own open task."""
        [(key,)] = self.market.rows(
            "SELECT key FROM workflow.task WHERE instance_id = %(i)s AND holder_id = %(h)s",
            i=instance,
            h=actor.holder_id,
        )
        return decide(self.market.ctx, actor, Request(instance, key, form))

    def deposit(self, quantity: int = 600, unit: str = PE21) -> Lot:
        """Put units in custody, all the way; return the new lot."""
        instance = self.submit("custody_application", deposit_form(**{unit: quantity}))
        self.decide(self.registry, instance, APPROVE)
        return self.lots()[-1]

    def link(self, *codes: str) -> int:
        """Link the depositor with holders, all the way."""
        instance = self.submit("custody_link", {"holders": list(codes), "reason": REASON})
        self.decide(self.registry, instance, {**APPROVE, "linked": list(codes)})
        return instance

    def give_back(self, *lines: tuple[int, str, int]) -> int:
        """Submit a return; the recipients review next."""
        return self.submit("custody_return", return_form(*lines))

    def withdraw(self, instance: int) -> None:
        trigger(self.market.ctx, self.depositor, instance, "withdraw")

    def lots(self) -> list[Lot]:
        with self.market.ctx.database.transaction() as tx:
            return lots(tx, self.market.account("emitter", "compliance"))

    def open(self, instance: int) -> list[tuple[str, str]]:
        """Who is asked for what: (holder's code, task), in the order of the codes."""
        return self.market.rows(
            """SELECT h.code, t.element_id FROM workflow.task t
               JOIN identity.holder h ON h.id = t.holder_id
               WHERE t.instance_id = %(i)s ORDER BY h.code""",
            i=instance,
        )

    def told(self, code: str) -> list[str]:
        """What a holder was told, oldest first, by template."""
        return [
            row[0]
            for row in self.market.rows(
                "SELECT template FROM workflow.notification WHERE holder_id = %(h)s ORDER BY id",
                h=self.market.holder(code),
            )
        ]
