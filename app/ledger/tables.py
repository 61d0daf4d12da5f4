"""The ledger's tables for page queries; written only by the functions of app/ledger/sql."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INT8RANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base

NO, EMPTY, ZERO = text("false"), text("''::text"), text("0")


class Instrument(Base):
    """A named lot of allowances, or the reductions of a project's vintage (C4)."""

    __tablename__ = "instrument"
    __table_args__ = (
        Index("instrument_unit_type_year", "unit_type", "year", "id"),
        {"schema": "ledger"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    unit_type: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None] = mapped_column(Integer)
    project_code: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    region: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    project_type: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    vintage: Mapped[int | None] = mapped_column(Integer)
    covered_source: Mapped[bool] = mapped_column(Boolean, server_default=NO)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TransactionType(Base):
    """A kind of movement (S6-S35, M); seeded from transaction_types.toml."""

    __tablename__ = "transaction_type"
    __table_args__ = {"schema": "ledger"}

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    source_rows: Mapped[list[str]] = mapped_column(ARRAY(Text))
    two_phase: Mapped[bool] = mapped_column(Boolean)
    direct: Mapped[bool] = mapped_column(Boolean)
    reverses: Mapped[str | None] = mapped_column(Text)
    reversible: Mapped[bool] = mapped_column(Boolean)
    proposers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    approver: Mapped[str | None] = mapped_column(Text)
    own_source: Mapped[bool] = mapped_column(Boolean)
    linked_only: Mapped[bool] = mapped_column(Boolean)
    same_holder: Mapped[bool] = mapped_column(Boolean)
    same_account: Mapped[bool] = mapped_column(Boolean)
    despite_status: Mapped[bool] = mapped_column(Boolean)
    checks: Mapped[list[str]] = mapped_column(ARRAY(Text))
    closed: Mapped[bool] = mapped_column(Boolean, server_default=NO)


class TransactionRoute(Base):
    """One way that units of one type may take; without from_position they are new units."""

    __tablename__ = "transaction_route"
    __table_args__ = {"schema": "ledger"}

    type: Mapped[str] = mapped_column(Text, primary_key=True)
    unit_type: Mapped[str] = mapped_column(Text, primary_key=True)
    from_account_type: Mapped[str] = mapped_column(Text, primary_key=True)
    to_account_type: Mapped[str] = mapped_column(Text, primary_key=True)
    from_position: Mapped[str | None] = mapped_column(Text)
    held_position: Mapped[str | None] = mapped_column(Text)
    to_position: Mapped[str] = mapped_column(Text)


class Transfer(Base):
    """A movement of units, from its proposal on; its events say what became of it."""

    __tablename__ = "transfer"
    __table_args__ = (
        Index(
            "transfer_reversed_once",
            "reverses_id",
            unique=True,
            postgresql_where=text("(reverses_id IS NOT NULL)"),
        ),
        Index(
            "transfer_instance",
            "instance_id",
            "id",
            postgresql_where=text("(instance_id IS NOT NULL)"),
        ),
        {"schema": "ledger"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    type: Mapped[str] = mapped_column(Text)
    reverses_id: Mapped[int | None] = mapped_column(BigInteger)
    instance_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    person_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    role: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()")
    )


class DirectOrder(Base):
    """What backs a direct transfer or a reversal: proposer, approver, document number."""

    __tablename__ = "direct_order"
    __table_args__ = {"schema": "ledger"}

    transfer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    proposer_person_id: Mapped[int] = mapped_column(BigInteger)
    approver_person_id: Mapped[int | None] = mapped_column(BigInteger)
    document_number: Mapped[str] = mapped_column(Text)
    decision_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TransferLine(Base):
    """So many tonnes of one instrument from one account to another."""

    __tablename__ = "transfer_line"
    __table_args__ = {"schema": "ledger"}

    transfer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    instrument_id: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(BigInteger)
    from_account_id: Mapped[int] = mapped_column(BigInteger)
    from_position: Mapped[str | None] = mapped_column(Text)
    held_position: Mapped[str | None] = mapped_column(Text)
    to_account_id: Mapped[int] = mapped_column(BigInteger)
    to_position: Mapped[str] = mapped_column(Text)
    custody_lot_id: Mapped[int | None] = mapped_column(BigInteger)


class TransferCeiling(Base):
    """How much of a ceiling a transfer draws on."""

    __tablename__ = "transfer_ceiling"
    __table_args__ = (
        Index("transfer_ceiling_ceiling", "ceiling_id", "transfer_id"),
        {"schema": "ledger"},
    )

    transfer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ceiling_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    quantity: Mapped[int] = mapped_column(BigInteger)


class TransferEvent(Base):
    """A transfer was reserved, posted or voided: by whom, for which account, on which decision."""

    __tablename__ = "transfer_event"
    __table_args__ = (
        Index(
            "transfer_resolves_once",
            "transfer_id",
            text("(kind = 'reserved'::text)"),
            unique=True,
        ),
        {"schema": "ledger"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    transfer_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    role: Mapped[str] = mapped_column(Text)
    decision_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()")
    )


class Entry(Base):
    """A serial range went from one position of one account to another."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("entry_to", "to_account_id", "event_id"),
        Index(
            "entry_from",
            "from_account_id",
            "event_id",
            postgresql_where=text("(from_account_id <> to_account_id)"),
        ),
        {"schema": "ledger"},
    )

    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    instrument_id: Mapped[int] = mapped_column(BigInteger)
    serials: Mapped[Range[int]] = mapped_column(INT8RANGE)
    from_account_id: Mapped[int] = mapped_column(BigInteger)
    from_position: Mapped[str | None] = mapped_column(Text)
    to_account_id: Mapped[int] = mapped_column(BigInteger)
    to_position: Mapped[str] = mapped_column(Text)
    custody_lot_id: Mapped[int | None] = mapped_column(BigInteger)


class Issue(Base):
    """A serial range that came into being; unique in the whole registry (G30)."""

    __tablename__ = "issue"
    __table_args__ = (
        ExcludeConstraint(("serials", "&&"), name="issue_no_overlap", using="gist"),
        Index("issue_instrument", "instrument_id"),
        {"schema": "ledger"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instrument_id: Mapped[int] = mapped_column(BigInteger)
    serials: Mapped[Range[int]] = mapped_column(INT8RANGE)
    transfer_id: Mapped[int] = mapped_column(BigInteger)


class CustodyLot(Base):
    """Units put in custody by a depositor, and what remains of them (M17, R37)."""

    __tablename__ = "custody_lot"
    __table_args__ = (
        UniqueConstraint("transfer_id", "line_no", name="custody_lot_once"),
        Index("custody_lot_depositor", "depositor_account_id", "id"),
        {"schema": "ledger"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    transfer_id: Mapped[int] = mapped_column(BigInteger)
    line_no: Mapped[int] = mapped_column(Integer)
    depositor_account_id: Mapped[int] = mapped_column(BigInteger)
    instrument_id: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    returned: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    remaining: Mapped[int | None] = mapped_column(
        BigInteger, Computed("((quantity - reserved) - returned)", persisted=True)
    )
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CustodyLink(Base):
    """A depositor and a holder its units may be returned to (M19, R15); never changed."""

    __tablename__ = "custody_link"
    __table_args__ = (
        Index("custody_link_pair", "depositor_id", "recipient_id"),
        {"schema": "ledger"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    depositor_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    recipient_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    instance_id: Mapped[int | None] = mapped_column(BigInteger)
    decision_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CustodyLinkEnd(Base):
    """The end of a link, by order: two people and a document."""

    __tablename__ = "custody_link_end"
    __table_args__ = {"schema": "ledger"}

    link_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("ledger.custody_link.id"),
        primary_key=True,
        autoincrement=False,
    )
    document_number: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(BigInteger)
    approver_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class UnitBlock(Base):
    """A serial range held by one account in one position; holdings are what the blocks say."""

    __tablename__ = "unit_block"
    __table_args__ = (
        ExcludeConstraint(("serials", "&&"), name="unit_held_once", using="gist"),
        Index(
            "unit_block_holding", "account_id", "instrument_id", "position", text("lower(serials)")
        ),
        Index(
            "unit_block_transfer",
            "transfer_id",
            postgresql_where=text("(transfer_id IS NOT NULL)"),
        ),
        Index(
            "unit_block_lot",
            "custody_lot_id",
            postgresql_where=text("(custody_lot_id IS NOT NULL)"),
        ),
        {"schema": "ledger"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instrument_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[str] = mapped_column(Text)
    serials: Mapped[Range[int]] = mapped_column(INT8RANGE)
    transfer_id: Mapped[int | None] = mapped_column(BigInteger)
    line_no: Mapped[int | None] = mapped_column(Integer)
    custody_lot_id: Mapped[int | None] = mapped_column(BigInteger)


class Ceiling(Base):
    """An upper bound that transfers draw on: a notice's obligation, its CCER limit (R5, R10)."""

    __tablename__ = "ceiling"
    __table_args__ = {"schema": "ledger"}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    total: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    used: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)


class ExternalClaim(Base):
    """Reductions frozen in another registry and marked for surrender here (G17)."""

    __tablename__ = "external_claim"
    __table_args__ = (
        Index("external_claim_account", "account_id", "instrument_id"),
        {"schema": "ledger"},
    )

    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    other_registry: Mapped[str] = mapped_column("registry", Text)
    quantity: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    instance_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    decision_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ExternalRange(Base):
    """Numbers of the other registry that a claim stands for, in the order of our serials."""

    __tablename__ = "external_range"
    __table_args__ = (
        Index("external_range_registry", "registry", "prefix"),
        {"schema": "ledger"},
    )

    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    other_registry: Mapped[str] = mapped_column("registry", Text)
    prefix: Mapped[str] = mapped_column(Text)
    digits: Mapped[int] = mapped_column(Integer)
    numbers: Mapped[Range[int]] = mapped_column(INT8RANGE)
    place: Mapped[int] = mapped_column(BigInteger)


class ExternalCancellation(Base):
    """The other registry cancelled what a surrender names; on record before it is posted."""

    __tablename__ = "external_cancellation"
    __table_args__ = {"schema": "ledger"}

    transfer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    reference: Mapped[str] = mapped_column(Text)
    approval_id: Mapped[int] = mapped_column(BigInteger)
    decision_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
