"""配额发放查询 (M7, G1): what was allocated to one's own accounts, and nothing else."""

from datetime import timedelta

import pytest

from app.domain.clock import local_day
from app.identity.mandates import actor_by_member_no
from app.services.orders import Order, OrderLine, execute
from app.services.queries.allocations import KEYS, Narrowed, exported, listed
from tests.pages.conftest import EMITTER, OTHER_EMITTER, PROVINCE, REVIEWER, open_market
from tests.pages.test_exports import named, read_csv, read_xlsx

BATCHES = (("预分配", 10), ("核定", 20), ("补充", 30), ("市级复核", 40))


def actor_of(market, member_no: str):
    with market.ctx.database.transaction() as tx:
        return actor_by_member_no(tx, member_no, local_day(market.clock.now()))


@pytest.fixture(scope="module")
def market(module_database, redis_server):
    made = open_market(module_database, redis_server.url())
    allocate_more(made)
    return made


def allocate_more(market) -> None:
    """Create 1,000 t more for the province; allocate a part in four batches, a day apart."""
    national, other = actor_of(market, "10000000001"), actor_of(market, "10000000002")
    province, reviewer = actor_of(market, PROVINCE), actor_of(market, REVIEWER)
    code = market.one(
        "SELECT code FROM ledger.instrument WHERE unit_type = 'allowance' AND year = 2025"
    )

    def account(type_: str, holder: int) -> int:
        return market.one(
            "SELECT id FROM identity.account WHERE type = %(t)s AND holder_id = %(h)s",
            t=type_,
            h=holder,
        )

    def order(key, actor, approver, type_, source, target, tonnes, reason=""):
        line = OrderLine(code, tonnes, target)
        document = f"示范环函〔2026〕{key}号"
        execute(
            market.ctx,
            actor,
            Order(f"m7-{key}", type_, source, [line], document, approver.person_id, reason),
        )

    chain = (
        "issuance_source",
        "national_total",
        "national_apportionment",
    )
    accounts = [account(type_, national.holder_id) for type_ in chain]
    accounts.append(account("provincial_total", province.holder_id))
    types = ("allowance_create", "national_allowance_distribution", "allowance_apportionment")
    for n, type_ in enumerate(types):
        order(n, national, other, type_, accounts[n], accounts[n + 1], 1000)
    for n, (reason, tonnes) in enumerate(BATCHES, start=11):
        market.clock.advance(timedelta(days=1))
        to = market.account_of("QL")
        type_ = "provincial_allowance_allocation"
        order(n, province, reviewer, type_, accounts[3], to, tonnes, reason)


def test_an_allocation_names_batch_year_instrument_quantity_date_kind_and_state(market):
    rows = named(read_csv(market.as_(EMITTER).get("/allocations/file.csv?sort=at")))
    made_by_the_demo, ours = rows[:-4], rows[-4:]
    assert {(r["发放类型"], r["说明"]) for r in made_by_the_demo} == {("核定分配", "")}
    assert [(r["发放类型"], r["说明"]) for r in ours] == [
        ("预分配", ""),
        ("核定分配", ""),
        ("补充分配", ""),
        ("核定分配", "市级复核"),
    ]
    newest = rows[-1]
    assert newest["发放批次（文号）"] == "示范环函〔2026〕14号"
    assert (newest["年度"], newest["发放数量"], newest["状态"]) == ("2025", "40", "已到账")
    assert newest["标的编码"]
    assert newest["到账时间"].startswith("2026-11-24")
    assert newest["发放单位"].startswith("示范省")


def test_nobody_sees_what_others_were_allocated(market):
    rows = named(read_csv(market.as_(OTHER_EMITTER).get("/allocations/file.csv")))
    numbers = market.rows(
        "SELECT number FROM identity.account WHERE holder_id = %(h)s", h=market.holder_of("DP")
    )
    assert rows
    assert {(row["账户"],) for row in rows} <= set(numbers)
    assert not [row for row in rows if row["发放批次（文号）"].endswith(("11号", "12号"))]
    assert market.as_(PROVINCE).get("/allocations").status_code == 403


def test_the_page_adds_up_what_its_filters_leave(market):
    page = market.as_(EMITTER).get("/allocations?kind=pre").text
    assert "合计 10 吨" in page
    assert "共 1 条" in page
    assert "去掉条件</span>发放类型 <b>预分配</b>" in page
    for path, batch in (
        ("q=13号", "13号"),
        ("since=2026-11-23&until=2026-11-23", "13号"),
        ("kind=supplementary&year=2025", "13号"),
    ):
        rows = named(read_csv(market.as_(EMITTER).get(f"/allocations/file.csv?{path}")))
        assert [r["发放批次（文号）"] for r in rows] == [f"示范环函〔2026〕{batch}"]
    assert "没有符合条件的发放记录" in market.as_(EMITTER).get("/allocations?year=1999").text


def test_both_files_say_what_the_page_says(market):
    as_csv = read_csv(market.as_(EMITTER).get("/allocations/file.csv?sort=-quantity"))
    as_xlsx = read_xlsx(market.as_(EMITTER).get("/allocations/file.xlsx?sort=-quantity"))
    assert [[str(c) if c is not None else "" for c in row] for row in as_xlsx] == as_csv
    page = market.as_(EMITTER).get("/allocations?sort=-quantity").text
    places = [page.index(row["发放批次（文号）"]) for row in named(as_csv)]
    assert places == sorted(places)


@pytest.mark.parametrize("sort", [f"{sign}{key}" for key in KEYS for sign in ("", "-")])
def test_every_order_holds_every_row_once_over_its_pages(market, sort, monkeypatch):
    monkeypatch.setattr("app.services.queries.allocations.SIZE", 2)
    who = actor_of(market, EMITTER)
    whole = list(exported(market.ctx, who, Narrowed(), sort))
    seen, cursor = [], None
    while True:
        page = listed(market.ctx, who, Narrowed(), sort, cursor)
        seen += page.rows
        if page.pager.next is None:
            break
        cursor = page.pager.next
    assert seen == whole
    assert len(whole) == page.count >= 5
    back = list(page.rows)
    while page.pager.previous:
        page = listed(market.ctx, who, Narrowed(), sort, page.pager.previous)
        back = [*page.rows, *back]
    assert back == whole


def test_a_broken_address_is_refused_in_plain_words(market):
    for query in ("since=yesterday", "until=2026-02-30", "cursor=x"):
        answer = market.as_(EMITTER).get(f"/allocations?{query}")
        assert answer.status_code == 422, answer.text
    assert market.as_(EMITTER).get("/allocations/file.pdf").status_code == 404
