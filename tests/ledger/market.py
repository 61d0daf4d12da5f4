"""A small market for ledger tests: named actors, their accounts, and short verbs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from app.db import Database, Transaction
from app.domain.canonical import leaf
from app.ledger.effects import By, Direct, Draw, Effect, Line, Order, Post, Reserve, Reverse, Void
from app.ledger.instruments import NewInstrument, create
from app.ledger.posting import Outcome, call, execute

AT = datetime(2021, 6, 1, 8, tzinfo=UTC)
HOLDERS = {
    "national": "national_authority",
    "operator": "registry_operator",
    "exchange": "exchange",
    "auction": "auction_body",
    "province": "provincial_authority",
    "emitter": "emitter",
    "other": "emitter",
    "owner": "project_owner",
    "participant": "participant",
}
ACCOUNTS = {
    "national_total": "national",
    "national_apportionment": "national",
    "national_auction": "national",
    "reduction_pool": "national",
    "issuance_source": "national",
    "government_cancellation": "national",
    "surrender": "operator",
    "ccer_offset": "operator",
    "voluntary_cancellation": "operator",
    "custody": "operator",
    "external_release": "operator",
    "exchange_delivery": "exchange",
    "auction_delivery": "auction",
    "provincial_total": "province",
    "compliance": "emitter",
    "other": "other",
    "project": "owner",
    "general": "participant",
}


@dataclass
class Market:
    """The actors' ids by name; ``execute`` commits one effect as the application role."""

    database: Database
    owner: Database
    accounts: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    instruments: dict[str, int] = field(default_factory=dict)
    keys: Iterator[int] = field(default_factory=lambda: count(1))
    at: datetime = AT

    def by(self, name: str, account: str | None = None) -> By:
        """Somebody acting, by a decision that exists (their office is any account of theirs)."""
        account_id = self.accounts.get(account or name, 0)
        return By(self.people[name], account_id, self.roles[name], self.at, self.decision(name))

    def decision(self, name: str) -> int:
        """Record somebody's decision, so that what is posted on it is backed."""
        n = next(self.keys)
        with self.owner.transaction() as tx:
            row = tx.one(
                """INSERT INTO workflow.decision (instance_id, version, bundle_hash, element_id,
                       visit, kind, person_id, account_id, role, document, leaf, at)
                   VALUES (%(n)s, 1, '', 'task', 1, 'complete', %(person)s, %(account)s, %(role)s,
                       '', %(leaf)s, %(at)s)
                   RETURNING id""",
                {
                    "n": n,
                    "person": self.people[name],
                    "account": self.accounts[_office(name)],
                    "role": self.roles[name],
                    "leaf": leaf(b""),
                    "at": self.at,
                },
            )
        assert row is not None
        return int(row[0])

    def execute(self, effect: Effect) -> Outcome:
        with self.database.transaction() as tx:
            return execute(tx, effect)

    def reserve(
        self,
        quantity: int | dict[str, int],
        *,
        kind: str = "surrender",
        source: str = "compliance",
        who: str = "emitter",
        target: str | None = None,
        ceilings: tuple[Draw, ...] = (),
        key: str | None = None,
        lots: dict[str, int] | None = None,
        instance: int | None = None,
        account: str | None = None,
    ) -> int:
        wanted = {"allowance": quantity} if isinstance(quantity, int) else quantity
        lines = tuple(
            Line(self.instruments[name], tonnes, custody_lot_id=(lots or {}).get(name))
            for name, tonnes in wanted.items()
        )
        return self.execute(
            Reserve(
                key or f"k{next(self.keys)}",
                kind,
                self.accounts[source],
                lines,
                self.by(who, account or source),
                instance_id=instance,
                ceilings=ceilings,
                to_account=self.accounts[target] if target else None,
            )
        ).transfer_id

    def post(self, transfer: int, who: str = "province") -> None:
        self.execute(Post(transfer, self.by(who)))

    def void(self, transfer: int, who: str = "province") -> None:
        self.execute(Void(transfer, self.by(who)))

    def direct(
        self,
        kind: str,
        source: str,
        target: str | None,
        instrument: str,
        quantity: int,
        *,
        who: str,
        approver: str | None = None,
        key: str | None = None,
    ) -> int:
        second = self.people[approver] if approver else None
        return self.execute(
            Direct(
                key or f"k{next(self.keys)}",
                kind,
                self.accounts[source],
                (Line(self.instruments[instrument], quantity),),
                Order(self.people[who], "文号 1", second),
                self.by(who, source),
                to_account=self.accounts[target] if target else None,
            )
        ).transfer_id

    def reverse(
        self, transfer: int, kind: str = "surrender_reversal", key: str | None = None
    ) -> int:
        return self.execute(
            Reverse(
                key or f"k{next(self.keys)}",
                kind,
                transfer,
                Order(self.people["province"], "文号 2", self.people["operator"]),
                self.by("province"),
            )
        ).transfer_id

    def link(self, depositor: str = "emitter", *recipients: str, who: str = "operator") -> None:
        """Link a depositor with holders, by a decision of ``who``."""
        holders = dict(self.rows("SELECT code, id FROM identity.holder"))
        request = {
            "depositor_id": holders[depositor],
            "recipients": [holders[name] for name in recipients],
            **self.by(who, "custody").request(),
        }
        with self.database.transaction() as tx:
            call(tx, "link_custody", request)

    def ceiling(self, code: str, total: int) -> int:
        with self.database.transaction() as tx:
            row = tx.one("SELECT ledger.open_ceiling(%(c)s, %(t)s)", {"c": code, "t": total})
        assert row is not None
        return int(row[0])

    def ceiling_state(self, ceiling: int) -> tuple[int, int, int]:
        rows = self.rows(
            "SELECT total, reserved, used FROM ledger.ceiling WHERE id = %(c)s", c=ceiling
        )
        total, reserved, used = rows[0]
        return total, reserved, used

    def blocks(self, account: str) -> list[tuple[str, str]]:
        """Return (position, serials) of an account's blocks, in the order of the serials."""
        return self.rows(
            "SELECT position, serials::text FROM ledger.unit_block WHERE account_id = %(a)s"
            " ORDER BY lower(serials)",
            a=self.accounts[account],
        )

    def held(self, account: str, position: str = "registry_available") -> int:
        """Return the tonnes of an account in a position."""
        rows = self.rows(
            "SELECT coalesce(sum(upper(serials) - lower(serials)), 0)::bigint"
            " FROM ledger.unit_block WHERE account_id = %(a)s AND position = %(p)s",
            a=self.accounts[account],
            p=position,
        )
        return int(rows[0][0])

    def status(self, account: str, status: str) -> None:
        with self.owner.transaction() as tx:
            tx.run(
                "UPDATE identity.account SET status = %(s)s WHERE id = %(a)s",
                {"s": status, "a": self.accounts[account]},
            )

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        with self.owner.transaction() as tx:
            return tx.all(sql, params)

    def supply(self, tonnes: int, account: str = "compliance") -> None:
        """Create allowances and bring them to an emitter by the types of the supply chain."""
        national = {"who": "national", "approver": "national_2"}
        chain = ("issuance_source", "national_total", "national_apportionment", "provincial_total")
        types = (
            "allowance_create",
            "national_allowance_distribution",
            "allowance_apportionment",
        )
        for type_, source, target in zip(types, chain, chain[1:], strict=False):
            self.direct(type_, source, target, "allowance", tonnes, **national)
        self.direct(
            "provincial_allowance_allocation",
            "provincial_total",
            account,
            "allowance",
            tonnes,
            who="province",
            approver="province_2",
        )

    def supply_ccer(self, tonnes: int) -> None:
        """Bring reductions from a project to the emitter, over trading and delivery accounts."""
        national = {"who": "national", "approver": "national_2"}
        self.direct("reduction_create", "issuance_source", None, "ccer", tonnes, **national)
        self.direct("reduction_issue", "reduction_pool", "project", "ccer", tonnes, **national)
        for type_, source, target, who in (
            ("transfer_to_trading_account", "project", "trading_owner", "owner"),
            ("indirect_transfer", "trading_owner", "exchange_delivery", "owner"),
            ("exchange_transfer_out", "exchange_delivery", "trading", "exchange"),
            ("transfer_from_trading_account", "trading", "compliance", "emitter"),
        ):
            self.direct(type_, source, target, "ccer", tonnes, who=who)

    def close(self) -> None:
        self.database.dispose()
        self.owner.dispose()


@contextmanager
def market(app_url: str, owner_url: str) -> Iterator[Market]:
    """A market in a migrated database: every account open and empty, two instruments."""
    made = Market(Database.connect(app_url, pool_size=20), Database.connect(owner_url))
    with made.owner.transaction() as tx:
        _open(tx, made)
    with made.database.transaction() as tx:
        made.instruments["allowance"] = create(
            tx,
            NewInstrument("PE2021000025", "2021年5月17日增持的配额", "allowance", year=2021),
            AT,
        )
        made.instruments["ccer"] = create(
            tx,
            NewInstrument(
                "CCER-TEST-2019",
                "测试林业项目 2019",
                "ccer",
                project_code="TEST-1",
                region="示例省",
                project_type="forestry",
                vintage=2019,
            ),
            AT,
        )
    yield made
    made.close()


def _office(person: str) -> str:
    """Return the account for which a person decides: any of their holder's."""
    holder = person.removesuffix("_2")
    return next(account for account, owner in ACCOUNTS.items() if owner == holder)


def _open(tx: Transaction, made: Market) -> None:
    holders: dict[str, int] = {}
    for name, role in HOLDERS.items():
        row = tx.one(
            """INSERT INTO identity.holder (code, name, role, province_id, created_at)
               VALUES (%(n)s, %(n)s, %(r)s, %(p)s, %(at)s) RETURNING id""",
            {"n": name, "r": role, "p": holders.get("province"), "at": AT},
        )
        assert row is not None
        holders[name] = row[0]
        for person in (name, f"{name}_2"):
            made.people[person] = _person(tx, person)
            made.roles[person] = role
    for name, holder in ACCOUNTS.items():
        type_ = "compliance" if name == "other" else name
        made.accounts[name] = open_account(tx, name, type_, holders[holder])
    for name, linked in (("trading", "compliance"), ("trading_owner", "project")):
        made.accounts[name] = open_account(
            tx, name, "trading", holders[ACCOUNTS[linked]], made.accounts[linked]
        )


def open_account(
    tx: Transaction, number: str, type_: str, holder: int, linked: int | None = None
) -> int:
    row = tx.one(
        """INSERT INTO identity.account (number, type, holder_id, name, linked_account_id,
               opened_at, signature_policy)
           VALUES (%(n)s, %(t)s, %(h)s, %(n)s, %(l)s, %(at)s, 'none') RETURNING id""",
        {"n": number, "t": type_, "h": holder, "l": linked, "at": AT},
    )
    assert row is not None
    return int(row[0])


def _person(tx: Transaction, name: str) -> int:
    row = tx.one(
        """INSERT INTO identity.person (member_no, name, salt, created_at)
           VALUES (%(n)s, %(n)s, '', %(at)s) RETURNING id""",
        {"n": name, "at": AT},
    )
    assert row is not None
    return int(row[0])
