"""The pages of a change of account data: proposed, warned of, compared, kept (F3, M37, R20)."""

import re
from io import BytesIO

import psycopg2
import pytest

from tests.pages.conftest import AUDITOR, EMITTER, OTHER_EMITTER, OTHER_PROVINCE, PROVINCE, Market

OWNER = "16000000001"
REGISTRY = "11000000001"
NEW = "/applications/new/account_change"


def typed(text: str) -> dict[str, object]:
    """What a browser would send of the form as it came."""
    found: dict[str, object] = dict(
        re.findall(r'<input[^>]*?name="([a-z_]+)"[^>]*?value="([^"]*)"', text)
    )
    found |= dict(re.findall(r'<textarea[^>]*name="([a-z_]+)"[^>]*>([^<]*)', text))
    for name, options in re.findall(r'(?s)<select[^>]*name="([a-z_]+)"[^>]*>(.*?)</select>', text):
        found[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    checked = re.findall(r'type="radio" name="(\w+)" value="(\w+)" checked', text)
    found |= dict(checked)
    found.pop("csrf_token", None)
    return {name: unescaped(value) for name, value in found.items()}


def unescaped(value: object) -> object:
    return str(value).replace("&#34;", '"').replace("&amp;", "&")


def instance(market: Market, number: str) -> int:
    return market.one("SELECT id FROM workflow.instance WHERE number = %(n)s", n=number)


def ask(market: Market, who: str, **changes: str) -> int:
    """Hand in a change as the page does; return the application."""
    browser = market.as_(who)
    form = typed(browser.get(NEW).text)
    answer = browser.post(NEW, data={**form, "action": "submit", "reason": "登记变更。", **changes})
    assert answer.status_code == 302, re.findall(r"error-list.*?</ul>", answer.text)
    return int(answer.headers["Location"].rsplit("/", 1)[1])


def test_the_form_comes_filled_with_what_is_in_force(market: Market):
    page = market.as_(EMITTER).get(NEW).text
    form = typed(page)
    assert form["name"] == "青岚热电有限公司"
    assert form["contact_person"] == "张文博"
    assert form["industry"] == "power"
    assert form["representatives"] == "one"
    assert '"contact_person":"张文博"' in str(form["seen"])
    assert 'class="form-label req" for="legal_representative"' in page


def test_the_menu_leads_to_the_form_and_then_to_the_draft(market: Market):
    browser = market.as_(OTHER_EMITTER)
    assert 'href="/account/change"' in browser.get("/home", follow_redirects=True).text
    assert browser.get("/account/change").headers["Location"].endswith(NEW)
    form = typed(browser.get(NEW).text)
    answer = browser.post(NEW, data={**form, "contact_person": "沈", "action": "save"})
    draft = re.search(r"/applications/(\d+)/tasks/", answer.headers["Location"])
    assert draft is not None
    assert browser.get("/account/change").headers["Location"].endswith(f"/{draft[1]}/resume")
    page = browser.get(answer.headers["Location"]).text
    assert typed(page)["contact_person"] == "沈"
    assert typed(page)["industry"] == "steel"


def test_nothing_changed_is_said_plainly_and_nothing_is_begun(market: Market):
    browser = market.as_(EMITTER)
    before = market.one("SELECT count(*) FROM workflow.instance")
    form = typed(browser.get(NEW).text)
    answer = browser.post(NEW, data={**form, "reason": "无", "action": "submit"})
    assert answer.status_code == 422
    answer = browser.post(NEW, data={**form, "reason": "没有修改。", "action": "submit"})
    assert answer.status_code == 422
    assert "4002" in answer.text
    assert "没有需要修改的内容" in answer.text
    assert market.one("SELECT count(*) FROM workflow.instance") == before


def test_old_and_new_stand_side_by_side_for_reviewer_applicant_and_auditor(market: Market):
    number = ask(market, EMITTER, contact_phone="0571-11112222", industry="other")
    key = market.one("SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=number)
    review = market.as_(PROVINCE).get(f"/applications/{number}/tasks/{key}").text
    for page in (
        review,
        market.as_(EMITTER).get(f"/applications/{number}").text,
        market.as_(AUDITOR).get(f"/applications/{number}").text,
    ):
        rows = re.findall(
            r'(?s)<tr role="row"( class="at")?><th role="rowheader".*?>(.*?)</th>', page
        )
        assert [name for marked, name in rows if marked] == ["所属行业", "联系电话"]
        assert "<b>0571-11112222</b>" in page
        assert "<b>其他</b>" in page
        assert "登记变更。" in page
    assert "联系电话：0571-88000000 → 0571-11112222" in review
    assert "4003" in review
    assert "申请提交量合计" not in review
    english = market.as_(PROVINCE).get(f"/applications/{number}", headers={"Accept-Language": "en"})
    assert english.status_code == 200
    assert market.as_(OTHER_PROVINCE).get(f"/applications/{number}").status_code == 404
    market.as_(PROVINCE).post(
        f"/applications/{number}/tasks/{key}", data={"verdict": "approve", "action": "submit"}
    )
    account = market.as_(EMITTER).get("/account").text
    assert "0571-11112222" in account
    assert f'href="/applications/{number}"' in account


def test_what_changed_meanwhile_is_named_and_the_untouched_fields_follow(market: Market):
    browser = market.as_(OWNER)
    form = typed(browser.get(NEW).text)
    first = ask(market, OWNER, contact_person="孟小川")
    key = market.one("SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=first)
    market.as_(REGISTRY).post(
        f"/applications/{first}/tasks/{key}", data={"verdict": "approve", "action": "submit"}
    )
    late = {**form, "contact_phone": "0571-33334444", "reason": "电话变更。", "action": "submit"}
    answer = browser.post(NEW, data=late)
    assert answer.status_code == 422
    assert "4003" in answer.text
    assert 'href="#contact_person"' in answer.text
    again = typed(answer.text)
    assert (again["contact_person"], again["contact_phone"]) == ("孟小川", "0571-33334444")
    assert browser.post(NEW, data={**again, "action": "submit"}).status_code == 302


def test_who_was_opened_in_bulk_reads_it_before_typing_and_is_led_to_the_upload(market: Market):
    holder = market.holder_of("DP")
    with psycopg2.connect(market.ctx.settings.migration_database_url or "") as connection:
        connection.cursor().execute(
            "UPDATE identity.holder SET bulk_opened = true WHERE id = %(h)s", {"h": holder}
        )
    connection.close()
    browser = market.as_(OTHER_EMITTER)
    page = browser.get(NEW).text
    assert "请先上传开户附件" in page
    form = {**typed(page), "contact_phone": "0571-55556666", "reason": "电话变更。"}
    answer = browser.post(NEW, data={**form, "action": "submit"})
    assert answer.status_code == 422
    assert "4001" in answer.text
    assert answer.text.count('href="/account/opening-files"') >= 2


@pytest.mark.parametrize("who", [PROVINCE, REGISTRY, AUDITOR])
def test_whoever_has_no_data_of_its_own_is_not_offered_a_change(market: Market, who: str):
    browser = market.as_(who)
    assert "/account/change" not in browser.get("/account").text
    assert browser.get(NEW).status_code == 403


def test_the_reviewer_reads_the_opening_files_beside_the_change(market: Market):
    browser = market.as_(OTHER_EMITTER)
    sent = {"files": (BytesIO("营业执照".encode()), "开户执照.txt")}
    assert browser.post("/account/opening-files", data=sent).status_code == 302
    change = ask(market, OTHER_EMITTER, contact_person="云溪")
    for who in (OTHER_EMITTER, PROVINCE, AUDITOR):
        assert "开户执照.txt" in market.as_(who).get(f"/applications/{change}").text
    assert market.as_(OTHER_PROVINCE).get(f"/applications/{change}").status_code == 404
