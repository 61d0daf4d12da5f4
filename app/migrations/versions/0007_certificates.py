"""Certificates of voluntary cancellation (M24, S25)."""

from alembic import op

revision = "0007_certificates"
down_revision = "0006_messages"
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
