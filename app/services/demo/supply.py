"""Bring allowances and CCER to the demo's accounts, each movement by its transaction type."""

from collections.abc import Mapping

from app.identity.actor import Actor
from app.ledger.instruments import NewInstrument, create
from app.services.context import Context
from app.services.demo.cast import CCER_BOUGHT, EMITTERS
from app.services.opening import Opened
from app.services.orders import Order, OrderLine, execute

Actors = Mapping[str, Actor]
CCER_CREATED = 60_000  # tonnes of reductions of the demo's wind project


class Supply:
    """The demo's orders, numbered one after another."""

    def __init__(
        self, ctx: Context, opened: Mapping[str, Opened], actors: Actors, year: int
    ) -> None:
        self.ctx, self.opened, self.actors, self.year = ctx, opened, actors, year
        self.placed = 0
        self.allowances = f"PE{year}000118"
        self.carried_over = f"PE{year - 1}000087"
        self.ccer = f"CCER{year}000031"

    def run(self) -> None:
        """Create the instruments and take the units to where the demo begins."""
        self._instruments()
        self._allowances(self.allowances, {e.code: e.allocation for e in EMITTERS})
        self._allowances(self.carried_over, {e.code: e.carried_over for e in EMITTERS})
        self._reductions()

    def _instruments(self) -> None:
        year = self.year
        with self.ctx.database.transaction() as tx:
            for new in (
                NewInstrument(
                    self.allowances,
                    f"{year}年度核定配额",
                    "allowance",
                    f"Verified allowances of {year}",
                    year,
                ),
                NewInstrument(
                    self.carried_over,
                    f"{year - 1}年度结转配额",
                    "allowance",
                    f"Allowances of {year - 1}, carried over",
                    year - 1,
                ),
                NewInstrument(
                    self.ccer,
                    "国家核证自愿减排量（风电）",
                    "ccer",
                    "CCER, wind power",
                    year,
                    project_code="CCER-2024-0031",
                    region="示范省",
                    project_type="wind",
                    vintage=year - 1,
                ),
            ):
                create(tx, new, self.ctx.clock.now())

    def _allowances(self, code: str, shares: Mapping[str, int]) -> None:
        """S6, S7, S9, S16: create, distribute, apportion, allocate."""
        national = self.opened["NATIONAL"].accounts
        total = sum(shares.values())
        create_to = [OrderLine(code, total, national["national_total"])]
        self._order("10000000001", "10000000002", "allowance_create", "issuance_source", create_to)
        distribute = [OrderLine(code, total, national["national_apportionment"])]
        self._order(
            "10000000001",
            "10000000002",
            "national_allowance_distribution",
            "national_total",
            distribute,
        )
        for province, officers in (
            ("PROVINCE-33", ("33000000012", "33000000013")),
            ("PROVINCE-53", ("53000000021", "53000000022")),
        ):
            mine = [e for e in EMITTERS if e.province == province and shares[e.code]]
            if not mine:
                continue
            target = self.opened[province].accounts["provincial_total"]
            share = [OrderLine(code, sum(shares[e.code] for e in mine), target)]
            self._order(
                "10000000001",
                "10000000002",
                "allowance_apportionment",
                "national_apportionment",
                share,
            )
            lines = [OrderLine(code, shares[e.code], self._of(e.code, "compliance")) for e in mine]
            self._order(*officers, "provincial_allowance_allocation", "provincial_total", lines)

    def _reductions(self) -> None:
        """S12, S13, S23, S27, S29, S23: from a project to its buyers' accounts (W18, W19)."""
        wind = self.opened["WIND"].accounts
        pool = self.opened["NATIONAL"].accounts["reduction_pool"]
        sold = {f"EMITTER-{e.code}": e.ccer for e in EMITTERS if e.ccer} | CCER_BOUGHT
        total = sum(sold.values())
        steps = (
            (
                "10000000001",
                "10000000002",
                "reduction_create",
                "issuance_source",
                CCER_CREATED,
                pool,
            ),
            (
                "10000000001",
                "10000000002",
                "reduction_issue",
                "reduction_pool",
                CCER_CREATED,
                wind["project"],
            ),
            ("16000000001", None, "transfer_to_trading_account", "project", total, wind["trading"]),
            (
                "16000000001",
                None,
                "indirect_transfer",
                "trading",
                total,
                self.opened["EXCHANGE"].accounts["exchange_delivery"],
            ),
        )
        for proposer, approver, kind, source, tonnes, target in steps:
            self._order(proposer, approver, kind, source, [OrderLine(self.ccer, tonnes, target)])
        for code, tonnes in sold.items():
            buyer = self.opened[code]
            delivered = [OrderLine(self.ccer, tonnes, buyer.accounts["trading"])]
            self._order(
                "14000000001", None, "exchange_transfer_out", "exchange_delivery", delivered
            )
            own = next(a for kind, a in buyer.accounts.items() if kind in {"compliance", "general"})
            back = [OrderLine(self.ccer, tonnes, own)]
            self._order(buyer.members[0], None, "transfer_from_trading_account", "trading", back)

    def _of(self, emitter: str, account: str) -> int:
        return self.opened[f"EMITTER-{emitter}"].accounts[account]

    def _order(
        self,
        proposer: str,
        approver: str | None,
        kind: str,
        source: str,
        lines: list[OrderLine],
    ) -> None:
        """Carry out one order out of the proposer's own account of the type ``source``."""
        self.placed += 1
        actor = self.actors[proposer]
        holder = next(o for o in self.opened.values() if o.holder_id == actor.holder_id)
        execute(
            self.ctx,
            actor,
            Order(
                key=f"demo:{self.placed}",
                type=kind,
                from_account=holder.accounts[source],
                lines=lines,
                document_number=f"演示〔{self.year}〕{self.placed}号",
                approver_id=self.actors[approver].person_id if approver else None,
            ),
        )
