"""Compliance years and compliance notices (M12, M40, G19)."""

from alembic import op

revision = "0004_compliance"
down_revision = "0003_workflow"
branch_labels = None
depends_on = None

SCHEMA = """
CREATE SCHEMA compliance;

-- Parameters of a compliance year (G18, G19): when it is due, how many days before a reminder
-- goes out, and the CCER rule that a new notice carries unless told otherwise.
CREATE TABLE compliance.year (
    year        integer PRIMARY KEY,
    deadline    timestamptz NOT NULL,
    remind_days integer NOT NULL DEFAULT 7 CHECK (remind_days > 0),
    scope       text NOT NULL,
    ccer_rule   text NOT NULL
);

CREATE TABLE compliance.notice (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number                text NOT NULL UNIQUE,
    year                  integer NOT NULL REFERENCES compliance.year (year),
    emitter_id            bigint NOT NULL REFERENCES identity.holder (id),
    account_id            bigint NOT NULL REFERENCES identity.account (id),
    authority_id          bigint NOT NULL REFERENCES identity.holder (id),
    obligation            bigint NOT NULL CHECK (obligation > 0),
    deadline              timestamptz NOT NULL,
    scope                 text NOT NULL,
    ccer_rule             text NOT NULL,
    obligation_ceiling_id bigint NOT NULL UNIQUE,
    ccer_ceiling_id       bigint NOT NULL UNIQUE,
    document_number       text NOT NULL DEFAULT '',
    issued_by             bigint NOT NULL REFERENCES identity.person (id),
    issued_for            bigint NOT NULL REFERENCES identity.account (id),
    issued_at             timestamptz NOT NULL,
    CONSTRAINT notice_once UNIQUE (year, account_id)
);
CREATE INDEX notice_emitter ON compliance.notice (emitter_id, year DESC);
CREATE INDEX notice_authority ON compliance.notice (authority_id, year DESC, id);
"""


def upgrade() -> None:
    """Create the schema compliance."""
    op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
