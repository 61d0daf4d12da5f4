"""Forms that are signed on the visitor's own machine: what is prepared, sent and shown (R23)."""

import re
from base64 import b64decode, b64encode

import pytest

from app.evidence import bundle, documents
from app.web.limits import limiter
from tests.keys import Keys
from tests.pages.conftest import AUDITOR, EMITTER, OTHER_EMITTER, PROVINCE, Market
from usbkey import cms
from usbkey.agent.command import PORT

ROW = {"lines.instrument": "PE2025000118", "lines.quantity": "700"}


@pytest.fixture(scope="module")
def keys(market, module_database) -> Keys:
    """Every account asks for signatures, and nobody's key is the server's."""
    return Keys(module_database, market.ctx)


def actor_of(market: Market, member_no: str):
    from app.domain.clock import local_day
    from app.identity.mandates import actor_by_member_no

    with market.ctx.database.transaction() as tx:
        return actor_by_member_no(tx, member_no, local_day(market.clock.now()))


def signed(keys: Keys, market: Market, member_no: str, answer) -> dict[str, list[str]]:
    """What the script of the page adds to the form."""
    found = answer.json["documents"]
    key = keys.of(actor_of(market, member_no))
    made = [cms.signed(b64decode(d), key, market.clock.now()) for d in found]
    return {"signed_document": found, "cms": [b64encode(one).decode() for one in made]}


@pytest.fixture(scope="module")
def an_application(market, keys) -> int:
    """Submitted by the emitter under its signature, from the page of a new application."""
    emitter = market.as_(EMITTER)
    path = f"/applications/new/compliance/{market.notice_of('QL')}"
    page = emitter.get(path).text
    assert f'data-usbkey="decision" data-prepare="{path}/prepare"' in page
    assert "data-usbkey-region" in page
    form = {**ROW, "action": "submit", "once": "a" * 32}
    answer = emitter.post(f"{path}/prepare", form)
    assert answer.json["needed"], answer.text
    done = emitter.post(answer.json["action"], form | signed(keys, market, EMITTER, answer))
    assert done.status_code == 302, done.text
    return int(re.search(r"/applications/(\d+)", done.location)[1])


def test_a_new_application_is_saved_then_signed_by_its_number(market, keys, an_application):
    [(number, document)] = market.rows(
        """SELECT i.number, s.document FROM trust.signature s
           JOIN workflow.decision d ON d.id = s.decision_id
           JOIN workflow.instance i ON i.id = d.instance_id WHERE i.id = %(i)s""",
        i=an_application,
    )
    told = documents.read(bytes(document)).fields
    assert (told["instance"], told["origin"]) == (number, "http://localhost")


def test_only_pages_that_sign_may_reach_the_agent(market, keys):
    """By their policy; the default port of the agent is the one that its users start it on."""
    new = f"/applications/new/compliance/{market.notice_of('QL')}"
    for path, reaches in (("/home", False), ("/inbox", False), (new, True)):
        policy = market.as_(EMITTER).get(path).headers["Content-Security-Policy"]
        assert (f"connect-src 'self' http://127.0.0.1:{PORT}" in policy) is reaches, path


def test_without_a_signature_the_page_says_which_number_is_missing(market, keys):
    path = f"/applications/new/compliance/{market.notice_of('QL')}"
    answer = market.as_(EMITTER).post(path, {**ROW, "action": "submit", "once": "b" * 32})
    assert answer.status_code == 422
    assert "8081" in answer.text


def test_a_form_that_is_wrong_prepares_nothing_and_saves_nothing(market, keys):
    path = f"/applications/new/compliance/{market.notice_of('QL')}/prepare"
    before = market.one("SELECT count(*) FROM workflow.instance")
    answer = market.as_(EMITTER).post(path, {"lines.instrument": "PE2025000118"})
    assert answer.status_code == 422
    much = ROW | {"lines.quantity": "90000000"}
    assert market.as_(EMITTER).post(path, much).status_code == 422
    assert market.one("SELECT count(*) FROM workflow.instance") == before


def test_a_reviewer_signs_the_review_and_a_stranger_gets_nothing(market, keys, an_application):
    [(key,)] = market.rows(
        "SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=an_application
    )
    path = f"/applications/{an_application}/tasks/{key}"
    form = {"verdict": "approve", "action": "submit", "once": "c" * 32}
    assert market.as_(OTHER_EMITTER).post(f"{path}/prepare", form).status_code == 404
    province = market.as_(PROVINCE)
    page = province.get(path).text
    assert f'data-prepare="{path}/prepare"' in page
    answer = province.post(f"{path}/prepare", form)
    told = documents.read(b64decode(answer.json["documents"][0])).fields
    assert (told["verdict"], told["task"]) == ("approve", "review_surrender")
    done = province.post(path, form | signed(keys, market, PROVINCE, answer))
    assert done.status_code == 302, done.text


def test_the_page_shows_the_certificate_and_hands_out_the_evidence(market, keys, an_application):
    page = market.as_(AUDITOR).get(f"/applications/{an_application}").text
    assert "已签名" in page
    assert "ES256" in page
    [timeline] = re.findall(r'<ol class="timeline">.*?</ol>', page, re.DOTALL)
    assert timeline.count("已签名") == 2
    links = re.findall(rf"/applications/{an_application}/decisions/\d+/evidence.json", page)
    assert len(set(links)) >= 1
    for link in links:
        answer = market.as_(AUDITOR).get(link)
        assert "attachment" in answer.headers["Content-Disposition"]
        assert bundle.decode(answer.data).certificates
    assert market.as_(OTHER_EMITTER).get(links[0]).status_code == 404


def test_most_withdrawals_need_no_signature(market, keys):
    instance, _key = market.task_of("QL")
    answer = market.as_(EMITTER).post(f"/applications/{instance}/send/withdraw/prepare")
    assert answer.json == {"needed": False, "documents": []}


def test_who_asks_for_documents_without_end_is_told_to_wait(market, monkeypatch):
    """Each leaves a number behind, kept for a day."""
    monkeypatch.setitem(market.app.config, "DOCUMENTS", "2 per minute")
    instance, _key = market.task_of("QL")
    path = f"/applications/{instance}/send/withdraw/prepare"
    with market.app.app_context():
        limiter.reset()
    asked = [market.as_(OTHER_EMITTER).post(path).status_code for _ in range(3)]
    assert asked == [200, 200, 429]  # a withdrawal needs no signature, whoever asks
    assert market.as_(EMITTER).post(path).status_code == 200
    assert market.as_(OTHER_EMITTER).post("/inbox/bulk/documents").status_code == 429
