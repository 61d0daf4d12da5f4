"""Certificates of voluntary cancellation (M24, S25)."""

from alembic import op

revision = "0007_certificates"
down_revision = "0006_messages"
branch_labels = None
depends_on = None

SCHEMA = """
CREATE SCHEMA certificates;

CREATE SEQUENCE certificates.certificate_number;

-- The holder's names are those of the day: a certificate printed years later says what it said
-- then. Instruments, quantities and serial ranges are the ledger's, read from the transfer.
CREATE TABLE certificates.certificate (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number      text NOT NULL UNIQUE,
    instance_id bigint NOT NULL REFERENCES workflow.instance (id),
    transfer_id bigint NOT NULL UNIQUE REFERENCES ledger.transfer (id),
    holder_id   bigint NOT NULL REFERENCES identity.holder (id),
    holder      text NOT NULL,
    holder_en   text NOT NULL DEFAULT '',
    beneficiary text NOT NULL DEFAULT '',
    purpose     text NOT NULL DEFAULT '',
    issued_at   timestamptz NOT NULL
);
CREATE INDEX certificate_instance ON certificates.certificate (instance_id);
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
