"""Let a person act for an account, and end that again (R44, G21, A15)."""

from dataclasses import dataclass
from datetime import date

from app.domain.canonical import new_salt
from app.domain.clock import local_day
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.label import Label
from app.services.actor import Actor
from app.services.context import Context
from app.services.history import note

RIGHTS = ("initiate", "confirm", "both", "read")
MAY_OPEN = frozenset({"registry_operator", "system_operator"})


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A natural person; no password until they enrol (M2)."""

    member_no: str
    name: str
    name_en: str = ""
    email: str = ""
    phone: str = ""


def open_person(ctx: Context, by: Actor | None, person: NewPerson) -> int:
    """Open a person and return their id; raises Conflict when the member number is taken.

    ``by`` None is the installation itself (the command line).
    """
    _may(by)
    if not person.member_no.strip() or not person.name.strip():
        raise Invalid("会员编号和姓名必填。", "Member number and name are required.")
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        row = tx.one(
            """INSERT INTO identity.person
                   (member_no, name, name_en, email, phone, salt, created_at)
               VALUES (%(no)s, %(name)s, %(name_en)s, %(email)s, %(phone)s, %(salt)s, %(at)s)
               ON CONFLICT (member_no) DO NOTHING RETURNING id""",
            {
                "no": person.member_no,
                "name": person.name,
                "name_en": person.name_en,
                "email": person.email,
                "phone": person.phone,
                "salt": new_salt(),
                "at": at,
            },
        )
        if row is None:
            raise Conflict(
                f"会员编号 {person.member_no} 已存在。",
                f"Member {person.member_no} exists already.",
            )
        note(tx, at, by, "identity:person:opened", f"person:{row[0]}")
    return int(row[0])


def give_mandate(
    ctx: Context,
    by: Actor | None,
    person_id: int,
    account_id: int,
    rights: str,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> int:
    """Let a person act for an account from a day on (today unless given); return the mandate.

    Raises Invalid for unknown rights or dates in the wrong order, NotFound for a person or an
    account that is not open, Conflict when the two have such a mandate in force on that day.
    """
    _may(by)
    at = ctx.clock.now()
    begins = valid_from or local_day(at)
    if rights not in RIGHTS:
        raise Invalid("权限无效。", "Unknown rights.", fields={"rights": Label("无效", "Unknown")})
    if valid_to is not None and valid_to < begins:
        raise Invalid("结束日期早于开始日期。", "The mandate ends before it begins.")
    values: dict[str, object] = {
        "person": person_id,
        "account": account_id,
        "rights": rights,
        "begins": begins,
        "ends": valid_to,
    }
    with ctx.database.transaction() as tx:
        if not tx.one(_BOTH_OPEN, values):
            raise NotFound
        if tx.one(_IN_FORCE, values):
            raise Conflict(
                "该人员在此期间已有该账户的授权。",
                "The person holds a mandate for this account in that time.",
            )
        row = tx.one(
            """INSERT INTO identity.mandate (person_id, account_id, rights, valid_from, valid_to)
               VALUES (%(person)s, %(account)s, %(rights)s, %(begins)s, %(ends)s) RETURNING id""",
            values,
        )
        assert row is not None  # noqa: S101 -- RETURNING of one inserted row
        data = {"account": account_id, "rights": rights, "person": person_id}
        note(tx, at, by, "identity:mandate:given", f"mandate:{row[0]}", data)
    return int(row[0])


def end_mandate(ctx: Context, by: Actor | None, mandate_id: int, last_day: date) -> None:
    """Let a mandate end on a day, that day included; raises NotFound, Invalid.

    Sessions and tokens under it stop by themselves on the day after.
    """
    _may(by)
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        row = tx.one(
            "SELECT valid_from FROM identity.mandate WHERE id = %(id)s FOR UPDATE",
            {"id": mandate_id},
        )
        if row is None:
            raise NotFound
        if last_day < row[0]:
            raise Invalid("结束日期早于开始日期。", "The mandate ends before it begins.")
        tx.run(
            "UPDATE identity.mandate SET valid_to = %(day)s WHERE id = %(id)s",
            {"day": last_day, "id": mandate_id},
        )
        data = {"last_day": last_day.isoformat()}
        note(tx, at, by, "identity:mandate:ended", f"mandate:{mandate_id}", data)


# The account is locked, so that two mandates given at once meet one another.
_BOTH_OPEN = """
    SELECT a.id FROM identity.account a, identity.person p
    WHERE a.id = %(account)s AND p.id = %(person)s
      AND a.status <> 'closed' AND p.closed_at IS NULL
    FOR UPDATE OF a"""
_IN_FORCE = """
    SELECT 1 FROM identity.mandate
    WHERE person_id = %(person)s AND account_id = %(account)s
      AND (valid_to IS NULL OR valid_to >= %(begins)s)
      AND (%(ends)s::date IS NULL OR valid_from <= %(ends)s::date)"""


def _may(by: Actor | None) -> None:
    if by is not None and by.role not in MAY_OPEN:
        raise Forbidden(
            "只有注册登记机构可以办理开户和授权。",
            "Only the registry operator opens people and gives mandates.",
        )
