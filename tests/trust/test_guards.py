"""R23, W2: what the database itself holds about trust, whoever writes."""

from contextlib import closing

import psycopg2
import pytest

from tests.web.keys import Keys
from tests.web.site import A_PROVINCE, AN_EMITTER, NOT_ENROLLED, Site

pytestmark = pytest.mark.database

BIND = """INSERT INTO trust.certificate (fingerprint, person_id, software, serial, subject, issuer,
              not_before, not_after, der, at)
          VALUES (coalesce(%(fingerprint)s, sha256(%(der)s)), %(person)s, %(software)s, '1', 's',
              'i', '2020-01-01', '2040-01-01', %(der)s, %(at)s)"""


@pytest.fixture(scope="module")
def module_keys(module_site: Site, module_database) -> Keys:
    return Keys(module_site, module_database).trusted()


@pytest.fixture
def keys(site: Site, module_keys: Keys) -> Keys:
    return module_keys


@pytest.fixture
def as_role(module_database):
    """Run one statement as a role of the database; return the SQLSTATE of its refusal."""

    def run(role: str, sql: str, **params: object) -> str | None:
        with closing(psycopg2.connect(getattr(module_database, f"{role}_url"))) as connection:
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute(sql, params)
            except psycopg2.Error as error:
                return error.pgcode
        return None

    return run


ROLES = ("app", "owner", "superuser")


@pytest.mark.parametrize("role", ROLES)
def test_a_certificate_is_bound_to_one_person_once(keys: Keys, as_role, role):
    key = keys.bound(AN_EMITTER, f"once {role}")
    values = {"der": key.certificate, "fingerprint": None, "software": True, "at": keys.now}
    for member in (AN_EMITTER, A_PROVINCE):
        assert as_role(role, BIND, person=keys.person(member), **values) == "23505"


@pytest.mark.parametrize("role", ROLES)
def test_no_certificate_is_bound_without_codes_or_under_a_false_fingerprint(keys, as_role, role):
    values = {"der": f"a certificate {role}".encode(), "at": keys.now}
    person = keys.person(A_PROVINCE)
    token = {"software": False, "fingerprint": None}
    assert as_role(role, BIND, person=person, **token, **values) == "RG454"
    false = {"software": True, "fingerprint": b"f" * 32}
    assert as_role(role, BIND, person=person, **false, **values) == "RG452"


def test_codes_that_were_used_bind_no_second_certificate(keys: Keys, as_role):
    keys.bound(AN_EMITTER, "by its codes")
    person = keys.person(AN_EMITTER)
    for (at,) in keys.site.rows(
        "SELECT used_at FROM trust.enrolment WHERE person_id = %(p)s AND used_at IS NOT NULL",
        p=person,
    ):
        values = {"der": b"another", "at": at, "software": False, "fingerprint": None}
        assert as_role("app", BIND, person=person, **values) == "RG454"


@pytest.mark.parametrize("role", ROLES)
def test_nobody_who_has_left_gets_a_certificate(keys: Keys, as_role, role):
    person = keys.person(NOT_ENROLLED)
    keys.site.change(
        "UPDATE identity.person SET closed_at = %(at)s WHERE id = %(id)s", at=keys.now, id=person
    )
    values = {"der": b"x", "at": keys.now, "software": True, "fingerprint": None}
    assert as_role(role, BIND, person=person, **values) == "RG453"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE trust.certificate SET person_id = person_id",
        "DELETE FROM trust.certificate",
        "TRUNCATE trust.certificate CASCADE",
        "UPDATE trust.certificate_end SET reason = 'left'",
        "DELETE FROM trust.certificate_end",
        "UPDATE trust.anchor SET software = false",
        "DELETE FROM trust.anchor",
        "DELETE FROM trust.anchor_end",
        "UPDATE trust.crl SET next_update = 'infinity'",
        "DELETE FROM trust.crl",
    ],
)
def test_what_was_bound_ended_and_trusted_stays(keys: Keys, as_role, role, attack):
    keys.end(keys.bound(AN_EMITTER, f"stays {role} {attack}"))
    if "anchor_end" in attack:
        keys.site.rows("SELECT 1")
        as_role(
            "owner",
            """INSERT INTO trust.anchor (fingerprint, kind, name, der, at)
               VALUES (sha256('gone'), 'root', 'gone', 'gone', now()) ON CONFLICT DO NOTHING""",
        )
        as_role(
            "owner",
            """INSERT INTO trust.anchor_end SELECT id, now() FROM trust.anchor
               WHERE name = 'gone' ON CONFLICT DO NOTHING""",
        )
    assert as_role(role, attack) in {"RG900", "42501"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("number", [1, 0])
def test_the_numbers_of_an_authoritys_lists_only_grow(keys: Keys, as_role, role, number):
    sql = """INSERT INTO trust.crl (anchor_id, number, this_update, next_update, der, at)
             SELECT anchor_id, %(number)s, this_update, next_update, der, at
             FROM trust.crl LIMIT 1"""
    assert as_role(role, sql, number=number) == "RG451"


def test_a_list_with_an_older_time_does_not_follow_a_newer_one(keys: Keys, as_role):
    sql = """INSERT INTO trust.crl (anchor_id, number, this_update, next_update, der, at)
             SELECT anchor_id, 99, this_update - interval '1 s', next_update, der, at
             FROM trust.crl LIMIT 1"""
    assert as_role("app", sql) == "RG451"


@pytest.mark.parametrize(
    "attack",
    [
        """INSERT INTO trust.anchor (fingerprint, kind, name, der, at)
           VALUES (sha256('mine'), 'root', 'mine', 'mine', now())""",
        "INSERT INTO trust.anchor_end SELECT id, now() FROM trust.anchor",
        """INSERT INTO trust.certificate_end (certificate_id, reason, at)
           SELECT id, 'lost', now() FROM trust.certificate""",
        "UPDATE trust.enrolment SET person_id = 1",
        "UPDATE trust.enrolment SET code_hash = 'x'",
    ],
)
def test_the_application_says_neither_whom_it_believes_nor_whose_certificate_ends(as_role, attack):
    assert as_role("app", attack) == "42501"


def test_what_the_application_adds_is_marked_as_software(keys: Keys, as_role):
    add = "SELECT trust.add_software_anchor('root', 'mine', 'mine', now())"
    assert as_role("app", add) is None
    assert keys.site.rows("SELECT software FROM trust.anchor WHERE name = 'mine'") == [(True,)]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("change", ["used_at = NULL", "failures = 0", "expires_at = 'infinity'"])
def test_codes_are_used_once_and_their_failures_only_grow(keys: Keys, as_role, role, change):
    keys.bound(AN_EMITTER, f"codes {role} {change}")
    keys.site.change("UPDATE trust.enrolment SET failures = failures + 1 WHERE used_at IS NULL")
    assert as_role(role, f"UPDATE trust.enrolment SET {change}") in {"RG900", "42501"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("change", ["ended_at = NULL", "ended_at = NULL, ended_why = ''"])
def test_a_session_that_ended_is_not_opened_again(keys: Keys, as_role, role, change):
    keys.site.signed_in(A_PROVINCE)
    keys.site.signed_in(A_PROVINCE)
    sql = f"UPDATE identity.session SET {change} WHERE ended_at IS NOT NULL"
    assert as_role(role, sql) == "RG900"


def test_two_sessions_of_a_person_cannot_be_open(keys: Keys, as_role):
    keys.site.signed_in(A_PROVINCE)
    sql = """INSERT INTO identity.session (token_hash, person_id, mandate_id, ip, created_at,
                 last_seen_at, expires_at)
             SELECT 'another', person_id, mandate_id, ip, created_at, last_seen_at, expires_at
             FROM identity.session WHERE ended_at IS NULL"""
    assert as_role("superuser", sql) == "23505"
