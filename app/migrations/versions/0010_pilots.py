"""Pilot regions: rule, caps uploaded, exports (S26, R52, G18)."""

from alembic import op

revision = "0010_pilots"
down_revision = "0009_account_changes"
branch_labels = None
depends_on = None

SCHEMA = ""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
