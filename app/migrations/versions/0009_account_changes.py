"""Details of holders and accounts, and their approved changes (M5, R21)."""

from alembic import op

revision = "0009_account_changes"
down_revision = "0008_custody_links"
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
