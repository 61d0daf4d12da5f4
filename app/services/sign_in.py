"""Sign in and out: captcha, factors, session (M4, F1, R23)."""

from collections.abc import Mapping
from datetime import datetime

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import Forbidden, Invalid, NotFound
from app.identity import sessions
from app.identity.captchas import captcha_solved
from app.identity.factors import Attempt, member_by_number, proved
from app.identity.mandates import actor_for, first_mandate
from app.identity.sessions import SignedIn
from app.services.context import Context
from app.services.history import note


class WrongCaptcha(Invalid):
    """The captcha was wrong, used or too old; the password was not looked at."""


class WrongSignIn(Invalid):
    """Member number or password wrong: one message for both, and for a person not enrolled."""


def sign_in(ctx: Context, given: Mapping[str, str], ip: str) -> str:
    """Return the token of a new session.

    Raises WrongCaptcha, WrongSignIn (the attempt is kept for the header and the auditor), or
    Forbidden when the person has no mandate in force today.
    """
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        outcome = _attempt(tx, ctx, given, ip, at)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _attempt(
    tx: Transaction, ctx: Context, given: Mapping[str, str], ip: str, at: datetime
) -> str | Exception:
    """Return the token or what to raise once the attempt has been committed."""
    if ctx.settings.captcha and not captcha_solved(
        tx, given.get("captcha_id", ""), given.get("captcha", ""), at
    ):
        return WrongCaptcha("验证码不正确或已过期。", "The captcha is wrong or too old.")
    attempt = Attempt(given.get("member_no", "").strip(), given, at)
    member = member_by_number(tx, attempt.member_no)
    if not proved(tx, attempt, member) or member is None:
        if member:
            sessions.record_sign_in(tx, member.person_id, at, ip, succeeded=False)
        return WrongSignIn("会员编号或密码不正确。", "Wrong member number or password.")
    today = local_day(at)
    mandate = first_mandate(tx, member.person_id, today)
    actor = actor_for(tx, member.person_id, mandate, today) if mandate else None
    if mandate is None or actor is None:
        return Forbidden(
            "您目前没有有效的账户授权，不能登录。",
            "You hold no mandate in force; you cannot sign in.",
        )
    token = sessions.open_session(tx, member.person_id, mandate, ip, at)
    sessions.record_sign_in(tx, member.person_id, at, ip, succeeded=True)
    note(tx, at, actor, "identity:session:opened", f"person:{actor.person_id}")
    return token


def signed_in(ctx: Context, token: str) -> SignedIn | None:
    """Return who is signed in with a session token, or None when it is not valid any more."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        found = sessions.find_session(tx, token, at, local_day(at))
        if found and found.stale:
            sessions.touch_session(tx, found.token_hash, at)
    return found


def sign_out(ctx: Context, who: SignedIn) -> None:
    """End the session."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        sessions.end_session(tx, who.token_hash, at)
        note(tx, at, who.actor, "identity:session:ended", f"person:{who.actor.person_id}")


def act_for(ctx: Context, who: SignedIn, mandate_id: int) -> None:
    """Act under another of one's own mandates; raises NotFound for a foreign or expired one."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        actor = actor_for(tx, who.actor.person_id, mandate_id, local_day(at))
        if actor is None:
            raise NotFound
        sessions.act_under(tx, who.token_hash, mandate_id)
        note(tx, at, actor, "identity:session:switched", f"person:{actor.person_id}")
