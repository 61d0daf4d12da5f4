"""What tests of certificate changes share: a certificate, and an application that changes one."""

import secrets
from typing import Any

from app.identity.actor import Actor
from app.services.applications import begin
from tests.services.market import APPROVE, Market

FLOW = "credential_change"


def certificate_of(market: Market, holder: str, place: int = 0, days: int = 400) -> str:
    """Bind a made-up certificate to a holder's person; return its fingerprint in hexadecimal."""
    der = secrets.token_bytes(40)
    market.change(
        """INSERT INTO trust.certificate (fingerprint, person_id, software, serial, subject,
               issuer, not_before, not_after, der, at)
           SELECT sha256(%(der)s), p.id, true, encode(sha256(%(der)s || 'serial'), 'hex'),
               p.member_no, 'CN=test', %(at)s, %(at)s + make_interval(days => %(days)s),
               %(der)s, %(at)s
           FROM identity.person p WHERE p.member_no = %(member)s""",
        der=der,
        days=days,
        at=market.clock.now(),
        member=member_of(market, holder, place),
    )
    [(found,)] = market.rows(
        "SELECT encode(fingerprint, 'hex') FROM trust.certificate ORDER BY id DESC LIMIT 1"
    )
    return str(found)


def member_of(market: Market, holder: str, place: int = 0) -> str:
    """The member number of a holder's person."""
    return market.holders[holder].members[place]


def reach(market: Market, holder: str, place: int = 0) -> None:
    """Give a person an e-mail address and a phone."""
    market.change(
        """UPDATE identity.person SET email = member_no || '@example.com', phone = '13900000000'
           WHERE member_no = %(member)s""",
        member=member_of(market, holder, place),
    )


def form(market: Market, action: str, holder: str = "emitter", **more: Any) -> dict[str, Any]:
    """The form of a change of the holder's first person's certificate."""
    return {
        "change": action,
        "member_no": member_of(market, holder),
        "reason": "本人来函说明。",
        **more,
    }


def ask(market: Market, officer: Actor, filled: dict[str, Any]) -> int:
    """Hand in a change; return the application."""
    return begin(market.ctx, officer, FLOW, None, filled, submit=True).instance_id


def agree(market: Market, filled: dict[str, Any]) -> int:
    """Let the registry's two officers decide a change; return the application."""
    first, other = market.actor("registry"), market.actor("registry", 1)
    instance = ask(market, first, filled)
    market.decide(other, instance, APPROVE)
    return instance


def sign_in_as(market: Market, holder: str, place: int = 0) -> None:
    """Open a session and an API token of a holder's person, as rows."""
    who = market.actor(holder, place)
    [(mandate,)] = market.rows(
        "SELECT min(id) FROM identity.mandate WHERE person_id = %(p)s", p=who.person_id
    )
    for statement in (
        """INSERT INTO identity.session (token_hash, person_id, mandate_id, ip, created_at,
               last_seen_at, expires_at)
           VALUES (%(hash)s, %(p)s, %(m)s, '10.0.0.1', %(at)s, %(at)s,
               %(at)s::timestamptz + interval '12 hours')""",
        """INSERT INTO identity.api_token (token_hash, person_id, mandate_id, name, scopes,
               created_at, expires_at)
           VALUES (%(hash)s, %(p)s, %(m)s, 'nightly', '{read}', %(at)s,
               %(at)s::timestamptz + interval '90 days')""",
    ):
        market.change(
            statement,
            hash=secrets.token_bytes(32),
            p=who.person_id,
            m=mandate,
            at=market.clock.now(),
        )
