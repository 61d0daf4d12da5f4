"""Bundles, instances, parties, open tasks, drafts, decisions, notifications, outbox."""

from alembic import op

revision = "0003_workflow"
down_revision = "0002_ledger"
branch_labels = None
depends_on = None

SCHEMA = """
CREATE SCHEMA workflow;

CREATE TABLE workflow.bundle (
    hash       text PRIMARY KEY,
    process_id text NOT NULL,
    name       text NOT NULL,
    name_en    text NOT NULL
);

CREATE TABLE workflow.bundle_file (
    bundle_hash text NOT NULL REFERENCES workflow.bundle (hash),
    path        text NOT NULL,
    content     bytea NOT NULL,
    PRIMARY KEY (bundle_hash, path)
);

-- The newest row of a process is what new instances run; an instance keeps its own for life.
CREATE TABLE workflow.deployment (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process_id  text NOT NULL,
    bundle_hash text NOT NULL REFERENCES workflow.bundle (hash),
    person_id   bigint REFERENCES identity.person (id),
    at          timestamptz NOT NULL
);
CREATE INDEX deployment_process ON workflow.deployment (process_id, id DESC);

CREATE TABLE workflow.instance (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number               text NOT NULL UNIQUE,
    process_id           text NOT NULL,
    bundle_hash          text NOT NULL REFERENCES workflow.bundle (hash),
    state                bytea NOT NULL,
    version              integer NOT NULL DEFAULT 0,
    status               text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'ended')),
    outcome              text NOT NULL DEFAULT '',
    applicant_id         bigint NOT NULL REFERENCES identity.holder (id),
    applicant_account_id bigint NOT NULL REFERENCES identity.account (id),
    subject_kind         text NOT NULL DEFAULT '',
    subject_id           bigint,
    content              text NOT NULL DEFAULT '{}',
    reserved_transfer_id bigint,
    quantity             bigint NOT NULL DEFAULT 0,
    ccer_quantity        bigint NOT NULL DEFAULT 0,
    submitted_at         timestamptz,
    late                 boolean NOT NULL DEFAULT false,
    wake_at              timestamptz,
    stuck                text NOT NULL DEFAULT '',
    created_at           timestamptz NOT NULL,
    ended_at             timestamptz
) WITH (fillfactor = 70);
CREATE INDEX instance_applicant ON workflow.instance (applicant_id, id DESC);
CREATE INDEX instance_subject ON workflow.instance (subject_kind, subject_id)
    WHERE subject_id IS NOT NULL;
CREATE INDEX instance_wake ON workflow.instance (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX instance_stuck ON workflow.instance (id) WHERE stuck <> '';

-- Numbers that people read (LY-2026-0018342); a sequence, so that nobody waits for a number.
CREATE SEQUENCE workflow.application_number;

-- A party is a holder acting through an account, in the part that a lane names.
CREATE TABLE workflow.party (
    instance_id bigint NOT NULL REFERENCES workflow.instance (id),
    lane        text NOT NULL,
    holder_id   bigint NOT NULL REFERENCES identity.holder (id),
    account_id  bigint REFERENCES identity.account (id),
    PRIMARY KEY (instance_id, lane, holder_id)
);
CREATE INDEX party_holder ON workflow.party (holder_id, instance_id DESC);

-- Who acted for one party never decides for another in the same instance, and never reviews
-- what they drafted: one row a person, in one lane.
CREATE TABLE workflow.participant (
    instance_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    holder_id   bigint NOT NULL,
    lane        text NOT NULL,
    PRIMARY KEY (instance_id, person_id)
);

-- Open tasks only: the inbox never wades through the past.
CREATE TABLE workflow.task (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id bigint NOT NULL REFERENCES workflow.instance (id),
    key         integer NOT NULL,
    element_id  text NOT NULL,
    name        text NOT NULL,
    name_en     text NOT NULL,
    process_id  text NOT NULL,
    lane        text NOT NULL,
    role        text NOT NULL,
    holder_id   bigint NOT NULL,
    visit       integer NOT NULL,
    due_at      timestamptz NOT NULL DEFAULT 'infinity',
    created_at  timestamptz NOT NULL,
    claimed_by  bigint REFERENCES identity.person (id),
    claimed_at  timestamptz,
    CONSTRAINT task_once UNIQUE (instance_id, key)
) WITH (fillfactor = 80);
CREATE INDEX task_inbox ON workflow.task (holder_id, due_at, id);

CREATE TABLE workflow.draft (
    instance_id bigint NOT NULL REFERENCES workflow.instance (id),
    element_id  text NOT NULL,
    form        text NOT NULL,
    person_id   bigint NOT NULL REFERENCES identity.person (id),
    account_id  bigint NOT NULL REFERENCES identity.account (id),
    role        text NOT NULL,
    saved_at    timestamptz NOT NULL,
    PRIMARY KEY (instance_id, element_id)
);

CREATE TABLE workflow.decision (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id     bigint NOT NULL,
    version         integer NOT NULL,
    bundle_hash     text NOT NULL,
    element_id      text NOT NULL,
    visit           integer NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('complete', 'trigger', 'timer')),
    person_id       bigint,
    holder_id       bigint,
    account_id      bigint,
    role            text NOT NULL,
    verdict         text NOT NULL DEFAULT '',
    opinion         text NOT NULL DEFAULT '',
    document        bytea NOT NULL,
    leaf            bytea NOT NULL,
    signature       bytea,
    idempotency_key text UNIQUE,
    at              timestamptz NOT NULL,
    CONSTRAINT decision_once UNIQUE (instance_id, version),
    CONSTRAINT decision_leaf CHECK (octet_length(leaf) = 32)
);
CREATE INDEX decision_person ON workflow.decision (person_id, id DESC);

CREATE TABLE workflow.notification (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    holder_id   bigint NOT NULL,
    instance_id bigint NOT NULL,
    template    text NOT NULL,
    text        text NOT NULL,
    text_en     text NOT NULL,
    created_at  timestamptz NOT NULL,
    read_at     timestamptz
);
CREATE INDEX notification_unread ON workflow.notification (holder_id, id DESC)
    WHERE read_at IS NULL;

-- What must be told to the outside after a commit. A lost queue loses nothing: this is the list.
CREATE TABLE workflow.outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    payload    text NOT NULL,
    due_at     timestamptz NOT NULL,
    attempts   integer NOT NULL DEFAULT 0,
    error      text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    done_at    timestamptz
);
CREATE INDEX outbox_due ON workflow.outbox (due_at, id) WHERE done_at IS NULL;
"""


def upgrade() -> None:
    """Create the schema workflow."""
    op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
