"""Linked holders: who may receive from whose custody (M19, R14, R15)."""

from alembic import op

revision = "0008_custody_links"
down_revision = "0007_certificates"
branch_labels = None
depends_on = None

SCHEMA = """
-- Who may receive from whose custody. A link is never changed; its end is a row of its own.
CREATE TABLE ledger.custody_link (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    depositor_id bigint NOT NULL REFERENCES identity.holder (id),
    recipient_id bigint NOT NULL REFERENCES identity.holder (id),
    instance_id  bigint,
    decision_id  bigint NOT NULL,
    person_id    bigint NOT NULL,
    at           timestamptz NOT NULL,
    CONSTRAINT custody_link_two_holders CHECK (depositor_id <> recipient_id)
);
CREATE INDEX custody_link_pair ON ledger.custody_link (depositor_id, recipient_id);

CREATE TABLE ledger.custody_link_end (
    link_id         bigint PRIMARY KEY REFERENCES ledger.custody_link (id),
    document_number text NOT NULL CHECK (document_number <> ''),
    person_id       bigint NOT NULL,
    approver_id     bigint NOT NULL,
    at              timestamptz NOT NULL,
    CONSTRAINT custody_link_end_two_people CHECK (approver_id <> person_id)
);

-- What a task is about for the one holder that it asks; the application's total where it is NULL.
ALTER TABLE workflow.task ADD COLUMN quantity bigint, ADD COLUMN ccer_quantity bigint;
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
