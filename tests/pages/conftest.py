"""A site with the demo market: pages on real notices, units, applications and people."""

import pytest

from app.bootstrap import build
from app.domain.clock import FixedClock
from app.services.demo.cast import EMITTERS
from app.services.demo.market import PASSWORD, make_market
from app.services.deployments import deploy_files
from tests.postgres import Database
from tests.web.site import STARTED, Browser, Site, open_site, settings

EMITTER = "21042300118"  # 青岚热电: a part approved, a part pending, CCER in its account
OTHER_EMITTER = "21042300201"  # 东浦钢铁
PROVINCE = "33000000012"
REVIEWER = "33000000013"  # a colleague of the same province
OTHER_PROVINCE = "53000000021"
AUDITOR = "13000000001"
BUYER = "17000000001"  # 绿源碳资产管理公司: 2,000 t of CCER cancelled, 500 t under review
OPERATOR = "12000000001"


NAMES = {emitter.code: emitter.name for emitter in EMITTERS}


class Market(Site):
    """The site, with people who sign in once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._browsers: dict[str, Browser] = {}

    def as_(self, member_no: str) -> Browser:
        """Return the browser of a person, signed in."""
        if member_no not in self._browsers:
            browser = self.browser()
            answer = browser.sign_in(member_no, PASSWORD)
            assert answer.status_code == 302, answer.text
            browser.get("/home")
            self._browsers[member_no] = browser
        return self._browsers[member_no]

    def one(self, sql: str, **params: object):
        """Return the first value of a query."""
        rows = self.rows(sql, **params)
        return rows[0][0] if rows else None

    def task_of(self, code: str) -> tuple[int, int]:
        """Return instance and key of the open task about an emitter's newest application."""
        rows = self.rows(
            """SELECT t.instance_id, t.key FROM workflow.task t
               JOIN workflow.instance i ON i.id = t.instance_id
               JOIN identity.holder h ON h.id = i.applicant_id
               WHERE h.name = %(name)s ORDER BY t.id DESC LIMIT 1""",
            name=NAMES[code],
        )
        return rows[0]

    def first_of(self, code: str) -> int:
        """Return the first application of an emitter."""
        return self.one(
            """SELECT min(i.id) FROM workflow.instance i JOIN identity.holder h
               ON h.id = i.applicant_id WHERE h.name = %(name)s""",
            name=NAMES[code],
        )

    def account_of(self, code: str, type_: str = "compliance") -> int:
        """Return an account of an emitter."""
        return self.one(
            """SELECT a.id FROM identity.account a JOIN identity.holder h ON h.id = a.holder_id
               WHERE h.name = %(name)s AND a.type = %(type)s""",
            name=NAMES[code],
            type=type_,
        )

    def holder_of(self, code: str) -> int:
        """Return an emitter's holder."""
        return self.one("SELECT id FROM identity.holder WHERE name = %(n)s", n=NAMES[code])

    def notice_of(self, code: str) -> int:
        """Return the notice of an emitter."""
        return self.one(
            """SELECT n.id FROM compliance.notice n JOIN identity.holder h ON h.id = n.emitter_id
               WHERE h.name = %(name)s""",
            name=NAMES[code],
        )


def open_market(database: Database, redis_url: str, **changes: str) -> Market:
    """Return a site whose demo market has been made."""
    database.scene("demo", lambda: _make_demo(database, redis_url))
    plain = open_site(database, redis_url, **changes)
    return Market(plain.ctx, plain.clock)


def _make_demo(database: Database, redis_url: str) -> None:
    ctx = build(settings(database, redis_url), FixedClock(STARTED))
    deploy_files(ctx)
    make_market(ctx)
    ctx.database.dispose()


@pytest.fixture(scope="module")
def market(module_database: Database, redis_server) -> Market:
    """A market that the tests of a module share."""
    return open_market(module_database, redis_server.url())
