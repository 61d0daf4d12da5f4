"""API tokens of one's own: make, list, revoke. A token never does more than its owner may."""

from collections.abc import Collection
from datetime import timedelta

from app.domain.clock import local_day
from app.domain.errors import Invalid, NotFound
from app.domain.label import Label
from app.identity import tokens
from app.identity.mandates import actor_by_member_no, actor_for, first_mandate
from app.identity.tokens import TokenUse, TokenView
from app.services.actor import Actor
from app.services.context import Context
from app.services.history import note

LONGEST_NAME = 60


def make_token(
    ctx: Context, actor: Actor, mandate_id: int, name: str, scopes: Collection[str], days: int
) -> str:
    """Return the text of a new token, for the only time; raises Invalid with field errors."""
    name = name.strip()
    fields = _objections(actor, name, scopes, days)
    if fields:
        raise Invalid("令牌没有生成。", "No token was made.", fields=fields)
    at = ctx.clock.now()
    kept = tuple(s for s in tokens.SCOPES if s in scopes)
    with ctx.database.transaction() as tx:
        if actor_for(tx, actor.person_id, mandate_id, local_day(at)) != actor:
            raise NotFound
        token_id, token = tokens.write_token(
            tx, actor, mandate_id, name, kept, at, at + timedelta(days=days)
        )
        data = {"scopes": list(kept), "days": days}
        note(tx, at, actor, "identity:api_token:made", f"api_token:{token_id}", data)
    return token


def make_token_for_member(
    ctx: Context, member_no: str, scopes: Collection[str], days: int, name: str
) -> str:
    """Return a token for a member number, from the command line; no scopes means all of theirs."""
    today = local_day(ctx.clock.now())
    with ctx.database.transaction() as tx:
        actor = actor_by_member_no(tx, member_no, today)
        mandate = first_mandate(tx, actor.person_id, today) if actor else None
    if actor is None or mandate is None:
        raise NotFound(
            f"会员编号 {member_no} 不存在，或没有有效的账户授权。",
            f"There is no member {member_no} with a mandate in force.",
        )
    return make_token(ctx, actor, mandate, name, scopes or tokens.scopes_open_to(actor), days)


def my_tokens(ctx: Context, actor: Actor) -> list[TokenView]:
    """Return the person's own tokens, the newest first."""
    with ctx.database.transaction() as tx:
        return tokens.tokens_of(tx, actor.person_id)


def revoke(ctx: Context, actor: Actor, token_id: int) -> None:
    """Revoke one of one's own tokens; raises NotFound for a foreign or revoked one."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        if not tokens.revoke_token(tx, actor.person_id, token_id, at):
            raise NotFound
        note(tx, at, actor, "identity:api_token:revoked", f"api_token:{token_id}")


def token_use(ctx: Context, token: str) -> TokenUse | None:
    """Return who acts by a token and its scopes; None if unknown, expired or revoked."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        return tokens.authenticate_token(tx, token, at, local_day(at))


def _objections(actor: Actor, name: str, scopes: Collection[str], days: int) -> dict[str, Label]:
    fields: dict[str, Label] = {}
    if not 1 <= len(name) <= LONGEST_NAME:
        fields["name"] = Label(
            f"名称为 1 至 {LONGEST_NAME} 个字符。", f"A name has 1 to {LONGEST_NAME} characters."
        )
    if not scopes:
        fields["scopes"] = Label("至少选择一项权限。", "Choose at least one scope.")
    elif not set(scopes) <= set(tokens.scopes_open_to(actor)):
        fields["scopes"] = Label(
            "所选权限超出您的授权。", "A chosen scope exceeds your own mandate."
        )
    if not 1 <= days <= tokens.LONGEST:
        fields["days"] = Label(
            f"有效期为 1 至 {tokens.LONGEST} 天。",
            f"A token is valid for 1 to {tokens.LONGEST} days.",
        )
    return fields
