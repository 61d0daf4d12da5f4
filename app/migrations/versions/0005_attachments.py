"""Attachments: files by content hash, and who may read them (R19, R20, M3)."""

from alembic import op

revision = "0005_attachments"
down_revision = "0004_compliance"
branch_labels = None
depends_on = None

SCHEMA = """
-- A holder that was opened in bulk hands in its opening files before it asks for a change (R20).
ALTER TABLE identity.holder ADD COLUMN bulk_opened boolean NOT NULL DEFAULT false;

CREATE SCHEMA attachments;

-- What a file contains, once, under its own hash: the database itself computes it.
CREATE TABLE attachments.blob (
    sha256     bytea PRIMARY KEY,
    size       bigint NOT NULL,
    media_type text NOT NULL,
    content    bytea NOT NULL,
    CONSTRAINT blob_is_what_it_is_called CHECK (sha256 = sha256(content)),
    CONSTRAINT blob_size CHECK (size = octet_length(content) AND size > 0)
);
-- Such files are compressed already.
ALTER TABLE attachments.blob ALTER COLUMN content SET STORAGE EXTERNAL;

-- A file as one holder handed it in, under the name it had there.
CREATE TABLE attachments.attachment (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256     bytea NOT NULL REFERENCES attachments.blob (sha256),
    filename   text NOT NULL CHECK (length(filename) BETWEEN 1 AND 200),
    holder_id  bigint NOT NULL REFERENCES identity.holder (id),
    person_id  bigint NOT NULL REFERENCES identity.person (id),
    account_id bigint NOT NULL REFERENCES identity.account (id),
    purpose    text NOT NULL CHECK (purpose IN ('form', 'opening')),
    at         timestamptz NOT NULL
);
CREATE INDEX attachment_holder ON attachments.attachment (holder_id, purpose, id);

-- From the decision that named it on, a file belongs to an application.
CREATE TABLE attachments.binding (
    instance_id   bigint NOT NULL REFERENCES workflow.instance (id),
    attachment_id bigint NOT NULL REFERENCES attachments.attachment (id),
    decision_id   bigint NOT NULL REFERENCES workflow.decision (id),
    at            timestamptz NOT NULL,
    PRIMARY KEY (instance_id, attachment_id)
);
CREATE INDEX binding_attachment ON attachments.binding (attachment_id);
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
