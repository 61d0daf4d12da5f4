"""People are told outside the pages what waits for them, once, as they wish (M2, G31)."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.identity.actor import Actor
from app.messages.port import Failed, Letter, Refused
from app.services.claims import claim
from app.services.sweep import sweep
from app.services.telling.plan import BURST, WINDOW
from app.services.telling.preferences import choose, settings_of
from app.services.telling.state import state_of_messages
from app.services.withdraw import trigger
from tests import forked
from tests.services.market import APPROVE, PE21, REMIND, RETURN, Market, context, lines, superuser
from tests.services.test_races import at_once, errors

FORM = lines(**{PE21: 5})


class Told(Market):
    """A market whose people have addresses, and the mailbox that they are told through."""

    var: Path

    def mails(self) -> list[EmailMessage]:
        files = sorted((self.var / "mail" / "new").glob("*.eml"), key=lambda f: f.stat().st_mtime)
        return [message_from_bytes(f.read_bytes(), policy=policy.default) for f in files]

    def receivers(self) -> list[str]:
        return sorted(str(mail["To"]).partition("@")[0] for mail in self.mails())

    def empty(self) -> None:
        for file in (self.var / "mail" / "new").glob("*.eml"):
            file.unlink()

    def sweep(self) -> None:
        """Deliver all that is due, messages that a line has just planned included."""
        while sweep(self.ctx).delivered:
            pass

    def number(self, who: Actor) -> str:
        [(number,)] = self.rows(
            "SELECT member_no FROM identity.person WHERE id = %(p)s", p=who.person_id
        )
        return str(number)

    def outcomes(self) -> list[tuple[str, str]]:
        return self.rows(
            """SELECT p.member_no, a.outcome FROM messages.attempt a
               JOIN messages.message m ON m.id = a.message_id
               JOIN identity.person p ON p.id = m.person_id ORDER BY a.id"""
        )


@pytest.fixture
def told(a_market: Market, tmp_path: Path) -> Iterator[Told]:
    a_market.change("UPDATE identity.person SET email = member_no || '@example.com'")
    ctx = context(
        a_market.database,
        a_market.clock,
        REGISTRY_VAR=str(tmp_path),
        PUBLIC_URL="https://registry.example.com/",
    )
    made = Told(a_market.database, ctx, a_market.clock, a_market.holders)
    made.var = tmp_path
    yield made
    ctx.database.dispose()


def test_who_may_decide_is_told_of_a_new_task_in_chinese_and_english(
    told: Told, an_emitter: Actor, two_officers: tuple[Actor, Actor], a_notice: int
) -> None:
    """The province has an initiator and a reader, too: they decide nothing and hear nothing."""
    instance = told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    assert told.receivers() == sorted(told.number(who) for who in two_officers)
    mail, number = told.mails()[0], told.instance(instance)["number"]
    assert number in mail["Subject"]
    assert mail["Subject"].startswith("【全国碳排放权注册登记结算系统】待办：")
    body = mail.get_content()
    assert "有新的待办，请登录系统办理。" in body
    assert "A new task waits for you." in body
    assert "办理时限：2022-04-30 17:00（北京时间）" in body
    assert "https://registry.example.com/inbox" in body
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.database
def test_a_line_delivered_again_tells_nobody_again(
    told: Told, an_emitter: Actor, a_notice: int
) -> None:
    told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    before = told.dump()
    assert len(told.mails()) == 2
    told.change("UPDATE workflow.outbox SET done_at = NULL")
    told.sweep()
    assert len(told.mails()) == 2
    assert len(told.outcomes()) == 4  # begun and sent, for each of the two
    assert told.dump().keys() == before.keys()


class Dying:
    """A port whose worker dies: after the message has left, or before."""

    def __init__(self, knows: bool | None, *, left: bool) -> None:
        self.knows, self.left, self.sent = knows, left, 0

    def send(self, _letter: Letter) -> None:
        if self.left:
            self.sent += 1
        self.left = True
        raise KeyboardInterrupt

    def holds(self, _token: str) -> bool | None:
        return self.knows

    def told(self) -> str:
        return "nowhere"


@pytest.mark.parametrize(
    ("knows", "left", "outcome"),
    [(True, True, "sent"), (None, True, "unclear"), (None, False, "unclear")],
)
def test_a_message_that_may_have_left_when_the_worker_died_is_not_sent_again(
    told: Told, an_emitter: Actor, a_notice: int, knows: bool | None, left: bool, outcome: str
) -> None:
    port = Dying(knows, left=left)
    told.ctx.ports["email"] = port  # type: ignore[index]
    told.change("UPDATE identity.person SET email = '' WHERE member_no <> '80000000011'")
    told.begin(an_emitter, a_notice, FORM)
    with pytest.raises(KeyboardInterrupt):
        told.sweep()
    told.sweep()
    assert port.sent == int(left)
    assert told.outcomes()[-2:] == [("80000000011", "begun"), ("80000000011", outcome)]


def test_the_file_mailbox_knows_what_it_holds_and_sends_what_it_does_not(
    told: Told, an_emitter: Actor, a_notice: int
) -> None:
    """The worker died after `begun`, before the file was written."""
    told.begin(an_emitter, a_notice, FORM)
    sweep(told.ctx, limit=1)
    told.change(
        """INSERT INTO messages.attempt (message_id, outcome, at)
           SELECT id, 'begun', at FROM messages.message"""
    )
    told.sweep()
    assert len(told.mails()) == 2


@pytest.mark.parametrize("place", ["message_begun", "message_carried:2", "outbox_delivered:2"])
def test_a_worker_killed_while_it_sends_sends_each_message_once(
    told: Told, an_emitter: Actor, a_notice: int, place: str
) -> None:
    """The files say what was sent: one a person, and none is written again after the kill."""
    told.clock.set(datetime.now(UTC))
    told.begin(an_emitter, a_notice, FORM)
    assert _worker(told, REGISTRY_FAILPOINT=place) == -9
    left = {file: file.stat().st_mtime_ns for file in (told.var / "mail").glob("new/*")}
    while told.rows("SELECT FROM workflow.outbox WHERE done_at IS NULL"):
        assert _worker(told) == 0
    assert told.receivers() == ["80000000011", "80000000012"]
    assert all(file.stat().st_mtime_ns == at for file, at in left.items())
    assert sorted(outcome for _, outcome in told.outcomes() if outcome != "begun") == ["sent"] * 2


def _worker(told: Told, **more: str) -> int:
    env = {
        "DATABASE_URL": told.database.app_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "for the tests of the worker only, not secret",
        "REGISTRY_ENV": "test",
        "REGISTRY_VAR": str(told.var),
    }
    return forked.run(["sweep"], env | more, 60).returncode


def test_the_emitter_is_told_why_its_application_came_back_in_one_message(
    told: Told, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    """The initiator drafts, so hears of it; who reads only does not (A15, G21)."""
    instance = told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    told.empty()
    told.decide(a_province, instance, RETURN)
    told.sweep()
    assert told.receivers() == ["21010400001", "21010400002", "21010400003", "21010400004"]
    assert "被退回" in told.mails()[0].get_content()


def test_who_acted_is_not_told_of_what_they_did(
    told: Told, an_emitter: Actor, a_notice: int
) -> None:
    instance = told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    told.empty()
    trigger(told.ctx, an_emitter, instance, "withdraw")
    told.sweep()
    assert told.number(an_emitter) not in told.receivers()
    assert "21010400002" in told.receivers()


def test_of_a_claimed_task_only_the_claimer_is_reminded(
    told: Told, an_emitter: Actor, two_officers: tuple[Actor, Actor], a_notice: int
) -> None:
    told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    told.empty()
    [(task,)] = told.rows("SELECT id FROM workflow.task")
    claim(told.ctx, two_officers[1], task)
    told.clock.set(REMIND)
    told.sweep()
    officers = [told.number(who) for who in two_officers]
    assert [who for who in told.receivers() if who in officers] == [officers[1]]


def test_nobody_is_told_of_a_task_that_is_done_already(
    told: Told, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    instance = told.begin(an_emitter, a_notice, FORM)
    told.decide(a_province, instance, APPROVE)
    told.sweep()
    assert told.mails() == []


def test_a_choice_is_respected(
    told: Told, an_emitter: Actor, two_officers: tuple[Actor, Actor], a_notice: int
) -> None:
    first, second = two_officers
    told.change(
        "UPDATE identity.person SET phone = '10000000001' WHERE id = %(p)s", p=first.person_id
    )
    assert settings_of(told.ctx, first).wanted == {("email", "task"), ("email", "notice")}
    choose(told.ctx, first, {("sms", "task"), ("email", "notice")})
    assert settings_of(told.ctx, first).wanted == {("sms", "task"), ("email", "notice")}
    told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    assert told.receivers() == [told.number(second)]
    [sms] = (told.var / "sms" / "new").iterdir()
    assert "10000000001" in sms.read_text(encoding="utf-8")
    assert "待办" in sms.read_text(encoding="utf-8")
    [(tag, person)] = told.rows(
        "SELECT tag, person_id FROM audit.event WHERE tag LIKE 'messages:%%'"
    )
    assert (tag, person) == ("messages:preference:chosen", first.person_id)


def test_addresses_are_shown_masked(told: Told, an_emitter: Actor) -> None:
    told.change("UPDATE identity.person SET phone = '13912345678'")
    found = settings_of(told.ctx, an_emitter)
    assert (found.email, found.phone) == ("2***@example.com", "139****5678")


@pytest.mark.database
def test_many_tasks_within_minutes_are_told_in_one_summary(
    told: Told, an_emitter: Actor, two_officers: tuple[Actor, Actor], a_notice: int
) -> None:
    """The day of the deadline: 12 applications, one of them decided before the summary."""
    made = [told.begin(an_emitter, a_notice, FORM) for _ in range(12)]
    told.sweep()
    assert len(told.mails()) == 2 * BURST
    told.empty()
    told.decide(two_officers[0], made[-1], APPROVE)
    told.clock.advance(WINDOW)
    told.sweep()
    assert told.receivers() == sorted(told.number(who) for who in two_officers)
    [mail, _] = told.mails()
    assert mail["Subject"].endswith("汇总：6 项新待办、0 条新消息")
    for instance in made[BURST:-1]:
        assert told.instance(instance)["number"] in mail.get_content()
    assert told.instance(made[-1])["number"] not in mail.get_content()
    told.empty()
    told.clock.advance(WINDOW)
    told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    assert "待办：" in told.mails()[0]["Subject"]


@pytest.mark.database
def test_workers_side_by_side_count_a_burst_together(
    told: Told, an_emitter: Actor, two_officers: tuple[Actor, Actor], a_notice: int
) -> None:
    for _ in range(12):
        told.begin(an_emitter, a_notice, FORM)
    answers = at_once(*[lambda: sweep(told.ctx)] * 3)
    assert errors(answers) == []
    told.sweep()
    assert len(told.mails()) == 2 * BURST
    assert told.rows("SELECT count(*) FROM workflow.outbox WHERE kind = 'digest'") == [(2,)]
    told.clock.advance(WINDOW)
    told.sweep()
    assert len(told.mails()) == 2 * BURST + 2
    assert (
        told.rows("SELECT count(*) FROM messages.message WHERE NOT held GROUP BY person_id")
        == [(BURST + 1,)] * 2
    )


def test_a_summary_with_nothing_left_to_say_is_not_sent(
    told: Told, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    made = [told.begin(an_emitter, a_notice, FORM) for _ in range(BURST + 2)]
    told.sweep()
    told.empty()
    for instance in made[BURST:]:
        told.decide(a_province, instance, APPROVE)
    told.clock.advance(WINDOW)
    told.sweep()
    assert told.mails() == []
    assert {outcome for _, outcome in told.outcomes()[-2:]} == {"settled"}


def test_a_person_without_an_address_is_left_out_and_the_operator_sees_it(
    told: Told, an_emitter: Actor, a_notice: int
) -> None:
    told.change("UPDATE identity.person SET email = '' WHERE member_no = '80000000012'")
    told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    assert told.receivers() == ["80000000011"]
    state = state_of_messages(told.ctx, told.actor("registry"))
    mail, sms = state.channels
    assert mail.counts == {"sent": 1, "no_address": 1}
    assert mail.told == str(told.var / "mail")
    assert sms.counts == {}
    assert [(u.member_no, u.reason) for u in state.unreached] == [("80000000012", "no_address")]


class Away:
    """A server that refuses, or that does not answer."""

    def __init__(self, error: Failed) -> None:
        self.error = error

    def send(self, _letter: Letter) -> None:
        raise self.error

    def holds(self, _token: str) -> None:
        return None

    def told(self) -> str:
        return "smtp://away.example.com:587"


def test_a_server_that_is_away_stops_nothing_and_is_tried_again(
    told: Told, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    mailbox = told.ctx.ports["email"]
    told.ctx.ports["email"] = Away(Failed("the mail server does not answer"))  # type: ignore[index]
    told.begin(an_emitter, a_notice, FORM, submit=False)
    told.begin(an_emitter, a_notice, FORM)
    told.clock.set(REMIND)
    swept = sweep(told.ctx)
    assert swept.timers == 2
    assert swept.failed > 0
    state = state_of_messages(told.ctx, told.actor("registry"))
    assert state.channels[0].counts["failed"] > 0
    told.ctx.ports["email"] = mailbox  # type: ignore[index]
    told.clock.advance(timedelta(minutes=1))
    told.sweep()
    assert told.number(a_province) in told.receivers()
    assert told.rows("SELECT count(*) FROM workflow.outbox WHERE done_at IS NULL") == [(0,)]


def test_who_is_refused_by_the_other_side_is_not_tried_again(
    told: Told, an_emitter: Actor, a_notice: int
) -> None:
    told.ctx.ports["email"] = Away(Refused("the recipient was not accepted: 550"))  # type: ignore[index]
    told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    assert {outcome for _, outcome in told.outcomes()} == {"begun", "refused"}
    assert told.rows("SELECT count(*) FROM workflow.outbox WHERE done_at IS NULL") == [(0,)]


def test_no_log_and_no_outbox_line_names_a_person_or_an_address(
    told: Told, an_emitter: Actor, a_notice: int, caplog: pytest.LogCaptureFixture
) -> None:
    told.change("UPDATE identity.person SET email = 'nobody at all'")
    with caplog.at_level(logging.DEBUG):
        told.begin(an_emitter, a_notice, FORM)
        told.sweep()
    kept = caplog.text + str(told.rows("SELECT payload, error FROM workflow.outbox"))
    assert "nobody at all" not in kept
    assert an_emitter.person_name not in kept
    assert {outcome for _, outcome in told.outcomes()} == {"begun", "refused"}


@pytest.mark.database
def test_what_was_told_is_never_edited_and_a_message_ends_once(
    told: Told, an_emitter: Actor, a_notice: int
) -> None:
    import psycopg2

    told.begin(an_emitter, a_notice, FORM)
    told.sweep()
    for statement in (
        "UPDATE messages.message SET subject = ''",
        "DELETE FROM messages.attempt",
        "TRUNCATE messages.attempt",
    ):
        with superuser(told.database) as cursor, pytest.raises(psycopg2.Error, match="append-only"):
            cursor.execute(statement)
    with superuser(told.database) as cursor, pytest.raises(psycopg2.errors.UniqueViolation):
        cursor.execute(
            """INSERT INTO messages.attempt (message_id, outcome, at)
               SELECT message_id, 'sent', at FROM messages.attempt WHERE outcome = 'sent'"""
        )
