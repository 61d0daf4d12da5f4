"""Reductions of another registry, marked for surrender (G17)."""

from alembic import op

revision = "0011_external_reductions"
down_revision = "0010_pilots"
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
