"""Certificates of voluntary cancellation, one a posted transfer; rows are only ever inserted."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base

EMPTY = text("''::text")


class Certificate(Base):
    """What a certificate says beside the ledger's own lines; names are those of its day."""

    __tablename__ = "certificate"
    __table_args__ = (
        Index("certificate_instance", "instance_id"),
        {"schema": "certificates"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    instance_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("workflow.instance.id"))
    transfer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger.transfer.id"), unique=True
    )
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    holder: Mapped[str] = mapped_column(Text)
    holder_en: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    beneficiary: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    purpose: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
