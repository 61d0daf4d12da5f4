"""The inbox's pages over HTTP: by flow, in bulk, for others, among colleagues, for who is away."""

import csv
import io
from datetime import timedelta

import psycopg2
import pytest
from sqlalchemy import event

from app.domain.clock import local_day
from app.identity.mandates import actor_by_member_no
from app.services.applications import begin
from app.services.sweep import sweep
from tests.pages.conftest import AUDITOR, EMITTER, OTHER_PROVINCE, PROVINCE, REVIEWER

ONCE = "a1" * 16


def applied(market, many: int) -> list[int]:
    """The tasks of so many more applications of one tonne each."""
    with market.ctx.database.transaction() as tx:
        emitter = actor_by_member_no(tx, EMITTER, local_day(market.clock.now()))
    form = {"lines": [{"instrument": "PE2025000118", "quantity": "1"}]}
    instances = [
        begin(
            market.ctx, emitter, "compliance", market.notice_of("QL"), form, submit=True
        ).instance_id
        for _ in range(many)
    ]
    rows = market.rows("SELECT id FROM workflow.task WHERE instance_id = ANY (%(i)s)", i=instances)
    return [task for (task,) in rows]


def begun(market, tasks: list[int], once: str, **form: str):
    conclusion = {"verdict": "approve", "opinion": "同意。"} | form
    return market.as_(PROVINCE).post("/inbox/bulk", {"task": tasks, "once": once, **conclusion})


def test_the_header_names_the_flows_and_leads_to_their_tasks(market):
    page = market.as_(PROVINCE).get("/account").text
    waiting = market.one(
        "SELECT count(*) FROM workflow.task t JOIN identity.holder h ON h.id = t.holder_id"
        " WHERE h.name = '示范省生态环境厅'"
    )
    assert f'<a href="/inbox?step=compliance">履约清缴 <b>{waiting}</b></a>' in page
    listed = market.as_(PROVINCE).get("/inbox?step=compliance").text
    assert f'<a href="/inbox?step=compliance">履约清缴 <b>{waiting}</b></a>' in listed
    assert 'aria-current="true"><span class="">履约清缴</span>' in listed


def test_the_inbox_is_read_in_one_transaction_beside_the_session_s(market):
    browser, used = market.as_(PROVINCE), []
    browser.get("/inbox")
    engine = market.ctx.database.engine
    event.listen(engine, "checkout", lambda *_: used.append(1))
    browser.get("/inbox")
    assert len(used) == 2


def test_what_is_kept_of_a_row_never_hides_time_a_claim_or_a_language(market, module_database):
    officer, (task,) = market.as_(PROVINCE), applied(market, 1)
    soon = market.clock.now() + timedelta(minutes=90)
    with psycopg2.connect(module_database.owner_url) as owner, owner.cursor() as cursor:
        cursor.execute("UPDATE workflow.task SET due_at = %s WHERE id = %s", (soon, task))
    owner.close()

    def row() -> str:
        page = officer.get("/inbox").text
        return page[page.index(f'id="task-{task}"') :].split("</tr>")[0]

    assert "剩余 1 小时 30 分" in row()
    assert ">认领</button>" in row()
    market.clock.advance(timedelta(minutes=1))
    assert "剩余 1 小时 29 分" in row()
    officer.post(f"/inbox/{task}/claim")
    assert ">释放</button>" in row()
    officer.post("/language", {"language": "en"})
    assert ">Release</button>" in row()
    officer.post("/language", {"language": "zh"})
    assert ">释放</button>" in row()


def test_a_bulk_review_runs_from_the_selection_to_its_report(market):
    tasks = applied(market, 3)
    prepared = market.as_(PROVINCE).post("/inbox/bulk/prepare", {"task": tasks})
    assert prepared.status_code == 200
    assert prepared.text.count('name="task"') == 3
    assert "checked" not in prepared.text.split("h-decide")[1]
    address = begun(market, tasks, ONCE).headers["Location"]
    assert begun(market, tasks, ONCE).headers["Location"] == address
    page = market.as_(PROVINCE).get(address).text
    assert 'http-equiv="refresh"' in page
    assert 'hx-trigger="every 1s"' in page
    assert "0 / 3 项" in page
    sweep(market.ctx)
    part = market.as_(PROVINCE).get(address, headers={"HX-Target": "job"})
    assert part.headers["HX-Refresh"] == "true"
    page = market.as_(PROVINCE).get(address).text
    assert "批量审核已完成：3 项全部办理" in page
    assert 'http-equiv="refresh"' not in page
    assert begun(market, tasks, ONCE).headers["Location"] == address
    report = market.as_(PROVINCE).get(f"{address}/report.csv")
    rows = list(csv.DictReader(io.StringIO(report.text.removeprefix("\ufeff"))))
    assert {row["结果"] for row in rows} == {"已办理"}
    assert market.as_(PROVINCE).get(f"{address}/report.xlsx").status_code == 200
    assert market.as_(PROVINCE).get(f"{address}/report.pdf").status_code == 404


def test_a_bulk_review_without_a_conclusion_says_what_is_missing(market):
    tasks = applied(market, 1)
    for form, said in (
        ({"verdict": "", "opinion": "同意。"}, "请选择审核结论"),
        ({"verdict": "return", "opinion": ""}, "退回时须填写审核意见"),
    ):
        answer = begun(market, tasks, "b2" * 16, **form)
        assert answer.status_code == 422
        assert said in answer.text


@pytest.mark.parametrize("tasks", [[], ["x"], ["9" * 30], [0], [10**18]])
def test_nothing_that_can_be_reviewed_leads_back_to_the_inbox(market, tasks):
    for address in ("/inbox/bulk/prepare", "/inbox/bulk"):
        answer = market.as_(PROVINCE).post(address, {"task": tasks, "once": "c3" * 16})
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/inbox")


def test_another_s_bulk_review_and_another_s_application_are_not_there(market):
    tasks = applied(market, 1)
    address = begun(market, tasks, "d4" * 16).headers["Location"]
    instance = market.one("SELECT instance_id FROM workflow.task WHERE id = %(t)s", t=tasks[0])
    for member in (REVIEWER, OTHER_PROVINCE, EMITTER):
        browser = market.as_(member)
        assert browser.get(address).status_code == 404
        assert browser.get(f"{address}/report.csv").status_code == 404
        assert browser.post(f"{address}/stop", {}).status_code == 404
    answer = market.as_(OTHER_PROVINCE).post(
        f"/applications/{instance}/comments", {"comment": "mine"}
    )
    assert answer.status_code == 404
    assert market.as_(PROVINCE).post(f"{address}/stop", {}).status_code == 302
    sweep(market.ctx)
    assert market.one("SELECT id FROM workflow.task WHERE id = %(t)s", t=tasks[0])


def test_comments_stand_on_the_pages_of_one_s_own_organisation_alone(market):
    [task] = applied(market, 1)
    instance = market.one("SELECT instance_id FROM workflow.task WHERE id = %(t)s", t=task)
    said = "核查报告 <b>第 3 页</b>"
    market.as_(PROVINCE).post(f"/applications/{instance}/comments", {"comment": said})
    shown = "核查报告 &lt;b&gt;第 3 页&lt;/b&gt;"
    assert shown in market.as_(REVIEWER).get(f"/applications/{instance}").text
    key = market.one("SELECT key FROM workflow.task WHERE id = %(t)s", t=task)
    assert shown in market.as_(REVIEWER).get(f"/applications/{instance}/tasks/{key}").text
    for member in (EMITTER, AUDITOR):
        assert shown not in market.as_(member).get(f"/applications/{instance}").text
    assert "同事留言" not in market.as_(AUDITOR).get(f"/applications/{instance}").text


@pytest.mark.parametrize("text", ["", " ", "字" * 1001])
def test_a_comment_that_is_none_is_refused_in_plain_words(market, text):
    instance = market.first_of("QL")
    answer = market.as_(PROVINCE).post(
        f"/applications/{instance}/comments", {"comment": text}, follow_redirects=True
    )
    assert "留言为 1 至 1000 字" in answer.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "请选择同事"),
        (
            {"delegate": "9" * 30, "from": "2026-11-20", "to": "2026-11-21", "reason": "假"},
            "请选择",
        ),
        ({"delegate": "1", "from": "20.11.", "to": "x", "reason": "假"}, "请填写日期"),
        ({"delegate": "1", "from": "2026-11-20", "to": "2026-11-21", "reason": "假"}, "不能接受"),
        ({"delegate": "1", "from": "2020-11-20", "to": "2020-11-21", "reason": ""}, "早于今日"),
    ],
)
def test_a_delegation_that_cannot_be_says_why(market, typed, said):
    answer = market.as_(PROVINCE).post("/account/delegation", typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert market.one("SELECT count(*) FROM identity.delegation") == 0


def test_another_s_delegation_cannot_be_ended(market):
    assert market.as_(PROVINCE).post("/account/delegation/1/end", {}).status_code == 404


@pytest.mark.parametrize("query", ["cursor=x", "due=never", "process=%3Cscript%3E", "q=%25"])
def test_a_made_up_address_of_what_waits_is_answered_calmly(market, query):
    answer = market.as_(EMITTER).get(f"/inbox/waiting?{query}")
    assert answer.status_code == (422 if "cursor" in query else 200)
    assert "<script>" not in answer.text
