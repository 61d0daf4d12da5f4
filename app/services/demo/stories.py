"""Take the demo's applications as far as each holder's story says, through the real services."""

from collections.abc import Mapping
from typing import Any

from app.identity.actor import Actor
from app.identity.details import details_of
from app.services.account_changes.fields import as_seen
from app.services.applications import begin
from app.services.context import Context
from app.services.decide import Request, decide
from app.services.demo.cast import Emitter

PROCESS = "compliance"
CANCELLATION = "voluntary_cancel"
CHANGE = "account_change"
OPINION = "请补充说明数量核对情况，并按核查结论修改申请提交量。"


class Story:
    """One emitter's surrender; ``reviewer`` is an officer of its province."""

    def __init__(self, ctx: Context, emitter: Actor, reviewer: Actor, notice_id: int) -> None:
        self.ctx, self.emitter, self.reviewer, self.notice_id = ctx, emitter, reviewer, notice_id

    def tell(self, told: Emitter, allowances: str, ccer: str) -> None:
        """Play the story of the emitter."""
        whole = min(told.allocation, told.obligation)
        lines = {allowances: whole}
        match told.story:
            case "draft":
                self._begin(lines, submit=False)
            case "submitted":
                self._begin(lines, submit=True)
            case "returned":
                self._review(self._begin(lines, submit=True), "return")
            case "resubmitted":
                instance = self._begin({allowances: whole - 400}, submit=True)
                self._review(instance, "return")
                take_decision(self.ctx, self.emitter, instance, _form(lines))
            case "approved":
                self._review(self._begin(lines, submit=True), "approve")
            case "part":
                first = self._begin({allowances: 252_000, ccer: 8_000}, submit=True)
                self._review(first, "approve")
                self._begin({allowances: 52_000}, submit=True)
            case _:
                return

    def _begin(self, lines: Mapping[str, int], *, submit: bool) -> int:
        started = begin(
            self.ctx, self.emitter, PROCESS, self.notice_id, _form(lines), submit=submit
        )
        return started.instance_id

    def _review(self, instance: int, verdict: str) -> None:
        opinion = OPINION if verdict == "return" else "标的与数量符合履约通知书要求，同意。"
        review = {"verdict": verdict, "opinion": opinion}
        take_decision(self.ctx, self.reviewer, instance, review)


def tell_cancellations(ctx: Context, holder: Actor, management: Actor, ccer: str) -> None:
    """One cancellation with its certificate, and one that waits for management (W11)."""
    first = {
        **_form({ccer: 2_000}),
        "reason": "年度会议碳中和。",
        "beneficiary": "低碳发展论坛组委会",
        "purpose": "抵消 2025 年低碳发展论坛产生的温室气体排放",
    }
    done = begin(ctx, holder, CANCELLATION, None, first, submit=True)
    review = {"verdict": "approve", "opinion": "材料齐全，同意注销。"}
    take_decision(ctx, management, done.instance_id, review)
    second = {**_form({ccer: 500}), "reason": "企业运营碳中和。"}
    begin(ctx, holder, CANCELLATION, None, second, submit=True)


def tell_changes(ctx: Context, emitter: Actor, province: Actor, owner: Actor) -> None:
    """One change of account data that is in force, and one that awaits review (W3)."""
    done = _change(ctx, emitter, legal_representative="梁国栋", contact_phone="0871-66000001")
    review = {"verdict": "approve", "opinion": "与营业执照一致，同意修改。"}
    take_decision(ctx, province, done, review)
    moved = "朔风市新能源产业园 1 号楼"
    _change(ctx, owner, registered_address=moved, bank_name="示范银行朔风支行")


def _change(ctx: Context, holder: Actor, **changes: str) -> int:
    with ctx.database.transaction() as tx:
        data = details_of(tx, holder.holder_id, holder.account_id)
    form = {**data, **changes, "reason": "工商登记信息已变更。", "seen": as_seen(data)}
    return begin(ctx, holder, CHANGE, None, form, submit=True).instance_id


def take_decision(ctx: Context, actor: Actor, instance: int, form: Mapping[str, Any]) -> None:
    """Complete the one open task of an application."""
    with ctx.database.transaction() as tx:
        row = tx.one("SELECT key FROM workflow.task WHERE instance_id = %(id)s", {"id": instance})
    if row is None:
        raise LookupError(f"instance {instance} has no open task")
    decide(ctx, actor, Request(instance, row[0], form))


def _form(lines: Mapping[str, int]) -> dict[str, Any]:
    return {"lines": [{"instrument": code, "quantity": str(n)} for code, n in lines.items()]}
