"""R23: a challenge is good once, for one person and one session, for a short time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg2
import pytest

from app.services.signing import challenge
from tests.web.site import AN_EMITTER, Site

SESSION = b"s" * 32


def person(site: Site, member_no: str = AN_EMITTER) -> int:
    [(found,)] = site.rows("SELECT id FROM identity.person WHERE member_no = %(no)s", no=member_no)
    return found


def drawn(site: Site, purpose: str = "decision") -> challenge.Challenge:
    with site.ctx.database.transaction() as tx:
        return challenge.new(tx, purpose, person(site), SESSION, site.clock.now())


def use(site: Site, nonce: str, **other: object) -> None:
    asked = {"purpose": "decision", "person_id": person(site), "session_hash": SESSION} | other
    with site.ctx.database.transaction() as tx:
        challenge.use(tx, nonce=nonce, at=site.clock.now(), **asked)


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The database refuses, with one SQLSTATE."""
    with pytest.raises(psycopg2.Error) as caught:
        yield
    assert caught.value.pgcode == code


def test_a_challenge_is_256_random_bits_and_says_until_when(site: Site):
    first, second = drawn(site), drawn(site)
    assert len(first.nonce_bytes) == 32
    assert first.nonce != second.nonce
    assert (first.issued, first.expires) == ("2026-11-20T01:30:00Z", "2026-11-20T01:40:00Z")
    assert drawn(site, "sign_in").expires == "2026-11-20T01:35:00Z"


def test_a_challenge_is_used_once(site: Site):
    nonce = drawn(site).nonce
    use(site, nonce)
    with refused("RG431"):
        use(site, nonce)


@pytest.mark.parametrize(
    "other",
    [{"session_hash": b"t" * 32}, {"person_id": 1_000_000}, {"purpose": "sign_in"}],
    ids=lambda other: next(iter(other)),
)
def test_a_challenge_is_nobody_elses(site: Site, other):
    nonce = drawn(site).nonce
    with refused("RG430"):
        use(site, nonce, **other)
    use(site, nonce)


def test_a_challenge_nobody_drew_is_refused(site: Site):
    with refused("RG430"):
        use(site, "00" * 32)


def test_a_challenge_expires(site: Site):
    nonce = drawn(site).nonce
    site.clock.set(site.clock.now() + timedelta(minutes=10))
    with refused("RG432"):
        use(site, nonce)


@pytest.mark.parametrize(
    "change",
    [
        "used_at = NULL",
        "used_at = '2027-01-01Z'",
        "expires_at = expires_at + interval '1 day'",
        "session_hash = 'x'",
    ],
)
def test_a_used_challenge_is_never_changed_not_even_by_the_owner(
    site: Site, module_database, change
):
    nonce = drawn(site).nonce
    use(site, nonce)
    owner = psycopg2.connect(module_database.owner_url)
    with refused("RG900"), owner, owner.cursor() as cursor:
        cursor.execute(
            f"UPDATE trust.challenge SET {change} WHERE nonce = decode(%s, 'hex')", [nonce]
        )
    owner.close()
