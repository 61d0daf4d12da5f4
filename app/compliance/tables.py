"""Compliance years and notices (M12, M40, G19)."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base


class Year(Base):
    """Parameters of a compliance year: deadline, reminder, scope, CCER rule (G18)."""

    __tablename__ = "year"
    __table_args__ = {"schema": "compliance"}

    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    deadline: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    remind_days: Mapped[int] = mapped_column(Integer, server_default=text("7"))
    scope: Mapped[str] = mapped_column(Text)
    ccer_rule: Mapped[str] = mapped_column(Text)


class Notice(Base):
    """A compliance notice: an emitter's obligation for a year and its scope (D10)."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("year", "account_id", name="notice_once"),
        Index("notice_emitter", "emitter_id", text("year DESC")),
        Index("notice_authority", "authority_id", text("year DESC"), "id"),
        {"schema": "compliance"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    year: Mapped[int] = mapped_column(Integer, ForeignKey("compliance.year.year"))
    emitter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    authority_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    obligation: Mapped[int] = mapped_column(BigInteger)
    deadline: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    scope: Mapped[str] = mapped_column(Text)
    ccer_rule: Mapped[str] = mapped_column(Text)
    obligation_ceiling_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    ccer_ceiling_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    document_number: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    issued_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    issued_for: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
