"""Pilot regions; every row is only ever inserted, and the newest one counts."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
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
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base

EMPTY = text("''::text")


class Pilot(Base):
    """A pilot region; ``region`` is its home region as instruments name it."""

    __tablename__ = "pilot"
    __table_args__ = {"schema": "pilots"}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    region: Mapped[str] = mapped_column(Text)


class Rule(Base):
    """A version of a pilot's rule (G18); never changed."""

    __tablename__ = "rule"
    __table_args__ = (
        UniqueConstraint("pilot_id", "version", name="rule_version"),
        {"schema": "pilots"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    pilot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pilots.pilot.id"))
    version: Mapped[int] = mapped_column(Integer)
    rule: Mapped[str] = mapped_column(Text)
    verified: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


class Authority(Base):
    """Who reviews and administers a pilot (A17, A18), named by the national authority (W21.0)."""

    __tablename__ = "authority"
    __table_args__ = (
        Index("authority_pilot", "pilot_id", "id"),
        Index("authority_holder", "holder_id"),
        {"schema": "pilots"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    pilot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pilots.pilot.id"))
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    person_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CapBase(Base):
    """What a pilot's rate is taken of, for an enterprise and year, in whole tonnes."""

    __tablename__ = "base"
    __table_args__ = (
        Index("base_newest", "pilot_id", "year", "holder_id", text("id DESC")),
        {"schema": "pilots"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    pilot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pilots.pilot.id"))
    year: Mapped[int] = mapped_column(Integer)
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Export(Base):
    """What was handed to a pilot's own registry (R52): canonical content and its SHA-256."""

    __tablename__ = "export"
    __table_args__ = (Index("export_pilot", "pilot_id", "id"), {"schema": "pilots"})

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    pilot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pilots.pilot.id"))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    person_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ExportItem(Base):
    """An application in an export."""

    __tablename__ = "export_item"
    __table_args__ = (Index("export_item_instance", "instance_id"), {"schema": "pilots"})

    export_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("pilots.export.id"), primary_key=True
    )
    instance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workflow.instance.id"), primary_key=True
    )


class Outcome(Base):
    """What the pilot's own registry made of an application; the units stay cancelled."""

    __tablename__ = "outcome"
    __table_args__ = {"schema": "pilots"}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workflow.instance.id"), unique=True
    )
    accepted: Mapped[bool] = mapped_column(Boolean)
    reference: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    decision_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
