"""What every list shows around its rows: heads that sort, filters that stay, files, a past day."""

import re
from html import unescape
from pathlib import Path

import pytest

from app.domain.label import Label
from app.services.queries.kinds import KINDS, NUMBER, RecordKind, field, kind_of
from app.services.records import listed
from app.web.menu import MENU
from app.web.pages.records import endpoint_of
from app.workflow.bundle import read_bundles
from tests.pages.conftest import AUDITOR, EMITTER, PROVINCE
from tests.pages.test_allocations import actor_of
from tests.pages.test_exports import named, read_csv
from tests.web.test_menu import entries

SORT = ' class="sort"'
ROOT = Path(__file__).parents[2]


def links(page: str, css: str = "[^>]*?") -> list[str]:
    return [unescape(link) for link in re.findall(rf'<a{css} href="([^"]+)"', page)]


def heads(page: str) -> dict[str, str]:
    """Name of each sorted head, and how it is sorted."""
    found = re.findall(r'aria-sort="(\w+)">\s*<a class="sort"[^>]*>([^<]+)<', page)
    return {name: way for way, name in found}


def test_every_flow_stands_in_exactly_one_list():
    processes = [b.process_id for b in read_bundles(ROOT / "processes", ROOT / "forms")]
    assert [p for p in processes if kind_of(p) is None] == []
    listed = [process for kind in KINDS.values() for process in kind.processes]
    assert len(listed) == len(set(listed))


def test_the_menu_leads_to_lists_of_flows_that_there_are():
    there = {b.process_id for b in read_bundles(ROOT / "processes", ROOT / "forms")}
    lists = {f"records.{endpoint_of(slug)}": kind for slug, kind in KINDS.items()}
    for entry in entries(MENU):
        if entry.endpoint in lists:
            assert there.intersection(lists[entry.endpoint].processes), entry.label.zh


def test_every_list_opens_in_both_languages_with_the_name_the_menu_gives_it(market):
    for slug, kind in KINDS.items():
        for language, text in (("zh-CN", kind.label.zh), ("en", kind.label.en)):
            answer = market.as_(EMITTER).get(
                f"/records/{slug}", headers={"Accept-Language": language}
            )
            assert answer.status_code == 200, answer.text
            assert f"<h1>{text}</h1>" in answer.text
    assert market.as_(EMITTER).get("/records/no-such-list").status_code == 404


def test_a_head_sorts_says_so_and_turns_round_at_the_second_click(market):
    browser = market.as_(EMITTER)
    page = browser.get("/records/surrender?status=open").text
    assert heads(page) == {"申请编号": "descending"}
    by_quantity = next(link for link in links(page, SORT) if "sort=-quantity" in link)
    assert "status=open" in by_quantity
    page = browser.get(by_quantity).text
    assert heads(page) == {"申请提交量": "descending"}
    again = next(link for link in links(page, SORT) if "sort=quantity" in link)
    assert heads(browser.get(again).text) == {"申请提交量": "ascending"}


def test_filters_stay_in_every_address_until_they_are_taken_away(market):
    path = "/records?kind=surrender&status=open&since=2026-01-01&sort=number"
    page = market.as_(PROVINCE).get(path).text
    for name, value in (("状态", "办理中"), ("业务", "履约清缴"), ("起始日期", "2026-01-01")):
        assert f"去掉条件</span>{name} <b>{value}</b>" in page
    for link in (link for link in links(page) if "/records/file." in link):
        assert {"kind=surrender", "status=open", "since=2026-01-01", "sort=number"} <= set(
            re.split("[?&]", link)
        )
    reset = next(unescape(x) for x in re.findall(r'class="plain" href="([^"]+)"', page))
    assert reset == "/records?sort=number"


def test_a_file_of_a_list_holds_what_the_list_shows(market):
    rows = named(read_csv(market.as_(PROVINCE).get("/records/file.csv?status=open&sort=number")))
    page = market.as_(PROVINCE).get("/records?status=open&sort=number").text
    shown = re.findall(r">(LY-2026-[0-9]{7})</a>", page)
    assert [row["申请编号"] for row in rows] == shown
    assert f"共 {len(rows)} 条" in page
    for row in rows:
        assert row["状态"]
        assert row["申请单位"] in page
    own = named(read_csv(market.as_(EMITTER).get("/records/surrender/file.csv")))
    assert len(own) == 2
    assert all(row["履约通知书"].startswith("TZ-2025-") for row in own)


def test_only_an_auditor_takes_the_history_away(market):
    assert market.as_(EMITTER).get("/history/file.csv").status_code == 403
    everything = named(read_csv(market.as_(AUDITOR).get("/history/file.csv")))
    assert len(everything) == market.one("SELECT count(*) FROM workflow.instance WHERE version > 0")


@pytest.mark.parametrize("path", ["/records?q=LY-1999", "/history?q=LY-1999"])
def test_an_empty_list_says_whether_a_filter_hides_something(market, path):
    who = AUDITOR if "history" in path else EMITTER
    page = market.as_(who).get(path).text
    assert "没有符合条件的申请" in page
    assert "清除全部条件" in page
    assert "导出" not in page


def test_a_holding_of_a_past_day_is_that_of_its_end(market):
    browser, account = market.as_(EMITTER), market.account_of("QL")
    today = f"{market.clock.now():%Y-%m-%d}"
    path = f"/holdings/{account}/holdings.csv"
    now = read_csv(browser.get(path))
    assert read_csv(browser.get(f"{path}?date={today}")) == now
    assert read_csv(browser.get(f"{path}?date=2026-11-19")) == now[:1]
    page = browser.get(f"/holdings/{account}?date={today}").text
    assert f"{today} 日终" in page
    assert "LY-2026-0000002" in page  # what the frozen units are held for, on that day too
    assert "该日日终账户中没有持仓" in browser.get(f"/holdings/{account}?date=2026-11-19").text
    refused = browser.get(f"/holdings/{account}?date=2026-11-21")
    assert refused.status_code == 422
    assert "日期不能晚于今天" in refused.text


def test_holdings_are_narrowed_and_sorted_and_the_sums_are_of_what_is_shown(market):
    browser, account = market.as_(EMITTER), market.account_of("QL")
    path = f"/holdings/{account}/holdings.csv"
    rows = named(read_csv(browser.get(f"{path}?type=allowance&sort=-total")))
    tonnes = [int(row["总持有量"]) for row in rows]
    assert tonnes == sorted(tonnes, reverse=True)
    assert len(tonnes) == 2
    page = browser.get(f"/holdings/{account}?type=allowance&sort=-total").text
    assert f"<b>{sum(tonnes):,}</b>" in page or f">{sum(tonnes):,}<" in page
    assert heads(page) == {"总持有量": "descending"}


def test_a_ledger_line_names_the_application_or_the_order_behind_it(market):
    browser, account = market.as_(EMITTER), market.account_of("QL")
    rows = named(read_csv(browser.get(f"/holdings/{account}/registry/ledger.csv")))
    bases = {row["业务"]: row["依据"] for row in rows}
    assert bases["履约清缴"].startswith("LY-2026-")
    assert bases["省级配额分配"].startswith("演示〔")
    page = browser.get(f"/holdings/{account}/registry").text
    assert all(row["依据"] in page for row in rows)


def test_a_ledger_is_narrowed_by_instrument_and_day_and_read_either_way(market):
    browser, account = market.as_(EMITTER), market.account_of("QL")
    path = f"/holdings/{account}/registry/ledger.csv"
    rows = read_csv(browser.get(path))
    assert read_csv(browser.get(f"{path}?sort=at"))[1:] == rows[:0:-1]
    assert read_csv(browser.get(f"{path}?since=2026-11-20&until=2026-11-20")) == rows
    assert len(read_csv(browser.get(f"{path}?until=2026-11-19"))) == 1
    instrument = market.one("SELECT id FROM ledger.instrument WHERE unit_type = 'ccer'")
    narrowed = named(read_csv(browser.get(f"{path}?instrument={instrument}")))
    assert narrowed == [row for row in named(rows) if row["标的编码"].startswith("CCER")]


def test_nobody_takes_the_ledger_of_another_away(market):
    account = market.account_of("DP")
    for path in ("holdings.csv", "registry/ledger.csv", "registry", ""):
        assert market.as_(EMITTER).get(f"/holdings/{account}/{path}").status_code == 404


def test_a_list_shows_answers_of_the_form_in_words(market):
    kind = KINDS["surrender"]
    shown = RecordKind(
        kind.slug, kind.label, kind.processes, (NUMBER, field("note", "说明", "Note"))
    )
    found = listed(market.ctx, actor_of(market, EMITTER), shown)
    assert {row.answers.get("note", Label("", "")).zh for row in found.rows} == {""}
    market.change(
        "UPDATE workflow.instance SET content = %(content)s WHERE id = %(id)s",
        content='{"note": "核对无误", "lines": []}',
        id=found.rows[0].id,
    )
    again = listed(market.ctx, actor_of(market, EMITTER), shown).rows[0]
    assert again.answers["note"].zh == "核对无误"
