"""Certificates, what they are trusted by, and the signatures of decisions; insert-only (R23)."""

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
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base


class Anchor(Base):
    """A root, or an authority below one; ``software``: its keys lie in files (demo only)."""

    __tablename__ = "anchor"
    __table_args__ = {"schema": "trust"}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    software: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    name: Mapped[str] = mapped_column(Text)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AnchorEnd(Base):
    """From when an anchor is believed no more."""

    __tablename__ = "anchor_end"
    __table_args__ = {"schema": "trust"}

    anchor_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("trust.anchor.id"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Crl(Base):
    """A list of revoked certificates as its authority published it."""

    __tablename__ = "crl"
    __table_args__ = (
        UniqueConstraint("anchor_id", "number", name="crl_anchor_id_number_key"),
        {"schema": "trust"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    anchor_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("trust.anchor.id"))
    number: Mapped[int] = mapped_column(Numeric)
    this_update: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    next_update: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    der: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Certificate(Base):
    """A person's certificate, bound to them (W2)."""

    __tablename__ = "certificate"
    __table_args__ = (
        Index("certificate_person", "person_id", "id"),
        Index("certificate_until", "not_after"),
        {"schema": "trust"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    software: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    serial: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    not_before: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    not_after: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    der: Mapped[bytes] = mapped_column(LargeBinary)
    decision_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CertificateEnd(Base):
    """From when a certificate signs nothing more, and why; what it signed before stays valid."""

    __tablename__ = "certificate_end"
    __table_args__ = {"schema": "trust"}

    certificate_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("trust.certificate.id"), primary_key=True
    )
    reason: Mapped[str] = mapped_column(Text)
    decision_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ExpiryReminder(Base):
    """A person was told that a certificate runs out within so many days; once each."""

    __tablename__ = "expiry_reminder"
    __table_args__ = {"schema": "trust"}

    certificate_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("trust.certificate.id"), primary_key=True
    )
    days: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Enrolment(Base):
    """The two codes with which a person binds a certificate (M2); only their hashes are kept."""

    __tablename__ = "enrolment"
    __table_args__ = (Index("enrolment_person", "person_id"), {"schema": "trust"})

    reference_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    decision_id: Mapped[int | None] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Challenge(Base):
    """A number that is good once, for one person and one session, for a short time."""

    __tablename__ = "challenge"
    __table_args__ = (
        Index("challenge_expiry", "expires_at"),
        Index(
            "challenge_pending",
            "session_hash",
            postgresql_where=text("(purpose = 'sign_in'::text)"),
        ),
        {"schema": "trust"},
    )

    nonce: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    session_hash: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Signature(Base):
    """What a person signed when they decided, and the lists it was checked against."""

    __tablename__ = "signature"
    __table_args__ = {"schema": "trust"}

    decision_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workflow.decision.id"), primary_key=True
    )
    certificate_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("trust.certificate.id"))
    crl_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    nonce: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    cms: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Beginning(Base):
    """The last decision that was taken before anybody signed; one row, of the migration."""

    __tablename__ = "beginning"
    __table_args__ = {"schema": "trust"}

    last_unsigned: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
