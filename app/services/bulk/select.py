"""Choose what is reviewed together: tasks of one kind, free or one's own, each with its checks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.db import Transaction
from app.domain.errors import Forbidden, Invalid
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.checked import checks
from app.services.context import Context
from app.services.decide import MAY_DECIDE
from app.services.definitions import current_definition
from app.services.inbox import Entry, Filters, chosen, matching
from app.workflow.forms import Form

MOST = 200  # tasks in one bulk review; what is left is begun as the next one

CLAIMED = Label("已由同事认领", "Claimed by a colleague")
ALONE = Label("这类待办须单独办理", "To be decided one by one")
GONE = Label("已不在办理中", "No longer open")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One task with the result of its numbered checks: ``state`` is ok, warn or bad."""

    entry: Entry
    passed: int
    checked: int
    state: str


@dataclass(frozen=True)
class Selection:
    """What would be reviewed; ``left_out`` says how many of those asked for are not, and why."""

    name: Label
    form: Form
    candidates: Sequence[Candidate]
    left_out: Mapping[Label, int]

    @property
    def quantity(self) -> int:
        """The sum in whole tonnes."""
        return sum(candidate.entry.quantity for candidate in self.candidates)

    @property
    def alone(self) -> int:
        """How many are not approved together, because a check failed or asks for a person."""
        return sum(candidate.state != "ok" for candidate in self.candidates)


def prepare(
    ctx: Context, actor: Actor, task_ids: Sequence[int], filters: Filters | None = None
) -> Selection:
    """Return the tasks of those numbers, or the first MOST that match the filters.

    Raises Forbidden to who may not decide and where two people are asked for, Invalid when nothing
    can be reviewed together or the tasks are of several kinds.
    """
    refuse_alone(actor)
    now = ctx.clock.now()
    with ctx.database.transaction() as tx:
        if filters is None:
            found = chosen(tx, now, actor, task_ids[:MOST])
        else:
            found = matching(tx, now, actor, filters, MOST)
        fit, left_out = sorted_out(actor, found, task_ids)
        form = _form(tx, fit[0])
    candidates = [_candidate(ctx, actor, entry) for entry in fit]
    return Selection(fit[0].name, form, candidates, left_out)


def refuse_alone(actor: Actor) -> None:
    """Raise Forbidden unless the actor decides alone: each of two people decides one by one."""
    if actor.rights not in MAY_DECIDE:
        raise Forbidden(
            "您的权限不能提交或审核；请由有权代表办理。",
            "Your rights do not allow submitting or reviewing; ask an entitled representative.",
        )
    if actor.two_person:
        raise Forbidden(
            "该账户实行双人办理，不能批量审核。",
            "This account asks for two people; its reviews are not decided in bulk.",
        )


def sorted_out(
    actor: Actor, found: Iterable[Entry], task_ids: Sequence[int] = ()
) -> tuple[list[Entry], dict[Label, int]]:
    """Return what may be reviewed together, and how many are left out, by reason.

    Raises Invalid when nothing may, or when the tasks are of several kinds.
    """
    found = list(found)
    left_out = Counter({GONE: len(set(task_ids[:MOST]) - {entry.id for entry in found})})
    fit = []
    for entry in found:
        if not entry.bulk:
            left_out[ALONE] += 1
        elif entry.claimed_by not in {None, actor.person_id}:
            left_out[CLAIMED] += 1
        else:
            fit.append(entry)
    if not fit:
        raise Invalid(
            "所选待办都不能批量审核："
            + "；".join(f"{why.zh} {n} 项" for why, n in (+left_out).items()),
            "None of these can be reviewed in bulk.",
        )
    if len({(entry.process_id, entry.element_id) for entry in fit}) > 1:
        raise Invalid(
            "请选择同一类待办进行批量审核。", "Choose tasks of one kind to review them in bulk."
        )
    return fit, dict(+left_out)


def _form(tx: Transaction, entry: Entry) -> Form:
    """Return the form of the newest diagram; each task is validated with its own, when begun."""
    return current_definition(tx, entry.process_id).form_of(entry.element_id)


def _candidate(ctx: Context, actor: Actor, entry: Entry) -> Candidate:
    states = [check.state for check in checks(ctx, actor, entry.instance_id)]
    worst = "bad" if "bad" in states else "warn" if "warn" in states else "ok"
    return Candidate(entry, states.count("ok"), len(states), worst)
