"""The demo's merger: units put in custody, two emitters linked, and returns to them (M17-M22)."""

from collections.abc import Mapping
from typing import Any

from app.identity.actor import Actor
from app.services.applications import begin
from app.services.context import Context
from app.services.decide import Request, decide

DEPOSITOR, RECIPIENTS = "LJ", ("NY", "WH")
REASON = "按吸收合并公告，将结余碳资产转入存管，由合并后的单位承继。"


class Merger:
    """One depositor, two recipients, and an officer of the registry."""

    def __init__(
        self, ctx: Context, depositor: Actor, recipients: Mapping[str, Actor], registry: Actor
    ) -> None:
        self.ctx, self.depositor, self.registry = ctx, depositor, registry
        self.recipients = recipients

    def tell(self, allowances: str) -> None:
        """A deposit, the links, a return that is done, and one that waits for a recipient."""
        first, second = self.recipients
        lot = str(self._deposit(allowances, 8_000))
        self._link()
        done = self._return([(lot, first, 3_000)])
        self._review(done, first, "数量与合并协议一致，同意接收。")
        self._decide(self.registry, done, {"verdict": "approve", "opinion": "材料齐全。"})
        waiting = self._return([(lot, first, 2_000), (lot, second, 1_500)])
        self._review(waiting, first, "同意接收。")

    def _deposit(self, allowances: str, quantity: int) -> int:
        form = {
            "lines": [{"instrument": allowances, "quantity": str(quantity)}],
            "custody_type": "merger",
            "reason": REASON,
        }
        instance = self._begin("custody_application", form)
        self._decide(self.registry, instance, {"verdict": "approve", "opinion": "准予存管。"})
        with self.ctx.database.transaction() as tx:
            row = tx.one(
                """SELECT c.id FROM ledger.custody_lot c
                   JOIN ledger.transfer t ON t.id = c.transfer_id WHERE t.instance_id = %(id)s""",
                {"id": instance},
            )
        if row is None:
            raise LookupError(f"instance {instance} opened no custody lot")
        return int(row[0])

    def _link(self) -> None:
        codes = list(self.recipients)
        instance = self._begin("custody_link", {"holders": codes, "reason": REASON})
        form = {"verdict": "approve", "linked": codes, "opinion": "已核对合并公告。"}
        self._decide(self.registry, instance, form)

    def _return(self, lines: list[tuple[str, str, int]]) -> int:
        rows = [{"lot": lot, "recipient": code, "quantity": str(n)} for lot, code, n in lines]
        return self._begin("custody_return", {"lines": rows})

    def _review(self, instance: int, code: str, opinion: str) -> None:
        form = {"verdict": "approve", "opinion": opinion}
        self._decide(self.recipients[code], instance, form)

    def _begin(self, process: str, form: Mapping[str, Any]) -> int:
        return begin(self.ctx, self.depositor, process, None, form, submit=True).instance_id

    def _decide(self, actor: Actor, instance: int, form: Mapping[str, Any]) -> None:
        with self.ctx.database.transaction() as tx:
            row = tx.one(
                """SELECT key FROM workflow.task
                   WHERE instance_id = %(id)s AND holder_id = %(holder)s""",
                {"id": instance, "holder": actor.holder_id},
            )
        if row is None:
            raise LookupError(f"instance {instance} does not wait for {actor.holder_name}")
        decide(self.ctx, actor, Request(instance, row[0], form))
