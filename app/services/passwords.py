"""Change one's password (M6), and set the first one with a one-time link (M2)."""

from datetime import datetime

from app.audit.events import record
from app.db import Transaction
from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.label import Label
from app.identity.enrolments import enrolling, new_enrolment, use_enrolment
from app.identity.passwords import matches, objection, store_password
from app.identity.sessions import SignedIn, end_sessions
from app.services.actor import Actor
from app.services.context import Context
from app.services.history import note


def change_password(ctx: Context, who: SignedIn, old: str, new: str, again: str) -> None:
    """Replace the password and end all other sessions; raises Invalid with field errors."""
    at = ctx.clock.now()
    person = who.actor.person_id
    with ctx.database.transaction() as tx:
        row = tx.one(
            "SELECT password_hash FROM identity.person WHERE id = %(id)s FOR UPDATE", {"id": person}
        )
        stored = row[0] if row else None
        fields = _objections(new, again, who.member_no)
        if not matches(stored, old):
            fields["old_password"] = Label("原始密码不正确。", "The old password is wrong.")
        elif "new_password" not in fields and matches(stored, new):
            fields["new_password"] = Label(
                "新密码不能与原始密码相同。", "The new password equals the old one."
            )
        if fields:
            raise Invalid("密码没有修改。", "The password was not changed.", fields=fields)
        store_password(tx, person, new, at)
        ended = end_sessions(tx, person, at, "password", keep=who.token_hash)
        data = {"sessions_ended": ended}
        note(tx, at, who.actor, "identity:password:changed", f"person:{person}", data)


def issue_enrolment(ctx: Context, by: Actor | None, member_no: str) -> str:
    """Return the token of a one-time link for a person; raises NotFound.

    ``by`` is None on the command line, which stands for the installation itself.
    """
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        row = tx.one(
            "SELECT id FROM identity.person WHERE member_no = %(no)s AND closed_at IS NULL",
            {"no": member_no},
        )
        if row is None:
            raise NotFound(f"没有会员编号 {member_no}。", f"There is no member {member_no}.")
        token = new_enrolment(tx, row[0], at)
        note(tx, at, by, "identity:enrolment:issued", f"person:{row[0]}")
    return token


def who_enrols(ctx: Context, token: str) -> tuple[str, str]:
    """Return (member number, name) of a link that still works; raises NotFound."""
    with ctx.database.transaction() as tx:
        found = _enrolling(tx, token, ctx.clock.now())
    return found[1], found[2]


def enrol(ctx: Context, token: str, new: str, again: str) -> None:
    """Set the password with a one-time link and end all sessions; raises Invalid, NotFound."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        person, member_no, _ = _enrolling(tx, token, at)
        fields = _objections(new, again, member_no)
        if fields:
            raise Invalid("密码没有设置。", "The password was not set.", fields=fields)
        store_password(tx, person, new, at)
        use_enrolment(tx, token, at)
        end_sessions(tx, person, at, "password")
        record(
            tx,
            at,
            "identity:password:enrolled",
            person_id=person,
            subject=f"person:{person}",
        )


def set_password(ctx: Context, member_no: str, new: str) -> None:
    """Set a password from the command line, for a demonstration; raises Invalid, NotFound."""
    if ctx.settings.production:
        raise Conflict(
            "生产环境只能由本人设置密码。", "In production only the person sets the password."
        )
    enrol(ctx, issue_enrolment(ctx, None, member_no), new, new)


def _objections(new: str, again: str, member_no: str) -> dict[str, Label]:
    fields = {}
    against = objection(new, member_no)
    if against:
        fields["new_password"] = against
    if new != again:
        fields["again"] = Label("两次输入的新密码不一致。", "The two new passwords differ.")
    return fields


def _enrolling(tx: Transaction, token: str, at: datetime) -> tuple[int, str, str]:
    found = enrolling(tx, token, at)
    if found is None:
        raise NotFound(
            "链接已使用或已过期，请联系服务电话重新获取。",
            "The link was used or has expired; ask the helpdesk for a new one.",
        )
    return found
