"""Lists of applications: one's own, an authority's, and an auditor's search (F18, M16, D17-D22)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from app.db import Transaction
from app.domain.errors import Forbidden
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.cursor import Pager
from app.services.definitions import definition_of
from app.services.queries import applications_sql as sql
from app.services.queries.applications_sql import ALL, OWN, PARTY
from app.services.queries.kinds import KINDS, RecordKind
from app.services.queries.narrowed import Narrowed
from app.services.queries.sorting import Key, Keyset, Order, order_of
from app.services.standing import Standing, standing_of

SIZE = 20
COUNTED = {OWN: 10_000, PARTY: 1_000, ALL: 1_000}  # counts stop here and then read "1000+"
APPLICANTS = frozenset({"emitter", "participant", "project_owner"})
NEWEST = Order("number", descending=True)
ID = Key("id", "i.id")
# Application numbers are given in the order of the ids. A list of many holders goes by that order
# alone, along an index; one's own are few enough to be put into any of these.
KEYS = {
    "number": ID,
    "quantity": Key("quantity", "i.quantity"),
    "ccer": Key("ccer_quantity", "i.ccer_quantity"),
    "submitted": Key("submitted_at", "coalesce(i.submitted_at, 'infinity')", datetime),
    "ended": Key("ended_at", "coalesce(i.ended_at, 'infinity')", datetime),
}


@dataclass(frozen=True, slots=True)
class Record:
    """One application as a list shows it; quantities in whole tonnes.

    None where it is not for the reader: a counterparty learns that an application concerns it, and
    reads the lines that do on its page.
    """

    id: int
    number: str
    process_id: str
    process: Label
    quantity: int | None
    ccer_quantity: int | None
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    late: bool
    returns: int
    holder: Label
    holder_code: str
    notice_number: str | None
    standing: Standing
    content: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Label] = field(default_factory=dict)

    @property
    def units(self) -> tuple[str, ...]:
        """The codes of the instruments that the application names."""
        lines = self.content.get("lines")
        named = [x.get("instrument") for x in lines] if isinstance(lines, list) else []
        return tuple(dict.fromkeys(str(code) for code in named if code))


@dataclass(frozen=True)
class Records:
    """One page of applications, in their order; ``count`` stops at ``most``.

    ``kinds`` are those whose flows are deployed.
    """

    rows: tuple[Record, ...]
    pager: Pager
    order: Order = NEWEST
    keys: Mapping[str, Key] = field(default_factory=dict)
    count: int = 0
    most: int = 0
    own: bool = False
    kinds: tuple[RecordKind, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft that was never submitted, or a form half typed (D17)."""

    instance_id: int
    number: str
    process: Label
    saved_at: datetime
    lines: int
    quantity: int


def listed(
    ctx: Context,
    actor: Actor,
    kind: RecordKind | None = None,
    narrowed: Narrowed | None = None,
    sort: str = "",
    cursor: str | None = None,
) -> Records:
    """Return a page of the applications that the actor may see, of one kind or of all.

    Raises Invalid for a cursor that is not one of this list and order.
    """
    return _page(ctx, actor, scope_of(actor, kind), kind, narrowed or Narrowed(), sort, cursor)


def exported(
    ctx: Context, actor: Actor, kind: RecordKind | None, narrowed: Narrowed, sort: str = ""
) -> Iterator[Record]:
    """Yield the whole of such a list, in its order; memory holds one batch of it."""
    scope = scope_of(actor, kind)
    keys = keys_of(scope)
    order = order_of(sort, keys, NEWEST)
    keyset = Keyset.read(keys[order.key], (ID,), None, descending=order.descending)
    processes = _processes(kind, narrowed)
    rules = sql.rules_of(scope, narrowed, processes)
    with ctx.database.transaction() as tx:
        params = sql.params_of(actor, narrowed, processes)
        for batch in tx.batches(sql.everything(rules, keyset.order), params):
            for row in batch:
                yield _record(tx, actor, row, kind)


def own(
    ctx: Context, actor: Actor, narrowed: Narrowed | None = None, cursor: str | None = None
) -> Records:
    """Return the actor's own applications that were submitted at least once (F18)."""
    return _page(ctx, actor, OWN, None, narrowed or Narrowed(), "", cursor)


def overseen(
    ctx: Context, actor: Actor, narrowed: Narrowed | None = None, cursor: str | None = None
) -> Records:
    """Return the applications in which the actor's organisation is another party."""
    return _page(ctx, actor, PARTY, None, narrowed or Narrowed(), "", cursor)


def everything(
    ctx: Context, actor: Actor, narrowed: Narrowed | None = None, cursor: str | None = None
) -> Records:
    """Return any applications, for auditors only (S37); raises Forbidden for others."""
    if actor.role != "auditor":
        raise Forbidden("只有审计人员可以查询全部流程。", "Only auditors may search all processes.")
    return _page(ctx, actor, ALL, None, narrowed or Narrowed(), "", cursor)


def scope_of(actor: Actor, kind: RecordKind | None) -> str:
    """Return whose applications an actor's list holds."""
    if actor.role == "auditor":
        return ALL
    if actor.role in APPLICANTS and not (kind and kind.counterparties):
        return OWN
    return PARTY


def is_own(actor: Actor, kind: RecordKind | None) -> bool:
    """Whether an actor's list holds nothing but the own organisation's applications."""
    return scope_of(actor, kind) == OWN


def keys_of(scope: str) -> dict[str, Key]:
    """Return what a list may be sorted by."""
    return KEYS if scope == OWN else {"number": ID}


def may_begin(ctx: Context, actor: Actor, kind: RecordKind) -> bool:
    """Whether the actor may begin an application of a kind: its flow is there, and for the role."""
    if not actor.may_initiate or actor.role not in kind.beginners:
        return False
    with ctx.database.transaction() as tx:
        row = tx.one(
            "SELECT 1 FROM workflow.deployment WHERE process_id = %(process)s LIMIT 1",
            {"process": kind.begin},
        )
    return row is not None


def drafts(
    ctx: Context, actor: Actor, limit: int = 50, kind: RecordKind | None = None
) -> list[SavedDraft]:
    """Return the drafts of the actor's organisation that were never submitted, newest first."""
    with ctx.database.transaction() as tx:
        rows = tx.all(
            """SELECT i.id, i.number, b.name, b.name_en, d.saved_at,
                   coalesce(json_array_length(d.form::json->'lines'), 0),
                   (SELECT coalesce(sum((l->>'quantity')::numeric), 0)
                    FROM json_array_elements(d.form::json->'lines') AS l
                    WHERE l->>'quantity' ~ '^[0-9]{1,15}$')
               FROM workflow.instance i JOIN workflow.draft d ON d.instance_id = i.id
               JOIN workflow.bundle b ON b.hash = i.bundle_hash
               WHERE i.applicant_id = %(holder)s AND i.version = 0 AND i.status = 'open'
                 AND (%(processes)s::text[] IS NULL OR i.process_id = ANY (%(processes)s))
               ORDER BY i.id DESC LIMIT %(limit)s""",
            {
                "holder": actor.holder_id,
                "limit": limit,
                "processes": list(kind.processes) if kind else None,
            },
        )
    return [
        SavedDraft(row[0], row[1], Label(row[2], row[3] or row[2]), row[4], row[5], int(row[6]))
        for row in rows
    ]


def _processes(kind: RecordKind | None, narrowed: Narrowed) -> tuple[str, ...]:
    chosen = kind or KINDS.get(narrowed.kind)
    return chosen.processes if chosen else ()


def _page(
    ctx: Context,
    actor: Actor,
    scope: str,
    kind: RecordKind | None,
    narrowed: Narrowed,
    sort: str,
    cursor: str | None,
) -> Records:
    keys = keys_of(scope)
    order = order_of(sort, keys, NEWEST)
    keyset = Keyset.read(keys[order.key], (ID,), cursor, descending=order.descending)
    processes = _processes(kind, narrowed)
    rules = sql.rules_of(scope, narrowed, processes)
    params = sql.params_of(actor, narrowed, processes)
    most = COUNTED[scope]
    with ctx.database.transaction() as tx:
        page = sql.page(rules, keyset.condition, keyset.order, SIZE + 1)
        rows, pager = keyset.cut(tx.maps(page, params | keyset.params), SIZE)
        shown = tuple(_record(tx, actor, row, kind) for row in rows)
        count = (tx.one(sql.count(rules, most + 1), params) or (0,))[0]
        there = {row[0] for row in tx.all("SELECT DISTINCT process_id FROM workflow.deployment")}
    kinds = tuple(k for k in KINDS.values() if there.intersection(k.processes))
    return Records(shown, pager, order, keys, count, most, scope == OWN, kinds)


def _record(
    tx: Transaction, actor: Actor, row: Mapping[str, Any], kind: RecordKind | None
) -> Record:
    hidden = actor.role in APPLICANTS and row["applicant_id"] != actor.holder_id
    content = {} if hidden else orjson.loads(row["content"] or "{}")
    asked = [column.name for column in kind.columns if column.content] if kind else []
    return Record(
        id=row["id"],
        number=row["number"],
        process_id=row["process_id"],
        process=Label(row["process"], row["process_en"] or row["process"]),
        quantity=None if hidden else row["quantity"],
        ccer_quantity=None if hidden else row["ccer_quantity"],
        created_at=row["created_at"],
        submitted_at=row["submitted_at"],
        ended_at=row["ended_at"],
        late=row["late"],
        returns=row["returns"],
        holder=Label(row["holder"], row["holder_en"] or row["holder"]),
        holder_code=row["holder_code"],
        notice_number=row["notice_number"],
        standing=standing_of(tx, row),
        content=content,
        answers=_answers(tx, row["bundle_hash"], content, asked) if content and asked else {},
    )


def _answers(
    tx: Transaction, bundle_hash: str, content: Mapping[str, Any], names: Sequence[str]
) -> dict[str, Label]:
    """Return fields of an application's form in words, by the form that it was filled in with."""
    forms = definition_of(tx, bundle_hash).forms.values()
    fields = {field.name: field for form in forms for field in form.fields if field.name in content}
    return {
        name: _holders(tx, content[name])
        if fields[name].widget == "holders"
        else fields[name].said(content)
        for name in names
        if name in fields
    }


def _holders(tx: Transaction, codes: Sequence[str]) -> Label:
    rows = tx.all(
        "SELECT name, name_en FROM identity.holder WHERE code = ANY (%(codes)s) ORDER BY code",
        {"codes": list(codes)},
    )
    return Label("、".join(zh for zh, _ in rows), ", ".join(en or zh for zh, en in rows))
