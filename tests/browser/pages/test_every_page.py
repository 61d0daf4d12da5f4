"""Every page at 1366 and 390 pixels: drawn without an error, clean for axe-core, nothing cut off."""

import pytest

from tests.pages.conftest import AUDITOR, EMITTER, OPERATOR, PROVINCE

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
    ("holdings", EMITTER, "/holdings"),
    ("ledger", EMITTER, "/holdings/{account}/registry"),
    ("progress", PROVINCE, "/notices"),
    ("operator", OPERATOR, "/operator"),
]


@pytest.mark.parametrize(("name", "member", "path"), PAGES, ids=[p[0] for p in PAGES])
def test_a_page_is_whole_and_accessible_at_both_widths(market, person, name, member, path):
    reviewed, key = market.task_of("ZY")
    someone = person(member)
    someone.open(
        path.format(
            notice=market.notice_of("QL"),
            reviewed=reviewed,
            key=key,
            approved=market.one(
                """SELECT min(i.id) FROM workflow.instance i JOIN identity.holder h
                   ON h.id = i.applicant_id WHERE h.code = 'EMITTER-QL'"""
            ),
            account=market.one(
                """SELECT a.id FROM identity.account a JOIN identity.holder h ON h.id = a.holder_id
                   WHERE h.code = 'EMITTER-QL' AND a.type = 'compliance'"""
            ),
        )
    )
    someone.shoot(name)
    assert someone.broken == []
    assert someone.faults_of_access() == []
    assert someone.wider_than_the_window() <= 0
