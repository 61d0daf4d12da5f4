"""Every page at 1366 and 390 pixels: no script error, clean for axe-core, nothing cut off."""

import pytest

from tests.pages.conftest import AUDITOR, BUYER, EMITTER, OPERATOR, PROVINCE

pytestmark = pytest.mark.browser
PAGES = [
    ("home-emitter", EMITTER, "/home"),
    ("home-province", PROVINCE, "/home"),
    ("home-auditor", AUDITOR, "/home"),
    ("inbox", PROVINCE, "/inbox"),
    ("inbox-empty", PROVINCE, "/inbox?q=nobody"),
    ("notices", EMITTER, "/compliance"),
    ("scope", EMITTER, "/compliance/{notice}/scope"),
    ("form-new", EMITTER, "/applications/new/compliance/{notice}"),
    ("review", PROVINCE, "/applications/{reviewed}/tasks/{key}"),
    ("application", EMITTER, "/applications/{approved}"),
    ("records", EMITTER, "/records"),
    ("records-province", PROVINCE, "/records"),
    ("history", AUDITOR, "/history"),
    ("records-filtered", EMITTER, "/records/surrender?status=open&sort=-quantity"),
    ("records-empty", EMITTER, "/records?q=nobody"),
    ("allocations", EMITTER, "/allocations?kind=verified&sort=quantity"),
    ("holdings", EMITTER, "/holdings"),
    ("holdings-day", EMITTER, "/holdings?date=2026-11-20&sort=-total"),
    ("ledger", EMITTER, "/holdings/{account}/registry"),
    ("ledger-filtered", EMITTER, "/holdings/{account}/registry?since=2026-01-01&sort=at"),
    ("progress", PROVINCE, "/notices"),
    ("operator", OPERATOR, "/operator"),
    ("cancellations", BUYER, "/records/cancellation"),
    ("cancellation-new", BUYER, "/applications/new/voluntary_cancel"),
    ("certificate", BUYER, "/certificates/ZXZS-2026-0000001"),
]


@pytest.mark.parametrize(("name", "member", "path"), PAGES, ids=[p[0] for p in PAGES])
def test_a_page_is_whole_and_accessible_at_both_widths(market, person, name, member, path):
    someone = person(member)
    someone.open(address_of(market, path))
    someone.shoot(name)
    assert someone.broken == []
    assert someone.faults_of_access() == []


@pytest.mark.parametrize(
    "name",
    [
        "home-emitter",
        "inbox",
        "form-new",
        "review",
        "holdings",
        "cancellation-new",
        "certificate",
    ],
)
def test_a_page_is_whole_in_english_too(market, person, name):
    _, member, path = next(page for page in PAGES if page[0] == name)
    someone = person(member, "en-GB")
    someone.open(address_of(market, path))
    someone.shoot(f"{name}-en")
    assert someone.page.get_attribute("html", "lang") == "en"
    assert someone.broken == []
    assert someone.wider_than_the_window() <= 0


def address_of(market, path: str) -> str:
    reviewed, key = market.task_of("ZY")
    return path.format(
        notice=market.notice_of("QL"),
        reviewed=reviewed,
        key=key,
        approved=market.first_of("QL"),
        account=market.account_of("QL"),
    )
