"""What a person sees about themselves: mandates, accounts of their holder, recent sign-ins."""

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.label import Label
from app.services.actor import Actor
from app.services.context import Context

RECENT = 10


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account of the holder."""

    number: str
    name: str
    type: Label
    status: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class MandateRow:
    """One mandate of the person, in force or not."""

    holder_name: str
    account_number: str
    rights: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class SignInRow:
    """One attempt to sign in."""

    at: datetime
    ip: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Details:
    """Everything the page 账户信息 shows."""

    accounts: tuple[AccountView, ...]
    mandates: tuple[MandateRow, ...]
    sign_ins: tuple[SignInRow, ...]


def account_details(ctx: Context, actor: Actor) -> Details:
    """Return the accounts of the actor's holder, and the actor's own mandates and sign-ins."""
    with ctx.database.transaction() as tx:
        accounts = tx.all(
            """SELECT a.number, a.name, t.name, t.name_en, a.status, a.opened_at
               FROM identity.account a JOIN identity.account_type t ON t.code = a.type
               WHERE a.holder_id = %(holder)s ORDER BY a.id LIMIT 100""",
            {"holder": actor.holder_id},
        )
        mandates = tx.all(
            """SELECT h.name, a.number, m.rights, m.valid_from, m.valid_to
               FROM identity.mandate m JOIN identity.account a ON a.id = m.account_id
               JOIN identity.holder h ON h.id = a.holder_id
               WHERE m.person_id = %(person)s ORDER BY m.id LIMIT 100""",
            {"person": actor.person_id},
        )
        sign_ins = tx.all(
            """SELECT at, ip, succeeded FROM identity.sign_in
               WHERE person_id = %(person)s ORDER BY at DESC LIMIT %(recent)s""",
            {"person": actor.person_id, "recent": RECENT},
        )
    return Details(
        tuple(AccountView(n, name, Label(zh, en), s, at) for n, name, zh, en, s, at in accounts),
        tuple(MandateRow(*row) for row in mandates),
        tuple(SignInRow(*row) for row in sign_ins),
    )
