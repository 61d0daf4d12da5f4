"""Who begins a flow: several roles may, and several holders may stand in one lane (M22)."""

from alembic import op

revision = "0014_parties"
down_revision = "0013_two_person_rule"
branch_labels = None
depends_on = None

SCHEMA = """
-- Several roles may begin a flow: the role in which this one was begun.
ALTER TABLE workflow.instance ADD COLUMN applicant_role text NOT NULL DEFAULT '';
UPDATE workflow.instance i SET applicant_role = h.role
FROM identity.holder h WHERE h.id = i.applicant_id;

-- Each holder's draft is its own, also where several review the same at once.
ALTER TABLE workflow.draft ADD COLUMN holder_id bigint REFERENCES identity.holder (id);
UPDATE workflow.draft d SET holder_id = a.holder_id
FROM identity.account a WHERE a.id = d.account_id;
ALTER TABLE workflow.draft ALTER COLUMN holder_id SET NOT NULL,
    DROP CONSTRAINT draft_pkey, ADD PRIMARY KEY (instance_id, element_id, holder_id);
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
