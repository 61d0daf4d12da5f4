"""Who there is: holders, their accounts, the persons who act, and their mandates (R44)."""

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base


class Holder(Base):
    """An account holder (A16): emitter, authority, exchange; its role is its people's role."""

    __tablename__ = "holder"
    __table_args__ = (Index("holder_province", "province_id", "id"), {"schema": "identity"})

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    role: Mapped[str] = mapped_column(Text)
    province_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    bulk_opened: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class HolderDetail(Base):
    """What a holder says of itself beside its name, one row a version; insert-only (M5, R21)."""

    __tablename__ = "holder_detail"
    __table_args__ = (
        UniqueConstraint("holder_id", "version", name="holder_detail_version"),
        Index(
            "holder_detail_credit_code",
            text("(details ->> 'credit_code'::text)"),
            postgresql_where=text("(details ? 'credit_code'::text)"),
        ),
        {"schema": "identity"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    version: Mapped[int] = mapped_column(Integer)
    details: Mapped[dict[str, str]] = mapped_column(JSONB)
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    two_person: Mapped[bool | None] = mapped_column(Boolean)
    instance_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    decision_id: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AccountType(Base):
    """A kind of account (part B, B16); seeded from account_types.toml."""

    __tablename__ = "account_type"
    __table_args__ = {"schema": "identity"}

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    collective: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class AccountTypePosition(Base):
    """A position that an account type may have; the ledger refuses any other."""

    __tablename__ = "account_type_position"
    __table_args__ = {"schema": "identity"}

    account_type: Mapped[str] = mapped_column(
        Text, ForeignKey("identity.account_type.code"), primary_key=True
    )
    position: Mapped[str] = mapped_column(Text, primary_key=True)


class Account(Base):
    """Where units are held (B0); its status governs sending and receiving (G22)."""

    __tablename__ = "account"
    __table_args__ = (
        Index(
            "account_one_of_a_kind",
            "holder_id",
            "type",
            unique=True,
            postgresql_where=text(
                "(type <> ALL (ARRAY['general'::text, 'project'::text, 'trading'::text]))"
            ),
        ),
        Index(
            "account_linked",
            "linked_account_id",
            postgresql_where=text("(linked_account_id IS NOT NULL)"),
        ),
        Index("account_holder", "holder_id"),
        Index("account_of_type", "type", "id"),
        {"schema": "identity"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    type: Mapped[str] = mapped_column(Text, ForeignKey("identity.account_type.code"))
    holder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.holder.id"))
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=text("'open'::text"))
    linked_account_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("identity.account.id")
    )
    two_person: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    signature_policy: Mapped[str] = mapped_column(Text, server_default=text("'decisions'::text"))
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Person(Base):
    """A natural person (A15); the member number is the sign-in (B13)."""

    __tablename__ = "person"
    __table_args__ = {"schema": "identity"}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_no: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    password_hash: Mapped[str | None] = mapped_column(Text)
    password_changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    email: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    phone: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Mandate(Base):
    """A person acts for an account, with rights, between two dates (R44, G21)."""

    __tablename__ = "mandate"
    __table_args__ = (
        UniqueConstraint("person_id", "account_id", "valid_from", name="mandate_once"),
        Index("mandate_account", "account_id"),
        {"schema": "identity"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    rights: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


class Delegation(Base):
    """Somebody is away; a colleague may take over what they had claimed. Insert-only."""

    __tablename__ = "delegation"
    __table_args__ = (
        Index("delegation_person", "person_id", text("id DESC")),
        Index("delegation_delegate", "delegate_id", text("id DESC")),
        {"schema": "identity"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.account.id"))
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    delegate_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DelegationEnd(Base):
    """A delegation ended early: it no longer holds from a day on. Insert-only."""

    __tablename__ = "delegation_end"
    __table_args__ = {"schema": "identity"}

    delegation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("identity.delegation.id"), primary_key=True
    )
    from_day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Session(Base):
    """A signed-in browser; the cookie holds a token, this row its hash. One a person at a time.

    ``ended_why`` says why it ended when nobody signed out, ``ended_by_ip`` from where the sign-in
    came that ended it.
    """

    __tablename__ = "session"
    __table_args__ = (
        Index("session_person", "person_id"),
        Index(
            "session_one",
            "person_id",
            unique=True,
            postgresql_where=text("(ended_at IS NULL)"),
        ),
        {"schema": "identity"},
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    mandate_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.mandate.id"))
    ip: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    certificate_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("trust.certificate.id")
    )
    ended_why: Mapped[str] = mapped_column(Text, server_default=text("''::text"))
    ended_by_ip: Mapped[str] = mapped_column(Text, server_default=text("''::text"))


class SignIn(Base):
    """One attempt to sign in, kept for the header (M43) and for auditors."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("sign_in_person", "person_id", text("at DESC")), {"schema": "identity"})

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ip: Mapped[str] = mapped_column(Text)
    succeeded: Mapped[bool] = mapped_column(Boolean)


class ApiToken(Base):
    """A machine client's key: scoped, expiring, revocable; only its hash is kept."""

    __tablename__ = "api_token"
    __table_args__ = (Index("api_token_person", "person_id"), {"schema": "identity"})

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    mandate_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.mandate.id"))
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Captcha(Base):
    """The answer of a captcha on the sign-in page; deleted when it is used."""

    __tablename__ = "captcha"
    __table_args__ = (Index("captcha_expiry", "expires_at"), {"schema": "identity"})

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    answer: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Enrolment(Base):
    """A one-time link with which a person sets their own password (M2)."""

    __tablename__ = "enrolment"
    __table_args__ = (Index("enrolment_person", "person_id"), {"schema": "identity"})

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("identity.person.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
