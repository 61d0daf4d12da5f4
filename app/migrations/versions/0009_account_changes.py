"""Details of holders and accounts, and their approved changes (M5, R21)."""

from alembic import op

revision = "0009_account_changes"
down_revision = "0008_custody_links"
branch_labels = None
depends_on = None

SCHEMA = """
-- What a holder says of itself beside its name, version by version: the newest counts. Each row is
-- complete as it was approved (or opened, then without an application), and so is the rule of the
-- account that asked.
CREATE TABLE identity.holder_detail (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    holder_id   bigint NOT NULL REFERENCES identity.holder (id),
    version     integer NOT NULL CHECK (version > 0),
    details     jsonb NOT NULL CHECK (jsonb_typeof(details) = 'object'),
    account_id  bigint REFERENCES identity.account (id),
    two_person  boolean,
    instance_id bigint UNIQUE,
    decision_id bigint,
    valid_from  timestamptz NOT NULL,
    CONSTRAINT holder_detail_version UNIQUE (holder_id, version),
    CONSTRAINT holder_detail_by_decision CHECK (
        num_nonnulls(account_id, two_person, instance_id, decision_id) IN (0, 4))
);
-- A code belongs to one holder; asked before each change.
CREATE INDEX holder_detail_credit_code ON identity.holder_detail ((details->>'credit_code'))
    WHERE details ? 'credit_code';
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
