"""The two-person rule inside a holder, per account (G21)."""

from alembic import op

revision = "0013_two_person_rule"
down_revision = "0012_inbox"
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
