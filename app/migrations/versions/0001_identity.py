"""Holders, accounts, persons, mandates, sessions, API tokens; the append-only event history."""

from alembic import op

revision = "0001_identity"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = """
CREATE SCHEMA audit;
CREATE SCHEMA identity;

CREATE TABLE identity.holder (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE,
    name        text NOT NULL,
    name_en     text NOT NULL DEFAULT '',
    role        text NOT NULL,
    province_id bigint REFERENCES identity.holder (id),
    created_at  timestamptz NOT NULL,
    CONSTRAINT holder_role CHECK (role IN ('emitter', 'provincial_authority',
        'national_authority', 'registry_operator', 'exchange', 'auction_body', 'project_owner',
        'participant', 'auditor', 'system_operator')),
    CONSTRAINT emitter_has_province CHECK (role <> 'emitter' OR province_id IS NOT NULL)
);
CREATE INDEX holder_province ON identity.holder (province_id, id);

CREATE TABLE identity.account_type (
    code       text PRIMARY KEY,
    name       text NOT NULL,
    name_en    text NOT NULL,
    side       text NOT NULL CHECK (side IN ('registry', 'trading', 'office')),
    collective boolean NOT NULL DEFAULT false
);

CREATE TABLE identity.account_type_position (
    account_type text NOT NULL REFERENCES identity.account_type (code),
    position     text NOT NULL,
    PRIMARY KEY (account_type, position)
);

CREATE TABLE identity.account (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number            text NOT NULL UNIQUE,
    type              text NOT NULL REFERENCES identity.account_type (code),
    holder_id         bigint NOT NULL REFERENCES identity.holder (id),
    name              text NOT NULL,
    status            text NOT NULL DEFAULT 'open',
    linked_account_id bigint REFERENCES identity.account (id),
    opened_at         timestamptz NOT NULL,
    CONSTRAINT account_status CHECK (status IN ('open', 'restricted', 'frozen',
        'closure_pending', 'closed')),
    CONSTRAINT trading_account_is_linked
        CHECK ((type = 'trading') = (linked_account_id IS NOT NULL))
);
-- G4: one compliance account per emitter; one account of each collective kind per holder.
CREATE UNIQUE INDEX account_one_of_a_kind ON identity.account (holder_id, type)
    WHERE type NOT IN ('general', 'project', 'trading');
CREATE INDEX account_linked ON identity.account (linked_account_id)
    WHERE linked_account_id IS NOT NULL;
CREATE INDEX account_holder ON identity.account (holder_id);
CREATE INDEX account_of_type ON identity.account (type, id);

CREATE SEQUENCE identity.account_number START 1000000001;
CREATE SEQUENCE identity.member_number;

CREATE TABLE identity.person (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_no           text NOT NULL UNIQUE,
    name                text NOT NULL,
    name_en             text NOT NULL DEFAULT '',
    password_hash       text,
    password_changed_at timestamptz,
    email               text NOT NULL DEFAULT '',
    phone               text NOT NULL DEFAULT '',
    salt                bytea NOT NULL,
    created_at          timestamptz NOT NULL,
    closed_at           timestamptz
);

CREATE TABLE identity.mandate (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id  bigint NOT NULL REFERENCES identity.person (id),
    account_id bigint NOT NULL REFERENCES identity.account (id),
    rights     text NOT NULL CHECK (rights IN ('initiate', 'confirm', 'both', 'read')),
    valid_from date NOT NULL,
    valid_to   date,
    CONSTRAINT mandate_dates CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT mandate_once UNIQUE (person_id, account_id, valid_from)
);
CREATE INDEX mandate_account ON identity.mandate (account_id);

CREATE TABLE identity.session (
    token_hash   bytea PRIMARY KEY,
    person_id    bigint NOT NULL REFERENCES identity.person (id),
    mandate_id   bigint NOT NULL REFERENCES identity.mandate (id),
    ip           text NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz
);
CREATE INDEX session_person ON identity.session (person_id);

CREATE TABLE identity.sign_in (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id bigint NOT NULL REFERENCES identity.person (id),
    at        timestamptz NOT NULL,
    ip        text NOT NULL,
    succeeded boolean NOT NULL
);
CREATE INDEX sign_in_person ON identity.sign_in (person_id, at DESC);

CREATE TABLE identity.api_token (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash   bytea NOT NULL UNIQUE,
    person_id    bigint NOT NULL REFERENCES identity.person (id),
    mandate_id   bigint NOT NULL REFERENCES identity.mandate (id),
    name         text NOT NULL,
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_token_person ON identity.api_token (person_id);

-- The answer of a captcha shown on the sign-in page; used once, then gone.
CREATE TABLE identity.captcha (
    token_hash bytea PRIMARY KEY,
    answer     text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX captcha_expiry ON identity.captcha (expires_at);

-- A one-time link with which a person sets their own password (M2): nobody else ever knows it.
CREATE TABLE identity.enrolment (
    token_hash bytea PRIMARY KEY,
    person_id  bigint NOT NULL REFERENCES identity.person (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX enrolment_person ON identity.enrolment (person_id);

-- History: who did what, when, with which data. `tag` is source:subject:action. Numbers promise
-- no commit order. `path` holds the diagram elements that the step went through.
CREATE TABLE audit.event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    tag         text NOT NULL,
    instance_id bigint,
    person_id   bigint,
    account_id  bigint,
    role        text,
    subject     text NOT NULL DEFAULT '',
    data        text NOT NULL DEFAULT '{}',
    path        text NOT NULL DEFAULT ''
);
CREATE INDEX event_instance ON audit.event (instance_id, id) WHERE instance_id IS NOT NULL;
CREATE INDEX event_person ON audit.event (person_id, id DESC);
CREATE INDEX event_subject ON audit.event (subject, id) WHERE subject <> '';
"""


def upgrade() -> None:
    """Create the schemas audit and identity."""
    op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
