"""What runs: bundles, instances, parties, open tasks, decisions, outbox."""

from datetime import datetime

from sqlalchemy import (
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


class Bundle(Base):
    """A diagram, what it calls, its forms and lanes.toml under one content hash."""

    __tablename__ = "bundle"
    __table_args__ = {"schema": "workflow"}

    hash: Mapped[str] = mapped_column(Text, primary_key=True)
    process_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)


class BundleFile(Base):
    """One file of a bundle."""

    __tablename__ = "bundle_file"
    __table_args__ = {"schema": "workflow"}

    bundle_hash: Mapped[str] = mapped_column(
        Text, ForeignKey("workflow.bundle.hash"), primary_key=True
    )
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Deployment(Base):
    """A bundle was made current for new instances of its process."""

    __tablename__ = "deployment"
    __table_args__ = (
        Index("deployment_process", "process_id", text("id DESC")),
        {"schema": "workflow"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    process_id: Mapped[str] = mapped_column(Text)
    bundle_hash: Mapped[str] = mapped_column(Text, ForeignKey("workflow.bundle.hash"))
    person_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Instance(Base):
    """One run of a diagram; `state` is the engine's, `version` guards it."""

    __tablename__ = "instance"
    __table_args__ = (
        Index("instance_applicant", "applicant_id", text("id DESC")),
        Index(
            "instance_subject",
            "subject_kind",
            "subject_id",
            postgresql_where=text("(subject_id IS NOT NULL)"),
        ),
        Index("instance_wake", "wake_at", postgresql_where=text("(wake_at IS NOT NULL)")),
        Index("instance_stuck", "id", postgresql_where=text("(stuck <> ''::text)")),
        {"schema": "workflow"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    process_id: Mapped[str] = mapped_column(Text)
    bundle_hash: Mapped[str] = mapped_column(Text, ForeignKey("workflow.bundle.hash"))
    state: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    status: Mapped[str] = mapped_column(Text, server_default=text("'open'::text"))
    outcome: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    applicant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    applicant_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    applicant_role: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    subject_kind: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    content: Mapped[str] = mapped_column(Text, server_default=text("'{}'::text"))
    reserved_transfer_id: Mapped[int | None] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    ccer_quantity: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    late: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    wake_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    stuck: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Party(Base):
    """A holder that takes part, in the part a lane names."""

    __tablename__ = "party"
    __table_args__ = (
        Index("party_holder", "holder_id", text("instance_id DESC")),
        {"schema": "workflow"},
    )

    instance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workflow.instance.id"), primary_key=True
    )
    lane: Mapped[str] = mapped_column(Text, primary_key=True)
    holder_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("identity.holder.id"), primary_key=True
    )
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("identity.account.id"))


class Participant(Base):
    """A person who acted in an instance, and for whom; one row a person."""

    __tablename__ = "participant"
    __table_args__ = {"schema": "workflow"}

    instance_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    holder_id: Mapped[int] = mapped_column(BigInteger)
    lane: Mapped[str] = mapped_column(Text)


class Task(Base):
    """An open human task: the inbox. Finished ones live in the decisions."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("instance_id", "key", name="task_once"),
        Index("task_inbox", "holder_id", "due_at", "id"),
        {"schema": "workflow"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instance_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("workflow.instance.id"))
    key: Mapped[int] = mapped_column(Integer)
    element_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    process_id: Mapped[str] = mapped_column(Text)
    lane: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    holder_id: Mapped[int] = mapped_column(BigInteger)
    visit: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("'infinity'::timestamp with time zone")
    )
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    claimed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    quantity: Mapped[int | None] = mapped_column(BigInteger)
    ccer_quantity: Mapped[int | None] = mapped_column(BigInteger)
    claimed_for: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("identity.person.id"))


class Draft(Base):
    """What somebody saved and has not submitted (D17, R7)."""

    __tablename__ = "draft"
    __table_args__ = {"schema": "workflow"}

    instance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workflow.instance.id"), primary_key=True
    )
    element_id: Mapped[str] = mapped_column(Text, primary_key=True)
    holder_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("identity.holder.id"), primary_key=True
    )
    form: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    role: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ready_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Decision(Base):
    """Who decided what, when, on which bytes; insert-only."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("instance_id", "version", name="decision_once"),
        Index("decision_person", "person_id", text("id DESC")),
        {"schema": "workflow"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instance_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer)
    bundle_hash: Mapped[str] = mapped_column(Text)
    element_id: Mapped[str] = mapped_column(Text)
    visit: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    holder_id: Mapped[int | None] = mapped_column(BigInteger)
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    role: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    opinion: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    document: Mapped[bytes] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    idempotency_key: Mapped[str | None] = mapped_column(Text, unique=True)
    initiated_by: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Comment(Base):
    """What people of one holder tell one another about an application; insert-only."""

    __tablename__ = "comment"
    __table_args__ = (
        Index("comment_instance", "instance_id", "holder_id", "id"),
        {"schema": "workflow"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instance_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("workflow.instance.id"))
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    text: Mapped[str] = mapped_column(Text)
    once: Mapped[str | None] = mapped_column(Text, unique=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class BulkJob(Base):
    """Many reviews of one kind with one conclusion, asked for by one person."""

    __tablename__ = "bulk_job"
    __table_args__ = (
        Index("bulk_job_person", "person_id", text("id DESC")),
        {"schema": "workflow"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    process_id: Mapped[str] = mapped_column(Text)
    element_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    once: Mapped[str] = mapped_column(Text, unique=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class BulkItem(Base):
    """One task of a bulk review, and what became of it."""

    __tablename__ = "bulk_item"
    __table_args__ = (
        UniqueConstraint("job_id", "instance_id", "key", name="bulk_item_once"),
        Index("bulk_item_waiting", "place", "job_id", postgresql_where=text("(done_at IS NULL)")),
        {"schema": "workflow"},
    )

    job_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workflow.bulk_job.id"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    instance_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("workflow.instance.id"))
    key: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(Text, server_default=text("'waiting'::text"))
    decision_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    reason_en: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    document: Mapped[bytes | None] = mapped_column(LargeBinary)
    cms: Mapped[bytes | None] = mapped_column(LargeBinary)
    signed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Notification(Base):
    """A line in somebody's inbox that asks for nothing, such as a reminder."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("notification_holder", "holder_id", text("id DESC")),
        Index(
            "notification_unread",
            "holder_id",
            text("id DESC"),
            postgresql_where=text("(read_at IS NULL)"),
        ),
        {"schema": "workflow"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    holder_id: Mapped[int] = mapped_column(BigInteger)
    instance_id: Mapped[int | None] = mapped_column(BigInteger)
    template: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Outbox(Base):
    """What must be told to the outside after a commit."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_due", "due_at", "id", postgresql_where=text("(done_at IS NULL)")),
        {"schema": "workflow"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
