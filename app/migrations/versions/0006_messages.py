"""Messages that go out: e-mail and SMS, one row a message (M2, G31)."""

from alembic import op

revision = "0006_messages"
down_revision = "0005_attachments"
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
