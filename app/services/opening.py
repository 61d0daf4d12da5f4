"""Open holders with their accounts, people and mandates: one, or thousands at once (M1, W1, S14).

Set-based, so that a national bulk opening takes seconds. People opened in bulk have no password
until they enrol (M2).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg2.errors

from app.db import Transaction
from app.domain.canonical import new_salt
from app.domain.clock import local_day
from app.domain.errors import Conflict, Invalid
from app.failpoints import reached
from app.identity.actor import Actor
from app.identity.details import open_details
from app.services.context import Context


@dataclass(frozen=True, slots=True)
class PersonOpening:
    """A representative to open. Without a member number one is given (B13)."""

    name: str
    name_en: str = ""
    rights: str = "both"
    member_no: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """A holder to open. Its people get a mandate for its first account.

    ``accounts`` are account types; a ``trading`` account is linked to the account before it.
    ``two_person``: the first account asks for one who fills in and another who confirms (G21).
    ``details`` is what it says of itself, by the names of the form of a change (M5).
    """

    code: str
    name: str
    role: str
    accounts: tuple[str, ...]
    people: tuple[PersonOpening, ...] = ()
    name_en: str = ""
    province_id: int | None = None
    two_person: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was opened: ids by account type, and member numbers in the order of the people."""

    holder_id: int
    accounts: dict[str, int]
    members: tuple[str, ...]


def open_holders(
    ctx: Context, actor: Actor | None, openings: Sequence[Opening], *, bulk: bool = False
) -> list[Opened]:
    """Open holders, all or none, in one transaction; ``actor`` None is the installation itself.

    Holders opened in bulk hand in their opening files before they ask for a change (M3, R20).
    """
    with ctx.database.transaction() as tx:
        return open_within(ctx, tx, actor, openings, bulk=bulk)


def open_within(
    ctx: Context,
    tx: Transaction,
    actor: Actor | None,
    openings: Sequence[Opening],
    *,
    bulk: bool = False,
) -> list[Opened]:
    """Do the same inside a transaction that is already open.

    Raises Conflict when a holder's code or a member number is taken, Invalid for an opening
    without an account, or with what the registry does not know: an account type, a province.
    """
    if any(not opening.accounts or opening.accounts[0] == "trading" for opening in openings):
        raise Invalid("开户须至少包含一个登记账户。", "An opening names at least one account.")
    try:
        holders = _holders(ctx, tx, openings, bulk=bulk)
        accounts = _accounts(ctx, tx, openings, holders)
        members = _people(ctx, tx, openings, accounts)
        open_details(tx, ctx.clock.now(), {holders[o.code]: o.details for o in openings})
    except psycopg2.errors.UniqueViolation as error:
        raise Conflict(
            "单位代码、会员编号或账户已存在，未开立任何账户。",
            "A holder code, member number or account exists already; nothing was opened.",
        ) from error
    except (psycopg2.errors.CheckViolation, psycopg2.errors.ForeignKeyViolation) as error:
        raise Invalid(
            "单位的角色、所属省份、账户类型或权限不正确，未开立任何账户。",
            "A role, a province, an account type or rights do not fit; nothing was opened.",
        ) from error
    _record(ctx, tx, actor, openings)
    reached("holders_opened")
    return [Opened(holders[o.code], accounts[o.code], tuple(members[o.code])) for o in openings]


def _holders(
    ctx: Context, tx: Transaction, openings: Sequence[Opening], *, bulk: bool
) -> dict[str, int]:
    rows = tx.all(
        """INSERT INTO identity.holder (code, name, name_en, role, province_id, created_at,
               bulk_opened)
           SELECT code, name, name_en, role, province, %(at)s, %(bulk)s
           FROM unnest(%(codes)s::text[], %(names)s::text[], %(names_en)s::text[],
                       %(roles)s::text[], %(provinces)s::bigint[])
                AS o (code, name, name_en, role, province)
           RETURNING code, id""",
        {
            "at": ctx.clock.now(),
            "bulk": bulk,
            "codes": [o.code for o in openings],
            "names": [o.name for o in openings],
            "names_en": [o.name_en for o in openings],
            "roles": [o.role for o in openings],
            "provinces": [o.province_id for o in openings],
        },
    )
    return dict(rows)


def _accounts(
    ctx: Context, tx: Transaction, openings: Sequence[Opening], holders: dict[str, int]
) -> dict[str, dict[str, int]]:
    """Open accounts place by place, so that a trading account can name the one before it."""
    opened: dict[str, dict[str, int]] = {o.code: {} for o in openings}
    previous: dict[str, int] = {}
    for place in range(max((len(o.accounts) for o in openings), default=0)):
        batch = [o for o in openings if len(o.accounts) > place]
        rows = tx.all(
            """INSERT INTO identity.account (number, type, holder_id, name, linked_account_id,
                   two_person, signature_policy, opened_at)
               SELECT nextval('identity.account_number')::text, type, holder, name, linked, two,
                   %(policy)s, %(at)s
               FROM unnest(%(types)s::text[], %(holders)s::bigint[], %(names)s::text[],
                           %(linked)s::bigint[], %(two)s::boolean[])
                    AS a (type, holder, name, linked, two)
               RETURNING holder_id, id""",
            {
                "at": ctx.clock.now(),
                "types": [o.accounts[place] for o in batch],
                "holders": [holders[o.code] for o in batch],
                "names": [o.name for o in batch],
                "linked": [
                    previous[o.code] if o.accounts[place] == "trading" else None for o in batch
                ],
                "two": [o.two_person and place == 0 for o in batch],
                "policy": "decisions" if ctx.settings.signatures else "none",
            },
        )
        ids = dict(rows)
        for o in batch:
            previous[o.code] = ids[holders[o.code]]
            opened[o.code].setdefault(o.accounts[place], previous[o.code])
    return opened


def _people(
    ctx: Context,
    tx: Transaction,
    openings: Sequence[Opening],
    accounts: dict[str, dict[str, int]],
) -> dict[str, list[str]]:
    today = local_day(ctx.clock.now())
    wanted = [(o, person) for o in openings for person in o.people]
    numbers = _member_numbers(tx, today.strftime("%y%m%d"), (person for _, person in wanted))
    rows = tx.all(
        """INSERT INTO identity.person (member_no, name, name_en, email, phone, salt, created_at)
           SELECT number, name, name_en, email, phone, salt, %(at)s
           FROM unnest(%(numbers)s::text[], %(names)s::text[], %(names_en)s::text[],
                       %(emails)s::text[], %(phones)s::text[], %(salts)s::bytea[])
                AS p (number, name, name_en, email, phone, salt)
           RETURNING member_no, id""",
        {
            "at": ctx.clock.now(),
            "numbers": numbers,
            "names": [person.name for _, person in wanted],
            "names_en": [person.name_en for _, person in wanted],
            "emails": [person.email for _, person in wanted],
            "phones": [person.phone for _, person in wanted],
            "salts": [new_salt() for _ in wanted],
        },
    )
    ids = dict(rows)
    tx.run(
        """INSERT INTO identity.mandate (person_id, account_id, rights, valid_from)
           SELECT person, account, rights, %(today)s
           FROM unnest(%(people)s::bigint[], %(accounts)s::bigint[], %(rights)s::text[])
                AS m (person, account, rights)""",
        {
            "today": today,
            "people": [ids[number] for number in numbers],
            "accounts": [accounts[o.code][o.accounts[0]] for o, _ in wanted],
            "rights": [person.rights for _, person in wanted],
        },
    )
    members: dict[str, list[str]] = {o.code: [] for o in openings}
    for (o, _), number in zip(wanted, numbers, strict=True):
        members[o.code].append(number)
    return members


def _member_numbers(tx: Transaction, day: str, people: Iterable[PersonOpening]) -> list[str]:
    """Give every person without one a number as the manual's: the day, then a running number."""
    given = list(people)
    missing = sum(not person.member_no for person in given)
    rows = tx.all(
        """SELECT %(day)s || lpad(nextval('identity.member_number')::text, 5, '0')
           FROM generate_series(1, %(missing)s)""",
        {"day": day, "missing": missing},
    )
    fresh = iter(row[0] for row in rows)
    return [person.member_no or next(fresh) for person in given]


def _record(
    ctx: Context, tx: Transaction, actor: Actor | None, openings: Sequence[Opening]
) -> None:
    tx.run(
        """INSERT INTO audit.event (at, tag, person_id, account_id, role, subject, data)
           SELECT %(at)s, 'identity:holder:open', %(person)s, %(account)s, %(role)s,
               'holder:' || code, data
           FROM unnest(%(codes)s::text[], %(data)s::text[]) AS e (code, data)""",
        {
            "at": ctx.clock.now(),
            "person": actor.person_id if actor else None,
            "account": actor.account_id if actor else None,
            "role": actor.role if actor else "system",
            "codes": [o.code for o in openings],
            "data": [json.dumps({"accounts": list(o.accounts)}) for o in openings],
        },
    )


def holders_by_code(ctx: Context, codes: Sequence[str]) -> dict[str, Opened]:
    """Return the holders that were opened under these codes before."""
    with ctx.database.transaction() as tx:
        rows = tx.all(
            """SELECT h.code, h.id,
                   (SELECT json_object_agg(a.type, a.id) FROM identity.account a
                    WHERE a.holder_id = h.id),
                   (SELECT array_agg(p.member_no ORDER BY p.id) FROM identity.person p
                    WHERE p.id IN (SELECT m.person_id FROM identity.mandate m
                        JOIN identity.account a ON a.id = m.account_id
                        WHERE a.holder_id = h.id))
               FROM identity.holder h WHERE h.code = ANY (%(codes)s)""",
            {"codes": list(codes)},
        )
    return {
        code: Opened(holder, accounts or {}, tuple(members or ()))
        for code, holder, accounts, members in rows
    }
