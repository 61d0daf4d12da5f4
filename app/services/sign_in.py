"""Sign in and out: captcha, password, then the certificate; session (M4, F1, R23, W2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import Forbidden, Invalid, NotFound
from app.identity import sessions
from app.identity.captchas import captcha_solved
from app.identity.factors import Attempt, member_by_number, proved
from app.identity.mandates import actor_for
from app.identity.sessions import Ended, SignedIn
from app.services.context import Context
from app.services.entering import Entered, enter, require_mandate
from app.services.history import note
from app.services.signing import proof

SOFTWARE, USBKEY = "software", "usbkey"  # 证书介质


class WrongCaptcha(Invalid):
    """The captcha was wrong, used or too old; the password was not looked at."""


class WrongSignIn(Invalid):
    """Member number or password wrong: one message for both, and for a person not enrolled."""


@dataclass(frozen=True, slots=True)
class Halfway:
    """The password is shown; ``token`` opens the page that asks for the certificate, no more."""

    token: str


def sign_in(ctx: Context, given: Mapping[str, str], ip: str, origin: str) -> Entered | Halfway:
    """Take the first step: a session where none signs, else the certificate is asked for.

    With the software certificate of a demonstration the server takes the second step itself.
    Raises WrongCaptcha, WrongSignIn (the attempt is kept for the header and the auditor), or
    Forbidden when the person has no mandate in force today; and what app.services.signing.proof
    raises.
    """
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        outcome = _attempt(tx, ctx, given, ip, at)
    if isinstance(outcome, Exception):
        raise outcome
    if isinstance(outcome, Halfway) and medium(ctx, given) == SOFTWARE:
        try:
            return proof.by_software(ctx, outcome.token, ip, origin)
        except proof.CodesNeeded:
            return outcome
    return outcome


def medium(ctx: Context, given: Mapping[str, str]) -> str:
    """Return where the certificate lies: in software only where that is allowed, then at first."""
    if not ctx.settings.software_signer:
        return USBKEY
    return USBKEY if given.get("medium") == USBKEY else SOFTWARE


def _attempt(
    tx: Transaction, ctx: Context, given: Mapping[str, str], ip: str, at: datetime
) -> Entered | Halfway | Exception:
    """Return what came of it, or what to raise once the attempt has been committed."""
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
    try:
        require_mandate(tx, member.person_id, at)
    except Forbidden as refusal:
        return refusal
    if ctx.settings.signatures:
        return Halfway(proof.begin(tx, member.person_id, at))
    return enter(tx, member.person_id, ip, at)


def why_ended(ctx: Context, token: str) -> Ended | None:
    """Return why a session that a browser still remembers is over, where nobody signed out."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        return sessions.why_ended(tx, token, at)


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
