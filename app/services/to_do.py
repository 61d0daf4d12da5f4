"""How much waits for an organisation: in all, by flow and step, and by when it is due (F24, D26).

The header of every page asks for the numbers by flow, in one short query; the inbox reads its own
in the transaction of the page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.db import Transaction
from app.domain.clock import BEIJING
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context

COUNTED = 1000  # counts stop here and then read "1000+": nobody works off more by looking
BUCKETS = {
    "overdue": Label("已逾期", "Overdue"),
    "today": Label("今日截止", "Due today"),
    "soon": Label("3 日内", "Within 3 days"),
    "later": Label("更晚", "Later"),
    "none": Label("无时限", "No time limit"),
}
DUE = {
    "overdue": "t.due_at < %(now)s",
    "today": "t.due_at >= %(now)s AND t.due_at < %(tomorrow)s",
    "soon": "t.due_at >= %(tomorrow)s AND t.due_at < %(soon)s",
    "later": "t.due_at >= %(soon)s AND t.due_at < 'infinity'",
    "none": "t.due_at = 'infinity'",
}

# A first draft is not a to-do: it waits for nobody but the one who began it, and is listed there.
# Handed over (G21) it waits for the confirming representatives of its account.
MINE = """t.holder_id = %(holder)s AND t.role = %(role)s
    AND t.instance_id NOT IN (SELECT d.id FROM workflow.instance d
        WHERE d.applicant_id = %(holder)s AND d.version = 0 AND d.status = 'open'
          AND NOT (%(confirms)s AND EXISTS (SELECT FROM workflow.draft w
              WHERE w.instance_id = d.id AND w.account_id = %(account)s
                AND w.person_id <> %(person)s AND w.ready_at IS NOT NULL)))"""


@dataclass(frozen=True, slots=True)
class Flow:
    """What waits in one flow; ``step`` is its process, as the inbox's filter takes it."""

    step: str
    name: Label
    count: int
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one step of one flow: how many, how many of them overdue."""

    step: str
    name: Label
    count: int
    overdue: int

    @property
    def process_id(self) -> str:
        """The flow that the step belongs to."""
        return self.step.partition(".")[0]


@dataclass(frozen=True, slots=True)
class ToDo:
    """The header's numbers: in all (it stops at COUNTED + 1), and by flow, the most first."""

    total: int = 0
    flows: tuple[Flow, ...] = ()


@dataclass(frozen=True)
class Counts:
    """What waits, by step and by when it is due; ``capped`` when there is more than is counted.

    ``next_due`` is the nearest deadline that has not passed. ``waiting`` is the number in the
    header: as ``to_do``.
    """

    groups: tuple[Group, ...] = ()
    due: Mapping[str, int] = field(default_factory=dict)
    capped: bool = False
    next_due: datetime | None = None
    waiting: int = 0
    flows: tuple[Flow, ...] = ()

    @property
    def total(self) -> int:
        """All counted tasks."""
        return sum(group.count for group in self.groups)

    @property
    def to_do(self) -> ToDo:
        """The same numbers as the header shows them."""
        return ToDo(self.waiting, self.flows)


def to_do(ctx: Context, actor: Actor) -> ToDo:
    """Return the header's numbers."""
    with ctx.database.transaction() as tx:
        rows = tx.all(_BY_FLOW, whose(actor))
    flows = [Flow(process, Label(zh, en or zh), count) for process, count, zh, en in rows]
    return ToDo(sum(flow.count for flow in flows), _sorted(flows))


def whose(actor: Actor) -> dict[str, object]:
    """Return the parameters of MINE."""
    return {
        "holder": actor.holder_id,
        "role": actor.role,
        "account": actor.account_id,
        "person": actor.person_id,
        "confirms": actor.two_person and actor.may_confirm,
    }


# A flow is called what its newest diagram calls it.
_NAMED = """LEFT JOIN LATERAL (SELECT b.name, b.name_en FROM workflow.deployment y
    JOIN workflow.bundle b ON b.hash = y.bundle_hash WHERE y.process_id = waiting.process_id
    ORDER BY y.id DESC LIMIT 1) AS flow ON true"""

_BY_FLOW = f"""SELECT waiting.process_id, waiting.n, coalesce(flow.name, waiting.process_id),
        flow.name_en
    FROM (SELECT e.process_id, count(*) AS n FROM (SELECT t.process_id FROM workflow.task t
        WHERE {MINE} LIMIT {COUNTED + 1}) AS e GROUP BY e.process_id) AS waiting {_NAMED}"""  # noqa: S608

_WAITING = f"""SELECT count(*) FROM (SELECT FROM workflow.task t
    WHERE {MINE} LIMIT {COUNTED + 1}) AS every"""  # noqa: S608 - constants

_CASES = " ".join(f"WHEN {rule} THEN '{name}'" for name, rule in DUE.items())

_BY_STEP = f"""SELECT waiting.*, coalesce(flow.name, waiting.process_id), flow.name_en,
        ({_WAITING})
    FROM (SELECT process_id, element_id, min(name) AS name, min(name_en) AS name_en, bucket,
            count(*), min(nullif(due_at, 'infinity')) FILTER (WHERE due_at > %(now)s)
        FROM (SELECT t.process_id, t.element_id, t.name, t.name_en, t.due_at,
            CASE {_CASES} END AS bucket
            FROM workflow.task t WHERE {MINE}
            ORDER BY t.due_at, t.id LIMIT {COUNTED}) AS first
        GROUP BY process_id, element_id, bucket) AS waiting {_NAMED}"""  # noqa: S608 - constants


def counts_of(tx: Transaction, actor: Actor, now: datetime) -> Counts:
    """Return how much waits, inside a transaction that is already open."""
    rows = tx.all(_BY_STEP, whose(actor) | due_times(now))
    groups: dict[str, Group] = {}
    flows: dict[str, Flow] = {}
    due = dict.fromkeys(BUCKETS, 0)
    for process, element, name, name_en, bucket, count, _, flow, flow_en, _ in rows:
        overdue = count if bucket == "overdue" else 0
        step = f"{process}.{element}"
        known = groups.get(step, Group(step, Label(name, name_en), 0, 0))
        groups[step] = Group(step, known.name, known.count + count, known.overdue + overdue)
        whole = flows.get(process, Flow(process, Label(flow, flow_en or flow), 0))
        flows[process] = Flow(process, whole.name, whole.count + count, whole.overdue + overdue)
        due[bucket] += count
    ordered = tuple(sorted(groups.values(), key=lambda group: (-group.count, group.step)))
    nearest = min((row[6] for row in rows if row[6] is not None), default=None)
    waiting = rows[0][-1] if rows else 0
    capped = sum(due.values()) >= COUNTED
    return Counts(ordered, due, capped, nearest, waiting, _sorted(flows.values()))


def due_times(now: datetime) -> dict[str, Any]:
    """Return where the buckets begin; days are Beijing days."""
    midnight = now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    return {"now": now, "tomorrow": tomorrow, "soon": tomorrow + timedelta(days=3)}


def _sorted(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    return tuple(sorted(flows, key=lambda flow: (-flow.count, flow.step)))
