"""Files on the pages: sent with a form, kept with the draft, downloaded by the parties."""

import io
import re

import psycopg2
import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.domain.clock import local_day
from app.identity.mandates import actor_for
from app.services.attachments.upload import upload
from tests.attachments.conftest import deploy_with_files
from tests.attachments.files import DOCX, HTML, PDF, PNG, TEXT
from tests.pages.conftest import (
    AUDITOR,
    EMITTER,
    OTHER_EMITTER,
    OTHER_PROVINCE,
    PROVINCE,
    Market,
    open_market,
)
from tests.postgres import Database

OPENING = "/account/opening-files"


@pytest.fixture(scope="module")
def market(module_database: Database, redis_server, tmp_path_factory) -> Market:
    made = open_market(
        module_database, redis_server.url(), ATTACHMENT_MIB="1", ATTACHMENTS_MOST="5"
    )
    deploy_with_files(made.ctx, tmp_path_factory.mktemp("forms"))
    return made


def sent(content: bytes, name: str):
    return (io.BytesIO(content), name)


def post_in_memory(browser, path: str, data: dict):
    """Post a large form; the test client's own temporary file would never be closed."""
    stored = {
        name: [FileStorage(*each) for each in value] if isinstance(value, list) else value
        for name, value in data.items()
    }
    boundary, body = encode_multipart({"csrf_token": browser.token, **stored})
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.client.post(path, data=body, content_type=kind)


def files_of(page: str) -> list[str]:
    """The ids of the files that a form holds."""
    return re.findall(r'name="files" value="(\d+)"', page)


def blank(market) -> str:
    return f"/applications/new/compliance/{market.notice_of('QL')}"


def draft(market, *files, **more):
    """Save a new application with files; return its task page's address."""
    browser = market.as_(EMITTER)
    browser.get(blank(market))
    data = {
        "action": "save", "lines.instrument": "PE2025000118", "lines.quantity": "11",
        "files": list(files), **more,
    }  # fmt: skip
    return browser.post(blank(market), data)


def test_a_form_with_files_is_sent_in_parts_and_says_what_is_taken(market):
    page = market.as_(EMITTER).get(blank(market)).text
    assert 'enctype="multipart/form-data"' in page
    assert 'type="file"' in page
    assert "每个文件不超过 1 MiB，每项申请最多 5 个" in page
    assert "证明材料" in page


def test_files_stay_with_the_draft_and_can_be_taken_out(market):
    browser = market.as_(EMITTER)
    task = draft(market, sent(PDF, "核查报告.pdf"), sent(PNG, "图.png")).location
    page = browser.get(task).text
    first, second = files_of(page)
    assert "核查报告.pdf" in page
    assert f"{len(PDF)} Bytes" in page
    data = {"lines.instrument": "PE2025000118", "lines.quantity": "12", "files": [first, second]}
    page = browser.post(task, {**data, "remove": first}).text
    assert files_of(page) == [second]
    assert 'value="12"' in page
    assert browser.post(task, {**data, "files": [second], "action": "save"}).status_code == 302
    assert files_of(browser.get(task).text) == [second]


def test_a_refused_form_keeps_the_files_that_came_with_it(market):
    answer = draft(market, sent(DOCX, "说明.docx"), **{"action": "submit", "lines.quantity": "x"})
    assert answer.status_code == 422
    assert len(files_of(answer.text)) == 1
    assert "说明.docx" in answer.text


def test_a_page_called_a_pdf_is_refused_and_nothing_is_submitted(market):
    before = market.one("SELECT count(*) FROM workflow.instance")
    answer = draft(market, sent(HTML, "报告.pdf"), sent(TEXT, "说明.txt"), action="submit")
    assert answer.status_code == 422
    assert "文件“报告.pdf”没有上传：内容含有网页或脚本代码" in answer.text
    assert 'href="#files"' in answer.text
    assert len(files_of(answer.text)) == 1
    assert market.one("SELECT count(*) FROM workflow.instance") == before


def test_a_button_pressed_twice_with_a_file_begins_one_application(market):
    first, again = (
        draft(market, sent(PDF, "两次.pdf"), action="submit", once="b" * 32) for _ in range(2)
    )
    assert first.status_code == again.status_code == 302
    assert first.location == again.location


@pytest.fixture(scope="module")
def submitted(market) -> tuple[int, int]:
    """An application with a file, and the file."""
    answer = draft(market, sent(PDF, "核查 报告\u202e;(终).pdf"), action="submit")
    instance = int(answer.location.rsplit("/", 1)[1])
    return instance, market.one(
        "SELECT attachment_id FROM attachments.binding WHERE instance_id = %(i)s", i=instance
    )


@pytest.mark.parametrize("member", [EMITTER, PROVINCE, AUDITOR])
def test_parties_and_auditors_find_the_files_of_an_application(market, submitted, member):
    instance, file = submitted
    browser = market.as_(member)
    page = browser.get(f"/applications/{instance}").text
    assert "核查 报告;(终).pdf" in page
    assert f"/attachments/{file}" in page
    assert browser.get(f"/attachments/{file}").data == PDF


def test_the_task_page_shows_the_files_beside_the_decision(market, submitted):
    instance, file = submitted
    key = market.one("SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=instance)
    page = market.as_(PROVINCE).get(f"/applications/{instance}/tasks/{key}").text
    assert f"/attachments/{file}" in page
    english = {"Accept-Language": "en"}
    page = market.as_(PROVINCE).get(f"/applications/{instance}/tasks/{key}", headers=english).text
    assert "Attachments" in page


@pytest.mark.parametrize("member", [OTHER_EMITTER, OTHER_PROVINCE])
def test_to_a_stranger_a_file_does_not_exist(market, submitted, member):
    browser = market.as_(member)
    answers = [browser.get(f"/attachments/{n}").status_code for n in (submitted[1], 10**17)]
    assert answers == [404, 404]
    assert market.browser().get(f"/attachments/{submitted[1]}").status_code == 302


def test_a_download_is_saved_and_can_run_nothing(market, submitted):
    answer = market.as_(EMITTER).get(f"/attachments/{submitted[1]}")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    name = "%E6%A0%B8%E6%9F%A5%20%E6%8A%A5%E5%91%8A_%28%E7%BB%88%29.pdf"  # 核查 报告_(终).pdf
    assert f"filename*=UTF-8''{name}" in disposition
    assert disposition.isascii()
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    ['a"; filename=evil.html; x=".txt', "a\r\nSet-Cookie: x=1.txt", "%s%n<b>.txt", "'';--.txt"],
)
def test_a_hostile_name_stays_one_harmless_header_and_plain_text(market, name):
    who = market.as_(EMITTER)
    actor = actor_of(market, EMITTER)
    file = upload(market.ctx, actor, name, TEXT)
    answer = who.get(f"/attachments/{file.id}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "evil.html;" not in answer.headers["Content-Disposition"]
    assert "x=1" not in answer.headers.get("Set-Cookie", "")
    page = draft(market, sent(TEXT, name), action="add").text
    assert "<b>.txt" not in page


def actor_of(market, member: str):
    with market.ctx.database.transaction() as tx:
        row = tx.one(
            """SELECT m.person_id, m.id FROM identity.mandate m JOIN identity.person p
               ON p.id = m.person_id WHERE p.member_no = %(m)s""",
            {"m": member},
        )
        return actor_for(tx, *row, local_day(market.clock.now()))


def test_a_body_beyond_all_limits_is_a_413_in_plain_words(market):
    files = [sent(PDF + b" " * 1_100_000, f"{n}.pdf") for n in range(6)]
    answer = post_in_memory(market.as_(EMITTER), OPENING, {"files": files})
    assert answer.status_code == 413
    assert "提交的内容太大" in answer.text
    assert "缩小附件" in answer.text


def test_a_file_beyond_its_own_limit_is_named(market):
    data = {"action": "submit", "files": [sent(PDF + b" " * 1_100_000, "大.pdf")]}
    answer = post_in_memory(market.as_(EMITTER), blank(market), data)
    assert answer.status_code == 422
    assert "文件“大.pdf”没有上传：超过 1 MiB。" in answer.text


@pytest.mark.parametrize("path", ["/password", "/applications/1/send/withdraw", "/sign-in"])
def test_only_pages_that_ask_for_files_take_a_large_body(market, path):
    data = {"x": [sent(b" " * 4_400_000, "a.pdf")]}
    assert post_in_memory(market.as_(EMITTER), path, data).status_code == 413


def test_nobody_sends_files_before_signing_in(market):
    stranger = market.browser()
    for path in (OPENING, blank(market)):
        data = {"files": [sent(b" " * 4_400_000, "a.pdf")]}
        answer = post_in_memory(stranger, path, data)
        assert answer.status_code == 302
        assert "/sign-in" in answer.location


def test_a_form_of_files_needs_its_token_and_readable_text(market):
    browser = market.as_(EMITTER)
    data = {"files": sent(PDF, "a.pdf"), "csrf_token": "forged"}
    assert browser.post(OPENING, data).status_code == 400
    browser.get(OPENING)
    data = {"files": sent(PDF, "a.pdf"), "note": "a\x00b"}
    assert browser.post(OPENING, data).status_code == 400


def test_opening_files_are_uploaded_and_listed(market):
    market_admin(market, "UPDATE identity.holder SET bulk_opened = true WHERE id = %(id)s",
                 id=market.holder_of("QL"))  # fmt: skip
    browser = market.as_(EMITTER)
    assert "请补充开户附件" in browser.get("/account").text
    assert "请补充开户附件" in browser.get(OPENING).text
    assert browser.post(OPENING, {}).status_code == 422
    assert "没有上传" in browser.post(OPENING, {"files": sent(HTML, "执照.pdf")}).text
    assert browser.post(OPENING, {"files": [sent(PDF, "执照.pdf")]}).status_code == 302
    page = browser.get(OPENING).text
    assert "执照.pdf" in page
    assert "请补充开户附件" not in page
    for language in ("zh-CN", "en"):
        answer = browser.get(OPENING, headers={"Accept-Language": language})
        assert answer.status_code == 200
    assert "Opening files" in answer.text


def test_an_authority_has_no_opening_page_of_its_own(market):
    assert market.as_(PROVINCE).get(OPENING).status_code == 403


def market_admin(market, sql: str, **params: object) -> None:
    """Change what no service changes: how a holder was opened."""
    connection = psycopg2.connect(market.ctx.settings.migration_database_url or "")
    with connection, connection.cursor() as cursor:
        cursor.execute(sql, params)
    connection.close()
