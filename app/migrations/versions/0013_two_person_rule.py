"""The two-person rule inside a holder, per account (G21)."""

from alembic import op

revision = "0013_two_person_rule"
down_revision = "0012_inbox"
branch_labels = None
depends_on = None

SCHEMA = """
-- Whether an account asks for two: one representative fills in, another confirms.
ALTER TABLE identity.account ADD COLUMN two_person boolean NOT NULL DEFAULT false;

-- Who had filled in what another representative of the account then confirmed.
ALTER TABLE workflow.decision ADD COLUMN initiated_by bigint;

-- When a draft was handed to the confirming representative; saving it again takes it back.
ALTER TABLE workflow.draft ADD COLUMN ready_at timestamptz;
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
