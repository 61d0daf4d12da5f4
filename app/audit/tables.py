"""The append-only history: who did what, when, with which data (P1, S37)."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base


class Event(Base):
    """One event; `tag` is source:subject:action, `path` the diagram elements passed."""

    __tablename__ = "event"
    __table_args__ = (
        Index(
            "event_instance",
            "instance_id",
            "id",
            postgresql_where=text("(instance_id IS NOT NULL)"),
        ),
        Index("event_person", "person_id", text("id DESC")),
        Index("event_subject", "subject", "id", postgresql_where=text("(subject <> ''::text)")),
        {"schema": "audit"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    tag: Mapped[str] = mapped_column(Text)
    instance_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    role: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    data: Mapped[str] = mapped_column(Text, server_default=text("'{}'::text"))
    path: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
