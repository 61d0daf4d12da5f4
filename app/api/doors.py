"""Who asks: the bearer token of a request, and what its scopes open."""

import json
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256

from flask import current_app, g, request
from flask_smorest import Blueprint

from app.domain.errors import Forbidden, Invalid, RegistryError
from app.domain.label import Label
from app.identity.actor import Actor
from app.identity.tokens import TokenUse
from app.services.context import Context
from app.services.signing.server_signed import holds_own_key
from app.services.signing.signed import Session, Signed
from app.services.tokens import token_use

VERSION = "1"
LONGEST_TOKEN = 200
LONGEST_KEY = 100


class NoToken(RegistryError):
    """There is no token, or it is unknown, expired or revoked."""


def context() -> Context:
    """Return the context of this application."""
    found: Context = current_app.extensions["registry"]
    return found


def guard(resources: Blueprint) -> None:
    """Ask every request of a group for its token."""
    resources.before_request(_identify)
    resources.before_request(_readable)


def _identify() -> None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    known = None
    if kind.lower() == "bearer" and 0 < len(token) <= LONGEST_TOKEN:
        known = token_use(context(), token)
    if known is None:
        raise NoToken(
            "请提供有效的访问令牌：Authorization: Bearer <令牌>。",
            "Send a valid token: Authorization: Bearer <token>.",
        )
    g.token_use = known


def _readable() -> None:
    """Refuse a body that JSON allows and reading gives up on: nested too deeply, endless digits."""
    if not request.is_json:
        return
    try:
        json.loads(request.get_data())
    except (json.JSONDecodeError, UnicodeDecodeError):
        return  # not JSON at all: the schema says so
    except RecursionError:
        raise Invalid(
            "请求的内容嵌套过深。", "The body of the request is nested too deeply."
        ) from None
    except ValueError:
        raise Invalid("请求中的数字过长。", "A number of the request is too long.") from None


def actor(*scopes: str) -> Actor:
    """Return who acts by a token that has one of the scopes; raises Forbidden."""
    known: TokenUse = g.token_use
    if not known.scopes & set(scopes):
        wanted = " / ".join(scopes)
        raise Forbidden(
            f"该令牌没有所需的权限：{wanted}。", f"This token lacks the scope: {wanted}."
        )
    return known.actor


def session() -> Session:
    """Return what documents to be signed are bound to: this token, at this site."""
    known: TokenUse = g.token_use
    bound = sha256(f"api_token:{known.token_id}".encode()).digest()
    ctx = context()
    with ctx.database.transaction() as tx:
        own_key = holds_own_key(ctx, tx, known.actor.person_id)
    return Session(bound, request.host_url.rstrip("/").lower(), own_key)


def signature(given: Mapping[str, str] | None) -> Signed | None:
    """Return the signature of a body; raises Invalid for what is no base64."""
    if given is None:
        return None
    try:
        document, cms = (b64decode(given[name], validate=True) for name in ("document", "cms"))
    except ValueError:
        zh, en = "签名须为 base64 编码。", "A signature is sent as base64."
        raise Invalid(zh, en, fields={"signature": Label(zh, en)}) from None
    return Signed(document, cms)


def idempotency_key() -> str | None:
    """Return the request's key; keys of different people never meet. Raises Invalid."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return None
    if not 1 <= len(given) <= LONGEST_KEY or not given.isascii() or not given.isprintable():
        raise Invalid(
            f"Idempotency-Key 须为 1 至 {LONGEST_KEY} 个可打印字符。",
            f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters.",
        )
    return f"api:{actor('read', 'apply', 'review', 'operate').person_id}:{given}"
