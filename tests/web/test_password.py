"""M6, F4, M2: change the password with the old one; set the first one with a one-time link."""

from datetime import timedelta

import pytest

from app.identity.enrolments import LIFETIME
from app.services.passwords import issue_enrolment
from tests.web.site import A_PROVINCE, AN_EMITTER, AN_OPERATOR, NOT_ENROLLED, PASSWORD, Site

NEW = "another calm morning 2"


def change(browser, old: str, new: str, again: str | None = None):
    browser.get("/password")
    given = {"old_password": old, "new_password": new, "again": new if again is None else again}
    return browser.post("/password", given)


def test_old_and_new_password_change_it_and_keep_this_session(site: Site):
    mine = site.signed_in(AN_OPERATOR)
    assert change(mine, PASSWORD, NEW).status_code == 302
    assert "密码已修改" in mine.get("/account").text
    assert site.browser().sign_in(AN_OPERATOR, PASSWORD).status_code == 422
    assert site.browser().sign_in(AN_OPERATOR, NEW).status_code == 302
    [(data,)] = site.rows(
        "SELECT data FROM audit.event WHERE tag = 'identity:password:changed' ORDER BY id LIMIT 1"
    )
    assert data == '{"sessions_ended": 0}'


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong old one", NEW, None, "原始密码不正确"),
        (PASSWORD, "short", None, "至少 12 个字符"),
        (PASSWORD, "x" * 129, None, "最多 128 个字符"),
        (PASSWORD, f"my number {AN_EMITTER}", None, "不能包含会员编号"),
        (PASSWORD, "111111111111", None, "至少包含 5 个不同的字符"),
        (PASSWORD, NEW, "something else", "两次输入的新密码不一致"),
        (PASSWORD, PASSWORD, None, "不能与原始密码相同"),
        (PASSWORD, "", None, "至少 12 个字符"),
    ],
)
def test_a_new_password_that_breaks_the_policy_changes_nothing(site: Site, old, new, again, said):
    answer = change(site.signed_in(AN_EMITTER), old, new, again)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert site.browser().sign_in(AN_EMITTER, PASSWORD).status_code == 302


def test_all_objections_are_shown_at_once(site: Site):
    page = change(site.signed_in(AN_EMITTER), "wrong", "short", "other").text
    assert all(said in page for said in ("原始密码不正确", "至少 12 个字符", "不一致"))


def test_passwords_are_stored_as_argon2id(site: Site):
    hashes = site.rows("SELECT password_hash FROM identity.person WHERE password_hash IS NOT NULL")
    assert hashes
    assert all(stored.startswith("$argon2id$") for (stored,) in hashes)


def test_a_new_password_by_a_one_time_link_ends_the_session(site: Site):
    browser = site.signed_in(A_PROVINCE)
    link = f"/enrol/{issue_enrolment(site.ctx, None, A_PROVINCE)}"
    site.browser().get(link)
    other = site.browser()
    other.get(link)
    assert other.post(link, {"new_password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert browser.get("/account").status_code == 302
    assert "密码已修改，登录已结束" in browser.get("/sign-in").text


def test_a_person_opened_in_bulk_sets_the_first_password_with_a_one_time_link(site: Site):
    link = f"/enrol/{issue_enrolment(site.ctx, None, NOT_ENROLLED)}"
    browser = site.browser()
    assert NOT_ENROLLED in browser.get(link).text
    assert browser.post(link, {"new_password": "short", "again": "short"}).status_code == 422
    assert browser.post(link, {"new_password": NEW, "again": NEW}).status_code == 302
    assert site.browser().sign_in(NOT_ENROLLED, NEW).status_code == 302
    assert browser.get(link).status_code == 404
    browser.get("/sign-in")
    assert browser.post(link, {"new_password": NEW, "again": NEW}).status_code == 404


def test_a_one_time_link_expires_and_a_newer_one_replaces_it(site: Site):
    older = f"/enrol/{issue_enrolment(site.ctx, None, A_PROVINCE)}"
    newer = f"/enrol/{issue_enrolment(site.ctx, None, A_PROVINCE)}"
    browser = site.browser()
    assert browser.get(older).status_code == 404
    assert browser.get(newer).status_code == 200
    site.clock.advance(LIFETIME + timedelta(seconds=1))
    assert browser.get(newer).status_code == 404


def test_the_database_keeps_only_the_hash_of_a_link(site: Site):
    token = issue_enrolment(site.ctx, None, A_PROVINCE)
    kept = site.rows("SELECT token_hash FROM identity.enrolment")
    assert token.encode() not in {bytes(row[0]) for row in kept}


def test_trying_old_passwords_without_end_is_refused(site: Site):
    browser = site.signed_in(AN_EMITTER)
    answers = [change(browser, f"wrong old {n}", NEW).status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
