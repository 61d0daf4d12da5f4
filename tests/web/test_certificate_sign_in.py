"""M4, R23, W2: after the password the certificate signs; each refusal has a number of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import orjson
import psycopg2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from app.domain.canonical import canonical
from app.domain.errors import RegistryError
from app.evidence import certificate as evidence
from app.evidence.verify import Trust
from app.services.entering import Entered
from app.services.signing import enrolment, proof, software_authority
from tests.web.keys import SEED, Keys, document_of, fields
from tests.web.site import A_PROVINCE, AN_AUDITOR, AN_EMITTER, AN_OPERATOR, STARTED, Site, open_site
from usbkey.authority import Authority
from usbkey.profile import Revoked
from usbkey.software import SoftwareKey
from usbkey.subject import Subject


@pytest.fixture(scope="module")
def signing_site(module_site: Site, module_database, redis_server) -> Site:
    """The module's site, where everybody signs."""
    return open_site(module_database, redis_server.url(), SIGNATURES="on")


@pytest.fixture(scope="module")
def module_keys(signing_site: Site, module_database) -> Keys:
    return Keys(signing_site, module_database).trusted()


@pytest.fixture
def keys(module_keys: Keys, redis_url: str) -> Keys:
    """The authority is trusted, and no attempt has been counted yet."""
    module_keys.site.clock.set(STARTED)
    return module_keys


@pytest.fixture(scope="module")
def an_emitters_key(module_keys: Keys) -> SoftwareKey:
    return module_keys.bound(AN_EMITTER)


def test_password_then_certificate_open_a_session(keys: Keys, an_emitters_key):
    browser, answer = keys.sign_in(an_emitters_key)
    assert answer.status_code == 302
    assert "市场通测试030207" in browser.get("/account").text
    [(bound, used)] = keys.site.rows(
        """SELECT s.certificate_id = c.id, ch.used_at = s.created_at FROM identity.session s
           JOIN trust.certificate c ON c.fingerprint = sha256(%(der)s)
           JOIN trust.challenge ch ON ch.person_id = s.person_id AND ch.used_at IS NOT NULL
           WHERE s.ended_at IS NULL AND s.person_id = c.person_id""",
        der=an_emitters_key.certificate,
    )
    assert bound
    assert used


def test_what_the_browser_keeps_between_the_two_pages_opens_nothing(keys: Keys):
    browser, _ = keys.halfway()
    pending = browser.client.get_cookie("registry_pending", path="/sign-in").value
    assert browser.session_cookie() == ""
    assert browser.get("/account").status_code == 302
    other = keys.site.browser()
    other.client.set_cookie("registry_session", pending)
    assert other.get("/account").status_code == 302


def test_who_shows_no_password_never_sees_the_second_page(keys: Keys):
    assert "/sign-in?late=1" in keys.site.browser().get("/sign-in/certificate").headers["Location"]


def test_the_second_page_lasts_a_quarter_of_an_hour_with_a_new_number_every_five_minutes(
    keys: Keys, an_emitters_key
):
    browser, page = keys.halfway()
    keys.site.clock.advance(timedelta(minutes=6))
    again = browser.get("/sign-in/certificate").text
    assert document_of(again) != document_of(page)
    assert (
        browser.post("/sign-in/certificate", keys.signed(again, an_emitters_key)).status_code == 302
    )
    browser, _ = keys.halfway()
    keys.site.clock.advance(timedelta(minutes=15))
    assert "late=1" in browser.get("/sign-in/certificate").headers["Location"]


def test_what_is_signed_names_site_person_and_time(keys: Keys):
    _, page = keys.halfway()
    said = orjson.loads(document_of(page))
    assert len(bytes.fromhex(said.pop("nonce"))) == 32
    assert said == {
        "type": "registry/sign-in/1",
        "action": {"zh": "登录", "en": "Sign in"},
        "origin": "http://localhost",
        "member_no": AN_EMITTER,
        "issued": "2026-11-20T01:30:00Z",
        "expires": "2026-11-20T01:35:00Z",
    }


@dataclass
class Case:
    """Somebody halfway: the password is shown, this page asks for the certificate."""

    keys: Keys
    key: SoftwareKey
    page: str

    def says(self, **changed: str) -> dict[str, str]:
        """Sign another document than the one that was asked for."""
        return fields(
            canonical(orjson.loads(document_of(self.page)) | changed), self.key, self.keys.now
        )

    def by(self, key: object) -> dict[str, str]:
        return self.keys.signed(self.page, key)


def replayed(case: Case) -> dict[str, str]:
    first, asked = case.keys.halfway()
    sent = case.keys.signed(asked, case.key)
    assert first.post("/sign-in/certificate", sent).status_code == 302
    return sent


def expired(case: Case) -> dict[str, str]:
    sent = case.by(case.key)
    case.keys.site.clock.advance(timedelta(minutes=5))
    return sent


def of_another_browser(case: Case) -> dict[str, str]:
    _, page = case.keys.halfway()
    return case.keys.signed(page, case.key)


def of_another_person(case: Case) -> dict[str, str]:
    _, page = case.keys.halfway(A_PROVINCE)
    return case.keys.signed(page, case.keys.bound(A_PROVINCE, "another"))


def with_anothers_key(case: Case) -> dict[str, str]:
    return case.by(case.keys.bound(A_PROVINCE, "anothers"))


def revoked(case: Case) -> dict[str, str]:
    key = case.keys.bound(AN_EMITTER, "revoked")
    serial = x509.load_der_x509_certificate(key.certificate).serial_number
    case.keys.publish(Revoked(serial, case.keys.now), number=2)
    return case.by(key)


def untrusted(case: Case) -> dict[str, str]:
    stranger = Authority.derive(b"nobody trusts this authority", "Test")
    return case.by(SoftwareKey.derive(SEED, AN_EMITTER, stranger, case.keys.now))


def weak(case: Case) -> dict[str, str]:
    """SHA-1 under the certificate."""
    authority = case.keys.authority
    key = SoftwareKey.derive(SEED, AN_EMITTER, authority, case.keys.now, "weak")
    loaded = x509.load_der_x509_certificate(key.certificate)
    builder = (
        x509.CertificateBuilder()
        .subject_name(loaded.subject)
        .issuer_name(loaded.issuer)
        .public_key(loaded.public_key())
        .serial_number(7)
        .not_valid_before(loaded.not_valid_before_utc)
        .not_valid_after(loaded.not_valid_after_utc)
    )
    for extension in loaded.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    made = builder.sign(authority.key, hashes.SHA224())
    return case.by(SoftwareKey(made.public_bytes(Encoding.DER), key.chain, key.key))


def out_of_date(case: Case) -> dict[str, str]:
    key = case.keys.key(AN_EMITTER)
    old = case.keys.authority.issue(
        key.key.public_key(),
        Subject(AN_EMITTER),
        case.keys.now - timedelta(days=10),
        9,
        serial=99,
    )
    return case.by(SoftwareKey(old.public_bytes(Encoding.DER), key.chain, key.key))


def ended(case: Case) -> dict[str, str]:
    key = case.keys.bound(AN_EMITTER, "ended")
    case.keys.end(key)
    return case.by(key)


def not_bound_and_wrong_codes(case: Case) -> dict[str, str]:
    reference, _ = case.keys.codes()
    return case.by(case.keys.key(AN_EMITTER, "unbound")) | {
        "reference": reference,
        "code": "AAAA-AAAA-AAAA-AAAA",
    }


def bound_to_somebody_else(case: Case) -> dict[str, str]:
    """The certificate names this member, but somebody else's row has it."""
    key = case.keys.key(AN_EMITTER, "misbound")
    reference, code = case.keys.codes(A_PROVINCE)
    with case.keys.site.ctx.database.transaction() as tx:
        person = case.keys.person(A_PROVINCE)
        read = evidence.read(key.certificate)
        assert enrolment.bind(tx, person, read, reference, code, case.keys.now)
    return case.by(key)


def wrong_key(case: Case) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    return case.by(SoftwareKey(case.key.certificate, case.key.chain, key))


def truncated(case: Case) -> dict[str, str]:
    sent = case.by(case.key)
    return sent | {"cms": sent["cms"][: len(sent["cms"]) // 8 * 4]}


REFUSALS: list[tuple[int, Callable[[Case], dict[str, str]]]] = [
    (8002, lambda case: case.by(case.key) | {"signed_document": ""}),
    (8002, lambda case: case.by(case.key) | {"cms": ""}),
    (8011, lambda case: case.by(case.key) | {"signed_document": "eA=="}),
    (8013, lambda case: case.says(extra="x")),
    (8021, lambda case: case.by(case.key) | {"cms": "%%%"}),
    (8002, truncated),
    (8004, lambda case: case.by(case.key) | {"cms": "A" * 100_001}),
    (8031, lambda case: case.by(case.key) | {"cms": case.says(origin="http://a.test")["cms"]}),
    (8032, wrong_key),
    (8033, weak),
    (8044, untrusted),
    (8047, out_of_date),
    (8066, revoked),
    (8071, lambda case: case.says(origin="https://evil.example")),
    (8072, lambda case: case.says(member_no=A_PROVINCE)),
    (8072, of_another_person),
    (8072, with_anothers_key),
    (8074, lambda case: case.says(action={"zh": "付款", "en": "Pay"})),
    (8075, expired),
    (8077, replayed),
    (8078, of_another_browser),
    (8078, lambda case: case.says(nonce="00" * 32)),
    (8079, bound_to_somebody_else),
    (8080, ended),
    (8083, not_bound_and_wrong_codes),
]


@pytest.mark.parametrize(
    ("number", "shown"), REFUSALS, ids=[f"{n}-{f.__name__}" for n, f in REFUSALS]
)
def test_what_does_not_stand_is_refused_with_its_own_number(
    keys: Keys, an_emitters_key, number: int, shown: Callable[[Case], dict[str, str]]
):
    browser, page = keys.halfway()
    sent = shown(Case(keys, an_emitters_key, page))
    before = _failures(keys)
    answer = browser.post("/sign-in/certificate", sent)
    assert answer.status_code == 422
    assert f"<h2>{number} " in answer.text
    assert browser.session_cookie() == ""
    assert browser.get("/account").status_code == 302
    unreadable = number == 8004 or sent["cms"] == "%%%"
    assert _failures(keys) == before + (not unreadable)


def _failures(keys: Keys) -> int:
    [(count,)] = keys.site.rows("SELECT count(*) FROM identity.sign_in WHERE NOT succeeded")
    return int(count)


def test_a_refused_signature_may_be_tried_again(keys: Keys, an_emitters_key):
    browser, page = keys.halfway()
    stranger = untrusted(Case(keys, an_emitters_key, page))
    answer = browser.post("/sign-in/certificate", stranger)
    assert (
        browser.post("/sign-in/certificate", keys.signed(answer.text, an_emitters_key)).status_code
        == 302
    )


def test_without_a_list_that_still_counts_nobody_signs_in(keys: Keys, an_emitters_key):
    keys.site.clock.advance(timedelta(days=401))
    _, answer = keys.sign_in(an_emitters_key)
    assert "<h2>8062 " in answer.text


def test_a_new_certificate_is_bound_with_two_codes_once(keys: Keys):
    key = keys.key(A_PROVINCE, "first")
    browser, page = keys.halfway(A_PROVINCE)
    asked = browser.post("/sign-in/certificate", keys.signed(page, key))
    assert asked.status_code == 422
    assert "请输入参考号和授权码" in asked.text
    reference, code = keys.codes(A_PROVINCE)
    typed = {"reference": reference.lower().replace("-", " "), "code": code.lower()}
    assert (
        browser.post("/sign-in/certificate", keys.signed(asked.text, key) | typed).status_code
        == 302
    )
    assert keys.sign_in(key, A_PROVINCE)[1].status_code == 302
    another = keys.key(A_PROVINCE, "second")
    assert "<h2>8083 " in keys.sign_in(another, A_PROVINCE, **typed)[1].text


def test_codes_do_not_work_after_five_wrong_ones_nor_after_14_days(keys: Keys):
    key = keys.key(A_PROVINCE, "limited")
    reference, code = keys.codes(A_PROVINCE)
    for _ in range(5):
        wrong = {"reference": reference, "code": "AAAA"}
        assert "<h2>8083 " in keys.sign_in(key, A_PROVINCE, **wrong)[1].text
    right = {"reference": reference, "code": code}
    assert "<h2>8083 " in keys.sign_in(key, A_PROVINCE, **right)[1].text
    reference, code = keys.codes(A_PROVINCE)
    keys.site.clock.advance(timedelta(days=14))
    late = {"reference": reference, "code": code}
    assert "<h2>8083 " in keys.sign_in(key, A_PROVINCE, **late)[1].text


def test_codes_are_for_the_person_they_were_given_to(keys: Keys):
    reference, code = keys.codes(AN_EMITTER)
    typed = {"reference": reference, "code": code}
    answer = keys.sign_in(keys.key(A_PROVINCE, "thief"), A_PROVINCE, **typed)[1]
    assert "<h2>8083 " in answer.text


def test_guessing_with_one_password_is_limited(keys: Keys):
    browser, page = keys.halfway()
    sent = untrusted(Case(keys, keys.key(), page))
    answers = [browser.post("/sign-in/certificate", sent).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_the_software_certificate_of_a_demonstration_needs_one_page(keys: Keys):
    browser = keys.site.browser()
    assert browser.sign_in(AN_AUDITOR).status_code == 302
    page = browser.get("/account").text
    assert "使用软件证书登录（演示）" in page
    [(software,)] = keys.site.rows(
        """SELECT c.software FROM identity.session s JOIN trust.certificate c
           ON c.id = s.certificate_id JOIN identity.person p ON p.id = s.person_id
           WHERE p.member_no = %(no)s AND s.ended_at IS NULL""",
        no=AN_AUDITOR,
    )
    assert software


def test_production_refuses_the_software_certificate(keys: Keys, module_database, redis_server):
    assert keys.site.browser().sign_in(AN_OPERATOR).status_code == 302
    strict = open_site(module_database, redis_server.url(), SIGNATURES="on", SOFTWARE_SIGNER="off")
    there = Keys(strict, module_database)
    browser, page = there.halfway(AN_OPERATOR)
    with keys.site.ctx.database.transaction() as tx:
        person = keys.person(AN_OPERATOR)
        signer = software_authority.signer_of(keys.site.ctx, tx, person, AN_OPERATOR, there.now)
    answer = browser.post("/sign-in/certificate", there.signed(page, signer))
    assert "<h2>8082 " in answer.text
    # Nor does it sign by itself, whatever the form says.
    plain = strict.browser()
    sent = plain.sign_in(AN_OPERATOR, medium="software")
    assert "/sign-in/certificate" in sent.headers["Location"]
    assert plain.session_cookie() == ""
    answer = plain.post("/sign-in/certificate", {"medium": "software"})
    assert "<h2>8002 " in answer.text


def test_whose_software_certificate_was_ended_needs_codes_for_the_next(keys: Keys):
    browser = keys.site.browser()
    assert browser.sign_in(AN_AUDITOR).status_code == 302
    keys.end_all(AN_AUDITOR)
    assert browser.get("/account").status_code == 302
    assert "证书已停用或到期" in browser.get("/sign-in").text
    sent = browser.sign_in(AN_AUDITOR)
    assert "medium=software" in sent.headers["Location"]
    page = browser.get(sent.headers["Location"]).text
    assert "使用软件证书登录" in page
    reference, code = keys.codes(AN_AUDITOR)
    typed = {"medium": "software", "reference": reference, "code": code}
    assert browser.post("/sign-in/certificate", typed).status_code == 302
    assert browser.get("/account").status_code == 200


def test_nothing_is_locked_while_a_signature_is_verified(
    keys: Keys, an_emitters_key, module_database, monkeypatch
):
    seen = []
    verified = Trust.verified

    def watched(*asked):
        with psycopg2.connect(module_database.superuser_url) as other, other.cursor() as cursor:
            cursor.execute(
                """SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND xact_start IS NOT NULL
                     AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
            )
            seen.extend(cursor.fetchone())
        other.close()
        return verified(*asked)

    monkeypatch.setattr(Trust, "verified", watched)
    assert keys.sign_in(an_emitters_key)[1].status_code == 302
    assert seen == [0]


def test_two_who_send_one_signature_at_once_get_one_session(keys: Keys, an_emitters_key):
    browser, page = keys.halfway()
    token = browser.client.get_cookie("registry_pending", path="/sign-in").value
    sent = keys.signed(page, an_emitters_key)
    shown = proof.Shown.of(sent)

    def prove(_: int) -> object:
        try:
            return proof.prove(keys.site.ctx, token, shown, "192.0.2.1", "http://localhost")
        except RegistryError as refusal:
            return refusal

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(prove, range(6)))
    assert sum(isinstance(one, Entered) for one in outcomes) == 1
    others = [one for one in outcomes if not isinstance(one, Entered)]
    assert {type(one).__name__ for one in others} <= {"SignatureRefused", "NotHalfway"}
    assert {one.reason.code for one in others if hasattr(one, "reason")} <= {8077}
