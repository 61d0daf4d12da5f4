"""A small market of two provinces, opened and supplied through the registry's own services."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

from app.bootstrap import build
from app.config import settings_from
from app.domain.clock import FixedClock, local_day
from app.domain.offset_rule import OffsetRule
from app.domain.scope import Scope
from app.identity.actor import Actor
from app.identity.mandates import actor_for
from app.ledger.instruments import NewInstrument, create
from app.services.applications import begin
from app.services.context import Context
from app.services.decide import Outcome, Request, decide
from app.services.deployments import deploy_files
from app.services.notices import NoticeRequest, Year, issue, set_year
from app.services.opening import Opened, Opening, PersonOpening, open_holders
from app.services.orders import Order, OrderLine, execute
from tests.postgres import Database

OPENED = datetime(2021, 1, 4, 1, 0, tzinfo=UTC)
TODAY = datetime(2022, 3, 1, 1, 0, tzinfo=UTC)
DEADLINE = datetime(2022, 4, 30, 9, 0, tzinfo=UTC)  # 17:00 in Beijing
REMIND = DEADLINE - timedelta(days=7)
PE21, PE19, PE23 = "PE2021000025", "PE2019000003", "PE2023000001"
CCER, COVERED = "CCER2020001", "CCER2020002"
APPROVE = {"verdict": "approve"}
RETURN = {"verdict": "return", "opinion": "数量与核查结论不符。"}
SCHEMAS = ("attachments", "audit", "compliance", "identity", "ledger", "messages", "workflow")

Form = Mapping[str, Any]


def lines(**quantities: int) -> dict[str, Any]:
    """The surrender form: instrument code = whole tonnes."""
    return {"lines": [{"instrument": k, "quantity": str(v)} for k, v in quantities.items()]}


@dataclass
class Market:
    """Who there is, and the few things that every test does with them."""

    database: Database
    ctx: Context
    clock: FixedClock
    holders: dict[str, Opened] = field(default_factory=dict)

    def open(self, *openings: Opening) -> None:
        opened = open_holders(self.ctx, None, openings)
        self.holders |= {o.code: found for o, found in zip(openings, opened, strict=True)}

    def account(self, holder: str, kind: str) -> int:
        return self.holders[holder].accounts[kind]

    def holder(self, code: str) -> int:
        return self.holders[code].holder_id

    def actor(self, holder: str, place: int = 0, *, member_no: str | None = None) -> Actor:
        """The holder's person in that place, acting for the holder."""
        member = member_no or self.holders[holder].members[place]
        with self.ctx.database.transaction() as tx:
            row = tx.one(
                """SELECT m.person_id, m.id FROM identity.mandate m
                   JOIN identity.person p ON p.id = m.person_id
                   JOIN identity.account a ON a.id = m.account_id
                   WHERE p.member_no = %(member)s AND a.holder_id = %(holder)s""",
                {"member": member, "holder": self.holder(holder)},
            )
            assert row is not None
            found = actor_for(tx, *row, local_day(self.clock.now()))
        assert found is not None
        return found

    def give_mandate(self, person_id: int, account: int, rights: str = "both") -> None:
        self.change(
            """INSERT INTO identity.mandate (person_id, account_id, rights, valid_from)
               VALUES (%(person)s, %(account)s, %(rights)s, '2021-01-01')""",
            person=person_id,
            account=account,
            rights=rights,
        )

    def order(
        self, by: str, kind: str, source: int, quantity: int, to: int | None, unit: str = PE21
    ) -> int:
        """An order of the holder's first person, approved by its second."""
        proposer, approver = self.actor(by), self.actor(by, 1)
        order = Order(
            f"{kind}:{unit}:{source}:{to}:{quantity}",
            kind,
            source,
            [OrderLine(unit, quantity, to)],
            f"文号 {kind}",
            approver.person_id,
        )
        return execute(self.ctx, proposer, order)

    def notice(self, emitter: str = "emitter", obligation: int = 400, year: int = 2021) -> int:
        request = NoticeRequest(self.holder(emitter), year, obligation)
        return issue(self.ctx, self.actor("province"), request)

    def begin(self, emitter: Actor, notice: int, form: Form, *, submit: bool = True) -> int:
        started = begin(self.ctx, emitter, "compliance", notice, form, submit=submit)
        return started.instance_id

    def key(self, instance: int) -> int:
        """The key of the instance's only open task."""
        [(key,)] = self.rows("SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=instance)
        return int(key)

    def decide(self, actor: Actor, instance: int, form: Form, **more: Any) -> Outcome:
        key = more.pop("key", None) or self.key(instance)
        return decide(self.ctx, actor, Request(instance, key, form, **more))

    def instance(self, instance: int) -> dict[str, Any]:
        with self.ctx.database.transaction() as tx:
            row = tx.map("SELECT * FROM workflow.instance WHERE id = %(i)s", {"i": instance})
        assert row is not None
        return row

    def held(self, account: int, position: str = "registry_available", unit: str = PE21) -> int:
        """The tonnes in one position of an account."""
        [(tonnes,)] = self.rows(
            """SELECT coalesce(sum(upper(b.serials) - lower(b.serials)), 0)
               FROM ledger.unit_block b JOIN ledger.instrument i ON i.id = b.instrument_id
               WHERE b.account_id = %(a)s AND b.position = %(p)s AND i.code = %(u)s""",
            a=account,
            p=position,
            u=unit,
        )
        return int(tonnes)

    def ceilings(self, notice: int) -> dict[str, tuple[int, int, int]]:
        """(total, reserved, used) of the notice's obligation and CCER limit."""
        found = self.rows(
            """SELECT c.id = n.obligation_ceiling_id, c.total, c.reserved, c.used
               FROM compliance.notice n
               JOIN ledger.ceiling c ON c.id IN (n.obligation_ceiling_id, n.ccer_ceiling_id)
               WHERE n.id = %(n)s""",
            n=notice,
        )
        return {"obligation" if first else "ccer": (t, r, u) for first, t, r, u in found}

    def rows(self, sql: str, **params: object) -> list[tuple[Any, ...]]:
        with self.ctx.database.transaction() as tx:
            return tx.all(sql, params)

    def change(self, sql: str, **params: object) -> None:
        """Change the database as its superuser: what no service of the registry would do."""
        with superuser(self.database) as cursor:
            cursor.execute(sql, params)

    def dump(self) -> dict[str, list[str]]:
        """Every row of every table, to compare before and after."""
        return dump_of(self.database)


@contextmanager
def superuser(database: Database) -> Iterator[psycopg2.extensions.cursor]:
    connection = psycopg2.connect(database.superuser_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def dump_of(database: Database) -> dict[str, list[str]]:
    """Every row of every table of the registry."""
    with superuser(database) as cursor:
        cursor.execute(
            """SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables
               WHERE schemaname = ANY (%(schemas)s) ORDER BY 1""",
            {"schemas": list(SCHEMAS)},
        )
        tables = [name for (name,) in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = [text for (text,) in cursor.fetchall()]
    return found


def _people(first: int, *rights: str) -> tuple[PersonOpening, ...]:
    return tuple(
        PersonOpening(f"人员{first + n}", f"Person {first + n}", given, str(first + n))
        for n, given in enumerate(rights)
    )


def context(database: Database, clock: FixedClock, **environ: str) -> Context:
    settings = {
        "DATABASE_URL": database.app_url,
        "MIGRATION_DATABASE_URL": database.owner_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "for the tests of the services only, not secret",
        "REGISTRY_ENV": "test",
    }
    return build(settings_from(settings | environ), clock)


@contextmanager
def market(database: Database, then: Callable[[Market], None] | None = None) -> Iterator[Market]:
    """Two provinces, two emitters of the first and one of the second, with units and rules.

    ``then`` carries the scene on; it plays once a process, so it tells nobody else anything.
    """
    clock = FixedClock(TODAY)
    if then is None:
        holders = database.scene("market", lambda: _played(database))
    else:
        holders = database.scene(
            f"{then.__module__}.{then.__qualname__}", lambda: _carried_on(database, then)
        )
    made = Market(database, context(database, clock), clock, holders)
    yield made
    made.ctx.database.dispose()


def _carried_on(database: Database, then: Callable[[Market], None]) -> dict[str, Opened]:
    with market(database) as made:
        then(made)
        return made.holders


def _played(database: Database) -> dict[str, Opened]:
    clock = FixedClock(OPENED)
    made = Market(database, context(database, clock), clock)
    deploy_files(made.ctx)
    _open(made)
    _supply(made)
    made.ctx.database.dispose()
    return made.holders


def _open(made: Market) -> None:
    made.open(
        Opening(
            "national",
            "国家主管部门",
            "national_authority",
            (
                "national_total",
                "national_apportionment",
                "issuance_source",
                "reduction_pool",
                "government_cancellation",
            ),
            _people(90000000001, "both", "both"),
        ),
        Opening(
            "registry",
            "登记机构",
            "registry_operator",
            ("surrender", "ccer_offset", "voluntary_cancellation", "custody", "external_release"),
            _people(90000000011, "both", "both"),
        ),
        Opening(
            "exchange", "交易所", "exchange", ("exchange_delivery",), _people(90000000021, "both")
        ),
        Opening(
            "province",
            "甲省主管部门",
            "provincial_authority",
            ("provincial_total",),
            _people(80000000011, "both", "both", "initiate", "read"),
        ),
        Opening(
            "other_province",
            "乙省主管部门",
            "provincial_authority",
            ("provincial_total",),
            _people(80000000021, "both", "both"),
        ),
        Opening(
            "owner",
            "减排项目业主",
            "project_owner",
            ("project", "trading"),
            _people(70000000001, "both", "both"),
        ),
    )
    made.open(
        _emitter("emitter", made.holder("province"), 21010400001),
        _emitter("neighbour", made.holder("province"), 21010400011),
        _emitter("stranger", made.holder("other_province"), 21010400021),
    )
    with made.ctx.database.transaction() as tx:
        for year in (2021, 2022):
            rule = OffsetRule(vintage_from=2013)
            set_year(tx, Year(year, DEADLINE, 7, Scope(2020, year), rule))
        for new in INSTRUMENTS:
            create(tx, new, made.clock.now())


INSTRUMENTS = (
    NewInstrument(PE21, "2021年5月17日增持的配额", "allowance", year=2021),
    NewInstrument(PE19, "2019年度配额", "allowance", year=2019),
    NewInstrument(PE23, "2023年度配额", "allowance", year=2023),
    NewInstrument(CCER, "某风电项目", "ccer", project_code="001", region="甘肃", vintage=2020),
    NewInstrument(
        COVERED, "某纳管项目", "ccer", project_code="002", vintage=2020, covered_source=True
    ),
)


def _emitter(code: str, province: int, first: int) -> Opening:
    return Opening(
        code,
        f"重点排放单位{first}",
        "emitter",
        ("compliance", "trading"),
        _people(first, "both", "both", "initiate", "confirm", "read"),
        province_id=province,
    )


def _supply(made: Market) -> None:
    """1,000 t of each allowance for every emitter, 60 t of each CCER for the first one."""
    total = made.account("national", "national_total")
    shared = made.account("national", "national_apportionment")
    for unit in (PE21, PE19, PE23):
        source = made.account("national", "issuance_source")
        made.order("national", "allowance_create", source, 5000, total, unit)
        made.order("national", "national_allowance_distribution", total, 5000, shared, unit)
        for province, emitters in (
            ("province", ("emitter", "neighbour")),
            ("other_province", ("stranger",)),
        ):
            own = made.account(province, "provincial_total")
            made.order("national", "allowance_apportionment", shared, 2000, own, unit)
            for emitter in emitters:
                to = made.account(emitter, "compliance")
                kind = "provincial_allowance_allocation"
                made.order(province, kind, own, 1000, to, unit)
    for unit in (CCER, COVERED):
        bring_ccer(made, unit, 60)


def bring_ccer(made: Market, unit: str, quantity: int) -> None:
    """From the pool into a project account, over the exchange into a compliance account."""
    pool = made.account("national", "reduction_pool")
    project, selling = made.account("owner", "project"), made.account("owner", "trading")
    delivery = made.account("exchange", "exchange_delivery")
    buying, compliance = made.account("emitter", "trading"), made.account("emitter", "compliance")
    issuing = made.account("national", "issuance_source")
    made.order("national", "reduction_create", issuing, quantity, pool, unit)
    made.order("national", "reduction_issue", pool, quantity, project, unit)
    made.order("owner", "transfer_to_trading_account", project, quantity, selling, unit)
    made.order("owner", "indirect_transfer", selling, quantity, delivery, unit)
    _sell(made, delivery, buying, quantity, unit)
    made.order("emitter", "transfer_from_trading_account", buying, quantity, compliance, unit)


def _sell(made: Market, delivery: int, buying: int, quantity: int, unit: str) -> None:
    """The exchange has one person: its transfers need no approver."""
    line = OrderLine(unit, quantity, buying)
    order = Order(f"sale:{unit}", "exchange_transfer_out", delivery, [line], "成交单 1")
    execute(made.ctx, made.actor("exchange"), order)
