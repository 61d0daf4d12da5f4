"""Comments among colleagues, delegations for an absence, bulk reviews (W2, F24)."""

from alembic import op

revision = "0012_inbox"
down_revision = "0011_external_reductions"
branch_labels = None
depends_on = None

SCHEMA = """
-- What people of one holder tell one another about an application; no other party reads it.
CREATE TABLE workflow.comment (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id bigint NOT NULL REFERENCES workflow.instance (id),
    holder_id   bigint NOT NULL REFERENCES identity.holder (id),
    person_id   bigint NOT NULL REFERENCES identity.person (id),
    account_id  bigint NOT NULL REFERENCES identity.account (id),
    text        text NOT NULL,
    once        text UNIQUE,
    at          timestamptz NOT NULL,
    CONSTRAINT comment_length CHECK (length(text) BETWEEN 1 AND 1000)
);
CREATE INDEX comment_instance ON workflow.comment (instance_id, holder_id, id);

-- Somebody is away: a colleague of the same account may take over what they had claimed. A
-- delegation is never changed; that it ended early is a row of its own. Days are Beijing days, both
-- included; `from_day` is the first day on which it no longer holds.
CREATE TABLE identity.delegation (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint NOT NULL REFERENCES identity.account (id),
    person_id   bigint NOT NULL REFERENCES identity.person (id),
    delegate_id bigint NOT NULL REFERENCES identity.person (id),
    valid_from  date NOT NULL,
    valid_to    date NOT NULL,
    reason      text NOT NULL,
    at          timestamptz NOT NULL,
    CONSTRAINT delegation_two_people CHECK (delegate_id <> person_id),
    CONSTRAINT delegation_days CHECK (valid_to BETWEEN valid_from AND valid_from + 366),
    CONSTRAINT delegation_reason CHECK (length(reason) BETWEEN 1 AND 200)
);
CREATE INDEX delegation_person ON identity.delegation (person_id, id DESC);
CREATE INDEX delegation_delegate ON identity.delegation (delegate_id, id DESC);

CREATE TABLE identity.delegation_end (
    delegation_id bigint PRIMARY KEY REFERENCES identity.delegation (id),
    from_day      date NOT NULL,
    at            timestamptz NOT NULL
);

-- For whom a colleague took over what somebody away had claimed.
ALTER TABLE workflow.task ADD COLUMN claimed_for bigint REFERENCES identity.person (id);

-- Many reviews of one kind with one conclusion. Like the outbox it is a list to be worked off:
-- each item is decided for itself, by the person who asked for it.
CREATE TABLE workflow.bulk_job (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id  bigint NOT NULL REFERENCES identity.person (id),
    account_id bigint NOT NULL REFERENCES identity.account (id),
    process_id text NOT NULL,
    element_id text NOT NULL,
    name       text NOT NULL,
    name_en    text NOT NULL,
    form       text NOT NULL,
    once       text NOT NULL UNIQUE,
    at         timestamptz NOT NULL
);
CREATE INDEX bulk_job_person ON workflow.bulk_job (person_id, id DESC);

CREATE TABLE workflow.bulk_item (
    job_id      bigint NOT NULL REFERENCES workflow.bulk_job (id),
    place       integer NOT NULL,
    instance_id bigint NOT NULL REFERENCES workflow.instance (id),
    key         integer NOT NULL,
    outcome     text NOT NULL DEFAULT 'waiting',
    decision_id bigint,
    reason      text NOT NULL DEFAULT '',
    reason_en   text NOT NULL DEFAULT '',
    done_at     timestamptz,
    PRIMARY KEY (job_id, place),
    CONSTRAINT bulk_item_once UNIQUE (job_id, instance_id, key),
    CONSTRAINT bulk_item_outcome
        CHECK (outcome IN ('waiting', 'decided', 'failed', 'stopped')),
    CONSTRAINT bulk_item_done CHECK ((outcome = 'waiting') = (done_at IS NULL)),
    CONSTRAINT bulk_item_decision CHECK ((outcome = 'decided') = (decision_id IS NOT NULL))
);
CREATE INDEX bulk_item_waiting ON workflow.bulk_item (place, job_id) WHERE done_at IS NULL;
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
