"""Play the year: notices, drafts, submissions, returns, approvals, through the real services.

Every move is decided by what the database says now, so a rehearsal that was killed goes on where
it stopped, and nothing is done twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.db import Transaction
from app.identity.actor import Actor
from app.services.applications import begin
from app.services.context import Context
from app.services.decide import Request, decide
from app.services.notices import NoticeRequest, issue_all
from app.services.rehearsal.market import YEAR, Market, actor
from app.services.rehearsal.supply import INSTRUMENT
from app.services.rehearsal.year_file import Operator

EVERY = 10  # every tenth application of status A, in file order, is returned once first
BATCH = 200
PROCESS = "compliance"
OPINION = "请核对申请提交量与核查结论后重新提交。"


def issue_notices(ctx: Context, market: Market, operators: Sequence[Operator]) -> dict[str, int]:
    """Issue a notice to every operator with verified emissions; return notice ids by operator."""
    for code, regulator in market.regulators.items():
        officer = actor(ctx, regulator.members[0])
        known = _notices(ctx)
        mine = [
            o
            for o in operators
            if o.regulator == code
            and o.emissions > 0
            and market.operators[o.operator_id].holder_id not in known
        ]
        for first in range(0, len(mine), BATCH):
            requests = [
                NoticeRequest(market.operators[o.operator_id].holder_id, YEAR, o.obligation)
                for o in mine[first : first + BATCH]
            ]
            issue_all(ctx, officer, requests)
    issued = _notices(ctx)
    holders = {o.operator_id: market.operators[o.operator_id].holder_id for o in operators}
    return {code: issued[holder] for code, holder in holders.items() if holder in issued}


def _notices(ctx: Context) -> dict[int, int]:
    with ctx.database.transaction() as tx:
        return dict(
            tx.all(
                "SELECT emitter_id, id FROM compliance.notice WHERE year = %(year)s", {"year": YEAR}
            )
        )


@dataclass(frozen=True, slots=True)
class Applicant:
    """An operator that surrenders, and whether its application is returned once first."""

    operator: Operator
    notice_id: int
    returned_first: bool


def applicants(operators: Sequence[Operator], notices: Mapping[str, int]) -> list[Applicant]:
    """Return who surrenders, in file order; every tenth of status A is returned once first."""
    found: list[Applicant] = []
    met = 0
    for operator in operators:
        if not operator.surrenders or operator.operator_id not in notices:
            continue
        met += operator.status == "A"
        returned = operator.status == "A" and met % EVERY == 0
        found.append(Applicant(operator, notices[operator.operator_id], returned))
    return found


def play(
    ctx: Context,
    market: Market,
    wanted: Sequence[Applicant],
    progress: Callable[[int], None],
) -> None:
    """Take every applicant to the end of its surrender."""
    officers = {
        code: actor(ctx, regulator.members[1]) for code, regulator in market.regulators.items()
    }
    for applicant in wanted:
        emitter = actor(ctx, market.operators[applicant.operator.operator_id].members[0])
        _take_to_end(ctx, applicant, emitter, officers[applicant.operator.regulator])
        progress(1)


def _take_to_end(ctx: Context, applicant: Applicant, emitter: Actor, officer: Actor) -> None:
    """Do what is open until the application has ended."""
    quantity = str(applicant.operator.surrenders)
    form = {"lines": [{"instrument": INSTRUMENT, "quantity": quantity}]}
    with ctx.database.transaction() as tx:
        begun = _standing(tx, applicant.notice_id)
    if begun is None:
        begin(ctx, emitter, PROCESS, applicant.notice_id, form, submit=False)
    while True:
        with ctx.database.transaction() as tx:
            standing = _standing(tx, applicant.notice_id)
        if standing is None or standing.key is None:
            return
        if standing.role == emitter.role:
            decide(ctx, emitter, Request(standing.instance_id, standing.key, form))
        else:
            answer = _answer(first=applicant.returned_first and not standing.returned)
            decide(ctx, officer, Request(standing.instance_id, standing.key, answer))


def _answer(*, first: bool) -> dict[str, str]:
    return {"verdict": "return", "opinion": OPINION} if first else {"verdict": "approve"}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an application stands: its open task, if any, and whether it was ever returned."""

    instance_id: int
    key: int | None
    role: str | None
    returned: bool


def _standing(tx: Transaction, notice_id: int) -> Standing | None:
    row = tx.one(
        """SELECT i.id, t.key, t.role, EXISTS (SELECT FROM workflow.decision d
               WHERE d.instance_id = i.id AND d.verdict = 'return')
           FROM workflow.instance i LEFT JOIN workflow.task t ON t.instance_id = i.id
           WHERE i.subject_kind = 'notice' AND i.subject_id = %(notice)s""",
        {"notice": notice_id},
    )
    return Standing(*row) if row else None
