"""A change of somebody's certificate: two officers, never one's own, at once (M2, R23, G29)."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from threading import Barrier

import psycopg2
import pytest

from app.domain.errors import AlreadyDecided, Forbidden, Refused
from app.identity.actor import Actor
from app.messages.mailbox import FileMailbox
from app.messages.sms import FileSms
from app.services.applications import begin
from app.services.checked import checks
from app.services.signing import enrolment
from app.services.sweep import sweep
from app.services.telling.sealed import unseal
from tests.services.credentials import (
    FLOW,
    agree,
    ask,
    certificate_of,
    form,
    member_of,
    reach,
    sign_in_as,
)
from tests.services.market import APPROVE, RETURN, Market

pytestmark = pytest.mark.database

ENDING = ("lost", "revoked", "compromised", "replaced")
KEY = "SELECT key FROM workflow.task WHERE instance_id = %(i)s"


@pytest.fixture
def an_officer(a_market: Market) -> Actor:
    """The officer of the registry who fills in."""
    return a_market.actor("registry")


@pytest.fixture
def another_officer(a_market: Market) -> Actor:
    return a_market.actor("registry", 1)


@pytest.fixture
def a_certificate(a_market: Market) -> str:
    """The emitter's first person's; its fingerprint."""
    return certificate_of(a_market, "emitter")


def ends(market: Market) -> list[tuple[str, bool]]:
    """Why certificates ended, and whether a decision says so."""
    return market.rows(
        "SELECT reason, decision_id IS NOT NULL FROM trust.certificate_end ORDER BY certificate_id"
    )


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in refused.value.findings]


def sealed(market: Market) -> dict[str, str]:
    """The two codes on their way, by channel, opened with the registry's own key."""
    rows = market.rows(
        """SELECT m.channel, o.payload FROM workflow.outbox o
           JOIN messages.message m ON m.outbox_id = o.id WHERE o.kind = 'personal'"""
    )
    key = market.ctx.settings.secret_key
    return {way: unseal(key, json.loads(payload)["sealed"]) for way, payload in rows}


@pytest.mark.parametrize("action", ENDING)
def test_a_certificate_ends_when_a_second_officer_confirms_and_not_before(
    a_market: Market, an_officer: Actor, another_officer: Actor, a_certificate: str, action: str
):
    instance = ask(a_market, an_officer, form(a_market, action, fingerprint=a_certificate))
    assert a_market.instance(instance)["number"].startswith("PZ-2022-")
    assert ends(a_market) == []
    a_market.decide(another_officer, instance, APPROVE)
    assert ends(a_market) == [(action, True)]
    assert a_market.instance(instance)["outcome"] == "changed"


def test_a_certificate_is_named_by_its_serial_number_as_well(a_market: Market, a_certificate: str):
    [(serial,)] = a_market.rows("SELECT serial FROM trust.certificate")
    written = ":".join(serial[i : i + 2] for i in range(0, len(serial), 2)).upper()
    agree(a_market, form(a_market, "lost", fingerprint=written))
    assert ends(a_market) == [("lost", True)]


def test_with_a_certificate_end_its_persons_sessions_and_tokens_at_once(
    a_market: Market, a_certificate: str
):
    sign_in_as(a_market, "emitter")
    sign_in_as(a_market, "neighbour")
    agree(a_market, form(a_market, "compromised", fingerprint=a_certificate))
    meant = a_market.actor("emitter").person_id
    for table, ended in (("session", "ended_at"), ("api_token", "revoked_at")):
        rows = a_market.rows(f"SELECT person_id FROM identity.{table} WHERE {ended} IS NOT NULL")
        assert rows == [(meant,)], table
    assert a_market.rows("SELECT ended_why FROM identity.session WHERE ended_at IS NOT NULL") == [
        ("certificate",)
    ]


def test_a_return_changes_nothing_and_it_can_be_handed_in_again(
    a_market: Market, an_officer: Actor, another_officer: Actor, a_certificate: str
):
    filled = form(a_market, "lost", fingerprint=a_certificate)
    instance = ask(a_market, an_officer, filled)
    a_market.decide(another_officer, instance, RETURN)
    assert ends(a_market) == []
    a_market.decide(an_officer, instance, {**filled, "reason": "已核实。"})
    a_market.decide(another_officer, instance, APPROVE)
    assert ends(a_market) == [("lost", True)]


def test_whoever_filled_in_does_not_confirm(
    a_market: Market, an_officer: Actor, another_officer: Actor, a_certificate: str
):
    filled = form(a_market, "lost", fingerprint=a_certificate)
    instance = ask(a_market, an_officer, filled)
    with pytest.raises(Forbidden):
        a_market.decide(an_officer, instance, APPROVE)
    a_market.decide(another_officer, instance, RETURN)
    with pytest.raises(Forbidden):
        a_market.decide(another_officer, instance, filled)
    assert ends(a_market) == []


@pytest.mark.parametrize("role", ["emitter", "province", "national"])
def test_only_the_registry_operator_begins_one(a_market: Market, a_certificate: str, role: str):
    with pytest.raises(Forbidden):
        ask(a_market, a_market.actor(role), form(a_market, "lost", fingerprint=a_certificate))


def test_nobody_hands_in_a_change_of_their_own(a_market: Market, an_officer: Actor):
    own = certificate_of(a_market, "registry")
    with pytest.raises(Refused) as refused:
        ask(a_market, an_officer, form(a_market, "lost", "registry", fingerprint=own))
    assert codes(refused) == ["4103"]


def test_nobody_confirms_a_change_of_their_own(
    a_market: Market, an_officer: Actor, another_officer: Actor
):
    own = certificate_of(a_market, "registry", 1)
    filled = form(a_market, "lost", fingerprint=own) | {
        "member_no": member_of(a_market, "registry", 1)
    }
    instance = ask(a_market, an_officer, filled)
    with pytest.raises(Refused) as refused:
        a_market.decide(another_officer, instance, APPROVE)
    assert codes(refused) == ["4103"]
    assert ends(a_market) == []


def test_who_drafted_a_change_has_a_hand_in_it(
    a_market: Market, an_officer: Actor, another_officer: Actor
):
    """A third officer drafts a change of their own; a colleague hands it in, another confirms."""
    reach(a_market, "registry")
    filled = form(a_market, "issue_codes", "registry")
    drafted = begin(a_market.ctx, an_officer, FLOW, None, filled, submit=False)
    with pytest.raises(Refused) as refused:
        a_market.decide(another_officer, drafted.instance_id, filled)
    assert codes(refused) == ["4103"]


@pytest.mark.parametrize(
    ("code", "change", "filled"),
    [
        ("4101", "", {"member_no": "99999999999"}),
        ("4102", "UPDATE identity.person SET closed_at = now()", {}),
        ("4104", "", {"fingerprint": "ab" * 32}),
        ("4104", "", {"fingerprint": ""}),
        ("4104", "", {"member_no": "21010400002"}),
    ],
)
def test_what_cannot_be_ended_is_refused_by_a_number(
    a_market: Market, an_officer: Actor, a_certificate: str, code: str, change: str,
    filled: dict[str, str],
):  # fmt: skip
    if change:
        a_market.change(f"{change} WHERE member_no = %(m)s", m=member_of(a_market, "emitter"))
    asked = {**form(a_market, "lost", fingerprint=a_certificate), **filled}
    with pytest.raises(Refused) as refused:
        ask(a_market, an_officer, asked)
    assert codes(refused)[0] == code


def test_what_has_ended_is_not_ended_again(a_market: Market, an_officer: Actor, a_certificate: str):
    filled = form(a_market, "lost", fingerprint=a_certificate)
    agree(a_market, filled)
    with pytest.raises(Refused) as refused:
        ask(a_market, an_officer, filled)
    assert codes(refused) == ["4105"]


def test_the_reviewer_sees_the_checks_by_their_numbers(
    a_market: Market, an_officer: Actor, another_officer: Actor, a_certificate: str
):
    instance = ask(a_market, an_officer, form(a_market, "lost", fingerprint=a_certificate))
    found = checks(a_market.ctx, another_officer, instance)
    assert [check.code for check in found] == [f"410{n}" for n in range(1, 9)]
    assert {check.state for check in found} == {"ok"}
    assert found[0].compared.zh == "人员21010400001 · 重点排放单位21010400001"
    assert found[3].compared.en == "valid from 2022-03-01 to 2023-04-05"


@pytest.mark.parametrize("instances", [1, 2])
def test_of_two_approvals_at_once_one_ends_the_certificate(
    a_market: Market, an_officer: Actor, a_certificate: str, instances: int
):
    """Two officers at the same application, or at two applications for the same certificate."""
    a_market.give_mandate(
        a_market.actor("exchange").person_id, a_market.account("registry", "surrender")
    )
    third = a_market.actor("registry", member_no=member_of(a_market, "exchange"))
    filled = form(a_market, "lost", fingerprint=a_certificate)
    asked = [ask(a_market, an_officer, filled) for _ in range(instances)]
    gate = Barrier(2)

    def approve(pair: tuple[Actor, int]) -> str:
        officer, instance = pair
        key = a_market.rows(KEY, i=instance)[0][0]
        gate.wait()
        try:
            a_market.decide(officer, instance, APPROVE, key=key)
        except AlreadyDecided:
            return "decided"
        except Refused as refused:
            return refused.findings[0].code
        return ""

    pairs = zip((a_market.actor("registry", 1), third), (asked * 2)[:2], strict=True)
    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(approve, pairs))
    assert found[0] == ""
    assert found[1] in ({"4105", "decided"} if instances == 1 else ("4105",))
    assert ends(a_market) == [("lost", True)]


# Codes


def test_codes_go_two_ways_sealed_and_work_once(a_market: Market):
    reach(a_market, "emitter")
    agree(a_market, form(a_market, "issue_codes"))
    ways = sealed(a_market)
    assert set(ways) == {"email", "sms"}
    person = a_market.actor("emitter").person_id
    at = a_market.clock.now()
    with a_market.ctx.database.transaction() as tx:
        right, decision = enrolment.redeem(tx, person, ways["email"], ways["sms"], at)
        assert right
        assert enrolment.redeem(tx, person, ways["email"], ways["sms"], at) == (False, None)
    [(approval,)] = a_market.rows(
        "SELECT id FROM workflow.decision WHERE verdict = 'approve' AND role = 'registry_operator'"
    )
    assert decision == approval


def test_codes_stand_nowhere_in_the_database(a_market: Market):
    reach(a_market, "emitter")
    agree(a_market, form(a_market, "issue_codes"))
    secrets = sealed(a_market).values()
    everything = "\n".join(text for rows in a_market.dump().values() for text in rows) + str(
        a_market.rows("SELECT e::text FROM trust.enrolment e")
    )
    documents = a_market.rows("SELECT convert_from(document, 'UTF8') FROM workflow.decision")
    assert all(secret not in everything for secret in secrets)
    assert all(secret not in text for secret in secrets for (text,) in documents)


@pytest.fixture
def a_mailbox(a_market: Market, tmp_path: Path) -> Path:
    """The market's messages go into files of this test."""
    object.__setattr__(
        a_market.ctx,
        "ports",
        {
            "email": FileMailbox(tmp_path / "mail", "registry@localhost"),
            "sms": FileSms(tmp_path / "sms"),
        },
    )
    return tmp_path


def _sent(folder: Path) -> dict[str, str]:
    mails = [message_from_bytes(p.read_bytes(), policy=default) for p in folder.glob("mail/new/*")]
    texts = [json.loads(p.read_text()) for p in folder.glob("sms/new/*")]
    return {str(m["To"]): m.get_content() for m in mails} | {t["to"]: t["text"] for t in texts}


def test_each_code_reaches_the_person_and_the_other_way_knows_only_the_other(
    a_market: Market, a_mailbox: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    reach(a_market, "emitter")
    ways = {}
    agree(a_market, form(a_market, "issue_codes"))
    ways = sealed(a_market)
    while sweep(a_market.ctx).delivered:
        pass
    sent = _sent(a_mailbox)
    mail = sent[f"{member_of(a_market, 'emitter')}@example.com"]
    text = sent["13900000000"]
    assert ways["email"] in mail
    assert ways["sms"] not in mail
    assert ways["sms"] in text
    assert ways["email"] not in text
    assert not any(code in caplog.text for code in ways.values())
    outcomes = a_market.rows(
        """SELECT a.outcome FROM messages.attempt a JOIN messages.message m ON m.id = a.message_id
           WHERE m.kind = 'credential' AND a.outcome <> 'begun'"""
    )
    assert outcomes == [("sent",), ("sent",)]


@pytest.mark.parametrize(("column", "word"), [("email", "电子邮箱"), ("phone", "手机号")])
def test_codes_need_two_ways(a_market: Market, an_officer: Actor, column: str, word: str):
    reach(a_market, "emitter")
    a_market.change(
        f"UPDATE identity.person SET {column} = '' WHERE member_no = %(m)s",
        m=member_of(a_market, "emitter"),
    )
    with pytest.raises(Refused) as refused:
        ask(a_market, an_officer, form(a_market, "issue_codes"))
    assert codes(refused) == ["4106"]
    assert word in refused.value.findings[0].message.zh


def test_new_codes_put_out_the_earlier_ones(a_market: Market):
    reach(a_market, "emitter")
    agree(a_market, form(a_market, "issue_codes"))
    first = sealed(a_market)
    a_market.clock.advance(timedelta(hours=1))
    agree(a_market, form(a_market, "issue_codes"))
    person, at = a_market.actor("emitter").person_id, a_market.clock.now()
    with a_market.ctx.database.transaction() as tx:
        assert enrolment.redeem(tx, person, first["email"], first["sms"], at) == (False, None)


# A representative leaves


def mandates(market: Market, member: str) -> int:
    """How many mandates of a member are in force today or later."""
    [(count,)] = market.rows(
        """SELECT count(*) FROM identity.mandate m JOIN identity.person p ON p.id = m.person_id
           WHERE p.member_no = %(m)s AND (m.valid_to IS NULL
               OR m.valid_to >= greatest(%(d)s, m.valid_from))""",
        m=member,
        d=market.clock.now().date(),
    )
    return int(count)


def test_who_leaves_the_only_holder_is_closed_with_all_certificates(
    a_market: Market, a_certificate: str
):
    second = certificate_of(a_market, "emitter")
    assert second != a_certificate
    sign_in_as(a_market, "emitter")
    agree(a_market, form(a_market, "left"))
    member = member_of(a_market, "emitter")
    assert mandates(a_market, member) == 0
    assert a_market.rows(
        "SELECT closed_at IS NOT NULL FROM identity.person WHERE member_no = %(m)s", m=member
    ) == [(True,)]
    assert ends(a_market) == [("left", True)] * 2
    assert a_market.rows("SELECT ended_why FROM identity.session") == [("left",)]


def test_who_acts_for_another_holder_stays_with_their_certificate(
    a_market: Market, an_officer: Actor, a_certificate: str
):
    person = a_market.actor("emitter").person_id
    a_market.give_mandate(person, a_market.account("stranger", "compliance"))
    sign_in_as(a_market, "emitter")
    with pytest.raises(Refused) as refused:
        ask(a_market, an_officer, form(a_market, "left"))
    assert codes(refused) == ["4107"]
    agree(a_market, form(a_market, "left") | {"holder": "emitter"})
    assert a_market.actor("stranger", member_no=member_of(a_market, "emitter"))
    assert mandates(a_market, member_of(a_market, "emitter")) == 1
    assert ends(a_market) == []
    assert a_market.rows("SELECT closed_at FROM identity.person WHERE id = %(p)s", p=person) == [
        (None,)
    ]
    assert a_market.rows("SELECT ended_why FROM identity.session") == [("left",)]


def test_a_mandate_of_today_or_later_was_never_in_force(a_market: Market):
    person = a_market.actor("emitter").person_id
    for days in (0, 30):
        a_market.change(
            """INSERT INTO identity.mandate (person_id, account_id, rights, valid_from)
               VALUES (%(p)s, %(a)s, 'both', %(day)s)""",
            p=person,
            a=a_market.account("emitter", "trading"),
            day=(a_market.clock.now() + timedelta(days=days)).date(),
        )
    agree(a_market, form(a_market, "left"))
    assert mandates(a_market, member_of(a_market, "emitter")) == 0


def test_the_registry_keeps_two_officers(a_market: Market, another_officer: Actor):
    """Without two nobody could ever be given a certificate again."""
    with pytest.raises(Refused) as refused:
        ask(a_market, another_officer, form(a_market, "left", "registry"))
    assert codes(refused) == ["4108"]


# What the database asks by itself


def _request(market: Market, instance: int, **more: object) -> str:
    [(decision,)] = market.rows("SELECT max(id) FROM workflow.decision")
    [(certificate,)] = market.rows("SELECT max(id) FROM trust.certificate")
    return json.dumps(
        {
            "action": "lost",
            "member_id": market.actor("emitter").person_id,
            "certificate_id": certificate,
            "decision_id": decision,
            "instance_id": instance,
            "at": market.clock.now().isoformat(),
            **more,
        }
    )


def test_one_officer_alone_is_refused_by_the_database(
    a_market: Market, an_officer: Actor, a_certificate: str
):
    """Neither the submission, nor a decision forged beside it, ends a certificate."""
    instance = ask(a_market, an_officer, form(a_market, "lost", fingerprint=a_certificate))
    for forged in ({}, {"decision_id": 0}, {"instance_id": 0}):
        with pytest.raises(psycopg2.Error) as refused:
            a_market.rows(
                "SELECT trust.change_credential(%(r)s::jsonb)",
                r=_request(a_market, instance, **forged),
            )
        assert refused.value.pgcode == "RG404"
    assert ends(a_market) == []


def _forged(market: Market, instance: int, by: Actor) -> None:
    """Write an approval past the services, as a web process that was taken over could."""
    with market.ctx.database.transaction() as tx:
        row = tx.one(
            """INSERT INTO workflow.decision (instance_id, version, bundle_hash, element_id,
                   visit, kind, person_id, holder_id, account_id, role, verdict, opinion,
                   document, leaf, at)
               SELECT i.id, i.version + 1, i.bundle_hash, 'review_credential', 1, 'complete',
                   %(person)s, %(holder)s, %(account)s, 'registry_operator', 'approve', '',
                   '', sha256(''), %(at)s
               FROM workflow.instance i WHERE i.id = %(i)s RETURNING id""",
            {
                "i": instance,
                "person": by.person_id,
                "holder": by.holder_id,
                "account": by.account_id,
                "at": market.clock.now(),
            },
        )
        assert row is not None
        request = _request(market, instance, decision_id=row[0])
        tx.one("SELECT trust.change_credential(%(r)s::jsonb)", {"r": request})


@pytest.mark.parametrize("by", [("registry", 0), ("emitter", 0)])
def test_a_forged_approval_still_needs_a_second_person_and_never_oneself(
    a_market: Market, an_officer: Actor, a_certificate: str, by: tuple[str, int]
):
    instance = ask(a_market, an_officer, form(a_market, "lost", fingerprint=a_certificate))
    with pytest.raises(psycopg2.Error) as refused:
        _forged(a_market, instance, a_market.actor(*by))
    assert refused.value.pgcode == "RG404"
    assert ends(a_market) == []
    _forged(a_market, instance, a_market.actor("registry", 1))
    assert ends(a_market) == [("lost", True)]


def test_what_is_approved_is_what_was_submitted(
    a_market: Market, an_officer: Actor, another_officer: Actor, a_certificate: str
):
    """An application whose content was changed in between, past the services, ends nothing."""
    other = certificate_of(a_market, "emitter")
    instance = ask(a_market, an_officer, form(a_market, "lost", fingerprint=a_certificate))
    with a_market.ctx.database.transaction() as tx:
        tx.run(
            """UPDATE workflow.instance SET content = replace(content, %(was)s, %(is)s)
               WHERE id = %(i)s""",
            {"was": a_certificate, "is": other, "i": instance},
        )
    with pytest.raises(psycopg2.Error) as refused:
        a_market.decide(another_officer, instance, APPROVE)
    assert refused.value.pgcode == "RG404"
    assert ends(a_market) == []


def test_an_approval_serves_once(a_market: Market, a_certificate: str):
    """What was decided yesterday ends nothing today: the next certificate needs its own."""
    instance = agree(a_market, form(a_market, "lost", fingerprint=a_certificate))
    certificate_of(a_market, "emitter")
    with pytest.raises(psycopg2.Error) as refused:
        a_market.rows(
            "SELECT trust.change_credential(%(r)s::jsonb)", r=_request(a_market, instance)
        )
    assert refused.value.pgcode == "RG404"


def test_the_application_issues_no_codes_without_a_decision(a_market: Market):
    """Only the owner of the schema does, for the first officers of a registry."""
    person, at = a_market.actor("emitter").person_id, a_market.clock.now()
    with a_market.ctx.database.transaction() as tx, pytest.raises(psycopg2.Error) as refused:
        enrolment.issue(tx, person, None, at)
    assert refused.value.pgcode == "RG404"


def test_codes_that_name_a_decision_need_one_that_allows_them(a_market: Market, a_certificate: str):
    agree(a_market, form(a_market, "lost", fingerprint=a_certificate))
    [(decision,)] = a_market.rows("SELECT max(id) FROM workflow.decision")
    person, at = a_market.actor("emitter").person_id, a_market.clock.now()
    with a_market.ctx.database.transaction() as tx, pytest.raises(psycopg2.Error) as refused:
        enrolment.issue(tx, person, decision, at)
    assert refused.value.pgcode == "RG404"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO trust.certificate_end (certificate_id, reason, at) VALUES (1, 'lost', now())",
        "DELETE FROM trust.certificate_end",
        "UPDATE trust.certificate SET person_id = 1",
        "DELETE FROM trust.enrolment",
    ],
)
def test_the_application_ends_no_certificate_beside_the_functions(a_market: Market, statement: str):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        a_market.rows(statement)


def test_the_history_says_who_and_why_without_any_code(a_market: Market):
    reach(a_market, "emitter")
    instance = agree(a_market, form(a_market, "issue_codes"))
    tags = a_market.rows(
        "SELECT tag FROM audit.event WHERE instance_id = %(i)s ORDER BY id", i=instance
    )
    assert tags[-1] == (f"workflow:{FLOW}.review_credential:approve",)
    [(document,)] = a_market.rows(
        "SELECT document FROM workflow.decision WHERE instance_id = %(i)s AND verdict = 'approve'",
        i=instance,
    )
    [effect] = json.loads(bytes(document))["effects"]
    assert effect["op"] == "credential_change"
    assert effect["request"]["action"] == "issue_codes"
