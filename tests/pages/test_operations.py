"""An operator sees what is held up and lets it be tried again; an auditor searches (S37)."""

from tests.pages.conftest import AUDITOR, EMITTER, NAMES, OPERATOR, PROVINCE


def test_a_stuck_process_is_shown_and_retried(market):
    instance = market.first_of("YX")
    market.change(
        "UPDATE workflow.instance SET stuck = 'Stuck: no way out' WHERE id = %(i)s", i=instance
    )
    operator = market.as_(OPERATOR)
    page = operator.get("/operator").text
    number = market.one("SELECT number FROM workflow.instance WHERE id = %(i)s", i=instance)
    assert number in page
    assert "Stuck: no way out" in page
    assert NAMES["YX"] not in page
    assert "处理受阻" in market.as_(PROVINCE).get(f"/applications/{instance}").text
    assert operator.post(f"/operator/instances/{instance}/retry").status_code == 302
    assert market.one("SELECT stuck FROM workflow.instance WHERE id = %(i)s", i=instance) == ""
    assert operator.post(f"/operator/instances/{instance}/retry").status_code == 404


def test_a_failed_job_is_shown_and_retried(market):
    job = market.one("SELECT min(id) FROM workflow.outbox")
    market.change(
        """UPDATE workflow.outbox SET attempts = 8, error = 'OSError: away', done_at = NULL
           WHERE id = %(j)s""",
        j=job,
    )
    operator = market.as_(OPERATOR)
    assert "OSError: away" in operator.get("/operator").text
    assert operator.post(f"/operator/jobs/{job}/retry").status_code == 302
    assert market.one("SELECT attempts FROM workflow.outbox WHERE id = %(j)s", j=job) == 0


def test_only_operators_retry(market):
    for member in (EMITTER, PROVINCE, AUDITOR):
        assert market.as_(member).post("/operator/jobs/1/retry").status_code == 403


def test_an_auditor_finds_an_application_by_number_name_and_member(market):
    number = market.one(
        "SELECT number FROM workflow.instance WHERE id = %(i)s", i=market.first_of("LJ")
    )
    for text in (number, NAMES["LJ"], NAMES["LJ"][:2]):
        page = market.as_(AUDITOR).get("/history", query_string={"q": text}).text
        assert number in page
    page = market.as_(AUDITOR).get("/history", query_string={"q": EMITTER}).text
    assert NAMES["QL"] in page
    assert number not in page
    assert "没有符合条件的申请" in market.as_(AUDITOR).get("/history?q=nobody").text


def test_a_message_is_put_away_by_its_own_organisation_only(market):
    row = market.rows(
        """SELECT n.id, h.name FROM workflow.notification n JOIN identity.holder h
           ON h.id = n.holder_id WHERE n.read_at IS NULL AND h.role = 'emitter' LIMIT 1"""
    )
    assert row, "the demo market returns applications, and tells their emitters"
    number, name = row[0]
    assert market.as_(PROVINCE).post(f"/inbox/notifications/{number}/read").status_code == 404
    code = next(code for code, known in NAMES.items() if known == name)
    member = market.one(
        """SELECT p.member_no FROM identity.person p JOIN identity.mandate m ON m.person_id = p.id
           JOIN identity.account a ON a.id = m.account_id WHERE a.holder_id = %(h)s LIMIT 1""",
        h=market.holder_of(code),
    )
    from app.services.demo.market import PASSWORD
    from app.services.passwords import set_password

    set_password(market.ctx, member, PASSWORD)
    theirs = market.as_(member)
    assert f"/inbox/notifications/{number}/read" in theirs.get("/inbox").text
    assert theirs.post(f"/inbox/notifications/{number}/read").status_code == 302
    assert f"/inbox/notifications/{number}/read" not in theirs.get("/inbox").text
