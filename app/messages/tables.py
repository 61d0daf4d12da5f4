"""What was told to whom outside the pages, what became of it, and who wants what."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
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


class Message(Base):
    """A message to one person over one channel; insert-only."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("outbox_id", "person_id", "channel", name="message_once"),
        UniqueConstraint("token", name="message_token"),
        Index("message_person", "person_id", "channel", text("id DESC")),
        {"schema": "messages"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    outbox_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("workflow.outbox.id"))
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    channel: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    instance_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("workflow.instance.id"))
    task_keys: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    held: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    covers_to: Mapped[int | None] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


_FINAL = (
    "outcome = ANY (ARRAY['sent'::text, 'refused'::text, 'unclear'::text, 'no_address'::text, "
    "'settled'::text])"
)


class Attempt(Base):
    """What became of a message; insert-only, at most one of them final."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("attempt_message", "message_id", "id"),
        Index("attempt_at", "at"),
        Index("attempt_final", "message_id", unique=True, postgresql_where=text(_FINAL)),
        {"schema": "messages"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("messages.message.id"))
    outcome: Mapped[str] = mapped_column(Text)
    address_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    error: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Preference(Base):
    """Whether a person wants a kind of message over a channel."""

    __tablename__ = "preference"
    __table_args__ = {"schema": "messages"}

    person_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("identity.person.id"), primary_key=True
    )
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    wanted: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
