"""The demo as `make run` starts it: everybody signs, or the server does in their place."""

import re
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest

from app.services.demo.market import PASSWORD, make_market
from app.services.demo.tokens import PIN, hand_out
from app.services.deployments import deploy_files
from app.services.tokens import make_token_for_member
from app.services.verify import verify
from tests.pages.conftest import EMITTER, OTHER_EMITTER, PROVINCE, Market
from tests.web.site import open_site
from usbkey import cms
from usbkey.software_token import SoftwareToken

ROW = {"lines.instrument": "PE2025000118", "lines.quantity": "700"}
FORM = {"lines": [{"instrument": "PE2025000118", "quantity": "300"}]}


@pytest.fixture(scope="module")
def demo(module_database, redis_server) -> Market:
    """The demo market in which decisions are signed, as they are by default."""
    plain = open_site(module_database, redis_server.url(), SIGNATURES="on")
    deploy_files(plain.ctx)
    make_market(plain.ctx)
    return Market(plain.ctx, plain.clock)


def signatures(demo: Market) -> int:
    return demo.one("SELECT count(*) FROM trust.signature")


def last_signed(demo: Market) -> tuple:
    """Who decided last, whose certificate signed it, and whether its key lies with the server."""
    [found] = demo.rows(
        """SELECT p.member_no, c.subject, c.software FROM trust.signature s
           JOIN workflow.decision d ON d.id = s.decision_id
           JOIN identity.person p ON p.id = d.person_id
           JOIN trust.certificate c ON c.id = s.certificate_id ORDER BY d.id DESC LIMIT 1"""
    )
    return found


def test_everybody_has_a_software_certificate_and_the_demo_s_own_history_is_signed(demo):
    assert (
        demo.one(
            """SELECT count(*) FROM identity.person p WHERE NOT EXISTS (
               SELECT FROM trust.certificate c WHERE c.person_id = p.id AND c.software)"""
        )
        == 0
    )
    assert demo.one("SELECT count(*) FROM identity.account WHERE signature_policy = 'none'") == 0
    decisions = demo.one("SELECT count(*) FROM workflow.decision WHERE kind <> 'timer'")
    assert signatures(demo) == decisions > 40
    report = verify(demo.ctx)
    assert report.ok, list(report.lines())


def test_one_post_signs_in_and_a_decision_by_a_page_is_signed_by_the_server(demo):
    before = signatures(demo)
    browser = demo.browser()
    assert browser.sign_in(OTHER_EMITTER, PASSWORD).status_code == 302
    assert browser.get("/home").status_code == 200
    instance, key = demo.task_of("YX")
    province = demo.as_(PROVINCE)
    form = {"verdict": "approve", "action": "submit", "once": "a" * 32}
    path = f"/applications/{instance}/tasks/{key}"
    assert province.post(f"{path}/prepare", form).json == {"needed": False, "documents": []}
    assert province.post(path, form).status_code == 302
    assert signatures(demo) == before + 1
    member_no, subject, software = last_signed(demo)
    assert (member_no, software) == (PROVINCE, True)
    assert PROVINCE in subject


@pytest.fixture(scope="module")
def a_token(demo, tmp_path_factory) -> SoftwareToken:
    """The USBKey in a folder that `make run` names, handed out twice: a second start."""
    folder = tmp_path_factory.mktemp("demo") / "usbkey"
    for _ in range(2):
        hand_out(demo.ctx, folder, [EMITTER, PROVINCE])
    return SoftwareToken(folder)


def test_a_decision_by_a_script_with_the_demo_s_token_is_signed_likewise(demo, a_token):
    before = signatures(demo)
    token = make_token_for_member(demo.ctx, EMITTER, (), 30, "demo")
    body = {
        "process": "compliance",
        "subject_id": demo.notice_of("QL"),
        "form": FORM,
        "submit": True,
    }
    headers = {"Authorization": f"Bearer {token}"}
    answer = demo.app.test_client().post("/api/v1/applications", json=body, headers=headers)
    assert answer.status_code == 201, answer.json
    assert signatures(demo) == before + 1
    assert last_signed(demo)[0] == EMITTER


def signed_with(demo: Market, token: SoftwareToken, member_no: str, document: bytes) -> bytes:
    [held] = [one for one in token.certificates() if member_no in one.subject.member_no]
    with token.unlocked(held.fingerprint, PIN, demo.clock.now()) as signer:
        return cms.signed(document, signer, demo.clock.now())


def test_who_signs_in_with_the_demo_s_usbkey_decides_with_it(demo, a_token):
    browser = demo.browser()
    answer = browser.sign_in(PROVINCE, PASSWORD, medium="usbkey")
    page = browser.get(answer.location).text
    found = re.search(r'data-document="([^"]+)"', page)
    assert found, page
    signature = signed_with(demo, a_token, PROVINCE, b64decode(found[1]))
    shown = {"signed_document": found[1], "cms": b64encode(signature).decode()}
    assert browser.post("/sign-in/certificate", shown).status_code == 302

    browser.get("/home")
    instance, key = demo.task_of("BL")
    form = {"verdict": "approve", "action": "submit", "once": "b" * 32}
    path = f"/applications/{instance}/tasks/{key}"
    assert "8081" in browser.post(path, form).text
    asked = browser.post(f"{path}/prepare", form).json
    assert asked["needed"]
    [document] = asked["documents"]
    made = signed_with(demo, a_token, PROVINCE, b64decode(document))
    given = {"signed_document": [document], "cms": [b64encode(made).decode()]}
    assert browser.post(path, form | given).status_code == 302
    fingerprint = demo.one(
        """SELECT encode(c.fingerprint, 'hex') FROM trust.certificate c WHERE c.id = (
               SELECT certificate_id FROM trust.signature ORDER BY decision_id DESC LIMIT 1)"""
    )
    assert fingerprint in {held.fingerprint for held in a_token.certificates()}
    assert verify(demo.ctx).ok


def test_another_start_binds_nothing_again_and_renews_the_lists_in_time(demo):
    certificates = "SELECT count(*) FROM trust.certificate"
    lists = "SELECT max(number)::int FROM trust.crl"
    bound, number = demo.one(certificates), demo.one(lists)
    make_market(demo.ctx)
    assert (demo.one(certificates), demo.one(lists)) == (bound, number)
    began = demo.clock.now()
    demo.clock.set(began + timedelta(days=25))
    make_market(demo.ctx)
    assert demo.one(lists) == number + 1
    assert demo.one(certificates) == bound
    demo.clock.set(began)
