"""The pages of pilot regions: choose, apply, review, cancel, export, upload, record (S22, S26)."""

import hashlib
import io
import json
import re

import pytest

from tests.pages.conftest import AUDITOR, PROVINCE, Market

ENTERPRISE = "18000000001"  # 沪江热力: 300 t accepted, 200 t wait for export, 150 t under review
OFFICER, COLLEAGUE = "31000000031", "31000000032"
NATION = "10000000001"
EMITTER = "21042300118"


def ids(market: Market) -> list[int]:
    """The three applications of the demo, in the order of the story."""
    rows = market.rows(
        "SELECT id FROM workflow.instance WHERE process_id = 'ccer_pilot_surrender' ORDER BY id"
    )
    return [row[0] for row in rows[:3]]


def shanghai(market: Market) -> int:
    return market.one("SELECT id FROM pilots.pilot WHERE code = 'shanghai'")


def test_the_pilots_stand_with_their_rules_in_words(market):
    page = market.as_(ENTERPRISE).get("/pilots").text
    assert "上缴量不超过当年配额发放量的 5 %，向下取整到吨" in page
    assert "其中北京市项目产生的不少于 50 %" in page
    assert "参数待核实" in page
    links = re.findall(r'/applications/new/ccer_pilot_surrender/(\d+)"', page)
    assert links == [str(shanghai(market))]  # nobody runs the others


def test_an_emitters_compliance_account_is_told_to_switch(market):
    answer = market.as_(EMITTER).get(f"/applications/new/ccer_pilot_surrender/{shanghai(market)}")
    assert answer.status_code == 403
    assert "一般持有账户" in answer.text


def test_the_form_offers_only_what_the_pilot_takes(market):
    page = market.as_(ENTERPRISE).get(
        f"/applications/new/ccer_pilot_surrender/{shanghai(market)}"
    ).text  # fmt: skip
    assert "CCER2025000031" in page
    assert "2,500" not in page
    assert "1,850" in page  # 2,500 bought, 500 cancelled, 150 held
    assert "上海试点" in page


def test_a_reviewer_sees_rule_base_and_cap(market):
    waiting = ids(market)[2]
    answer = market.as_(OFFICER).get(f"/applications/{waiting}/resume")
    page = market.as_(OFFICER).get(answer.location).text
    assert "500 + 0 + 150 = 650 ≤ 2,000（5 % × 40,000）" in page
    assert "3102" in page
    assert "驳回" in page
    assert "40,000" in page


def test_the_step_of_the_export_leads_to_its_page(market):
    waiting = ids(market)[1]
    browser = market.as_(OFFICER)
    answer = browser.get(f"/applications/{waiting}/resume")
    answer = browser.get(answer.location)
    assert (answer.status_code, answer.location) == (302, "/pilots/exports")
    page = browser.get("/pilots/exports").text
    number = market.one("SELECT number FROM workflow.instance WHERE id = %(i)s", i=waiting)
    assert number in page


def test_files_carry_checksums_and_are_the_same_every_time(market):
    browser = market.as_(OFFICER)
    number = market.one("SELECT number FROM pilots.export ORDER BY id LIMIT 1")
    page = browser.get(f"/pilots/exports/{number}").text
    content = market.one("SELECT encode(sha256, 'hex') FROM pilots.export ORDER BY id LIMIT 1")
    assert content in page
    for form in ("csv", "xlsx", "json"):
        first = browser.get(f"/pilots/exports/{number}/file.{form}")
        again = browser.get(f"/pilots/exports/{number}/file.{form}")
        assert first.data == again.data
        assert f'attachment; filename="{number}.{form}"' in first.headers["Content-Disposition"]
        side = browser.get(f"/pilots/exports/{number}/file.{form}.sha256").text.split()
        assert side == [hashlib.sha256(first.data).hexdigest(), f"{number}.{form}"]
    assert json.loads(browser.get(f"/pilots/exports/{number}/file.json").data)["sha256"] == content
    assert browser.get(f"/pilots/exports/{number}/file.exe").status_code == 404


@pytest.mark.parametrize("who", [PROVINCE, ENTERPRISE, NATION, EMITTER])
def test_an_export_is_not_there_for_strangers(market, who):
    number = market.one("SELECT number FROM pilots.export ORDER BY id LIMIT 1")
    expected = 404 if who == PROVINCE else 403
    for path in (f"/pilots/exports/{number}", f"/pilots/exports/{number}/file.csv"):
        assert market.as_(who).get(path).status_code == expected
    assert market.as_(OFFICER).get("/pilots/exports/SDDC-2026-9999999").status_code == 404


def test_an_auditor_reads_an_export(market):
    number = market.one("SELECT number FROM pilots.export ORDER BY id LIMIT 1")
    assert market.as_(AUDITOR).get(f"/pilots/exports/{number}").status_code == 200


def test_an_authority_without_a_pilot_is_told_so(market):
    for path in ("/pilots/exports", "/pilots/bases"):
        answer = market.as_(PROVINCE).get(path)
        assert answer.status_code == 200
        assert "本单位没有负责的试点地区" in answer.text


def test_a_stranger_sees_no_application(market):
    for instance in ids(market):
        for who in (PROVINCE, EMITTER):
            assert market.as_(who).get(f"/applications/{instance}").status_code == 404


def test_bases_are_uploaded_and_every_bad_line_is_named(market):
    browser = market.as_(OFFICER)

    def send(text: str):
        return browser.post(
            "/pilots/bases",
            data={
                "pilot": str(shanghai(market)),
                "file": (io.BytesIO(text.encode()), "bases.csv"),
            },
            content_type="multipart/form-data",
        )

    refused = send("年度,单位代码,基数（吨）\n2024,PILOTCO,10\n2024,NOBODY,5\n24,PILOTCO,5\n")
    assert refused.status_code == 422
    assert "第 3 行：没有单位代码 NOBODY" in refused.text
    assert "第 4 行：年度“24”不可用" in refused.text
    assert "没有写入任何数据" in refused.text
    assert send("").status_code == 422
    assert send("2024,PILOTCO,31000\n").status_code == 302
    page = browser.get("/pilots/bases?year=2024").text
    assert "31,000" in page


def test_the_national_authority_names_who_runs_a_pilot(market):
    beijing = market.one("SELECT id FROM pilots.pilot WHERE code = 'beijing'")
    path = f"/pilots/{beijing}/authority"
    assert market.as_(OFFICER).post(path, data={"holder": "PILOT-31"}).status_code == 403
    browser = market.as_(NATION)
    browser.post(path, data={"holder": "NOBODY"})
    assert "请选择一个主管部门。" in browser.get("/pilots").text
    browser.post(path, data={"holder": "PROVINCE-53"})
    assert market.one("SELECT pilots.authority_of(%(p)s)", p=beijing) == market.one(
        "SELECT id FROM identity.holder WHERE code = 'PROVINCE-53'"
    )


def test_exporting_nothing_is_refused_in_words(market):
    answer = market.as_(OFFICER).post("/pilots/exports", data={})
    assert answer.status_code == 422
    assert "请选择 1 至 500 项申请。" in answer.text


def test_all_chosen_are_exported_and_the_outcome_is_recorded(market):
    browser, waiting = market.as_(OFFICER), ids(market)[1]
    answer = browser.post("/pilots/exports", data={"chosen": [str(waiting)]})
    assert answer.status_code == 302
    page = browser.get(answer.location).text
    assert "操作成功！已导出为 SDDC-" in page
    task = browser.get(f"/applications/{waiting}/resume").location
    assert "试点登记簿凭证编号" in browser.get(task).text
    refused = browser.post(
        task, data={"action": "submit", "verdict": "not_accepted", "reference": "X-1"}
    )
    assert refused.status_code == 422
    assert "未接受时须写明原因。" in refused.text
    done = browser.post(
        task,
        data={
            "action": "submit",
            "verdict": "not_accepted",
            "reference": "X-1",
            "opinion": "重复上缴。",
        },
    )
    assert done.status_code == 302
    page = market.as_(ENTERPRISE).get(f"/applications/{waiting}").text
    assert "试点登记簿未接受" in page
    assert "重复上缴。" in page
    assert "X-1" in page


def test_the_pages_read_in_english_too(market):
    browser = market.browser()
    browser.sign_in(OFFICER, "demo-Registry-1")
    browser.get("/home")
    browser.post("/language", {"language": "en", "next": "/pilots"})
    assert "at most 5 % of that year" in browser.get("/pilots").text
    assert "<h1>Pilot surrender export" in browser.get("/pilots/exports").text
    page = browser.get("/pilots/bases").text
    assert "<h1>Pilot bases" in page
    assert "One enterprise and year a row" in page
    number = market.one("SELECT number FROM pilots.export ORDER BY id LIMIT 1")
    assert "Checksum of the content (SHA-256)" in browser.get(f"/pilots/exports/{number}").text
