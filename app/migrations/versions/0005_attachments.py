"""Attachments: files by content hash, and who may read them (R19, R20, M3)."""

from alembic import op

revision = "0005_attachments"
down_revision = "0004_compliance"
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
