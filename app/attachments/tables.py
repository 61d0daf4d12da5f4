"""Contents by their hash, files as they were handed in, and what they belong to; insert-only."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base


class Blob(Base):
    """A content, once for all who hand it in."""

    __tablename__ = "blob"
    __table_args__ = {"schema": "attachments"}

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Attachment(Base):
    """A file of a holder, under the name it was handed in with."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("attachment_holder", "holder_id", "purpose", "id"),
        {"schema": "attachments"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, ForeignKey("attachments.blob.sha256"))
    filename: Mapped[str] = mapped_column(Text)
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    purpose: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Binding(Base):
    """The decision that made a file part of an application."""

    __tablename__ = "binding"
    __table_args__ = (
        Index("binding_attachment", "attachment_id"),
        {"schema": "attachments"},
    )

    instance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workflow.instance.id"), primary_key=True
    )
    attachment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("attachments.attachment.id"), primary_key=True
    )
    decision_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("workflow.decision.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
