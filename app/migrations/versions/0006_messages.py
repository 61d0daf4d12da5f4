"""Messages that go out: e-mail and SMS, one row a message (M2, G31)."""

from alembic import op

revision = "0006_messages"
down_revision = "0005_attachments"
branch_labels = None
depends_on = None

SCHEMA = """
CREATE SCHEMA messages;

-- What was to be told to whom, once. A line of the outbox tells a person once per channel, however
-- often it is delivered. `held` waits for the next summary (kind digest), which covers all held
-- rows of its person and channel up to `covers_to`. The text is as it goes out.
CREATE TABLE messages.message (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outbox_id   bigint NOT NULL REFERENCES workflow.outbox (id),
    person_id   bigint NOT NULL REFERENCES identity.person (id),
    holder_id   bigint NOT NULL REFERENCES identity.holder (id),
    channel     text NOT NULL,
    kind        text NOT NULL,
    instance_id bigint REFERENCES workflow.instance (id),
    task_keys   integer[] NOT NULL DEFAULT '{}',
    held        boolean NOT NULL DEFAULT false,
    covers_to   bigint,
    token       text NOT NULL,
    subject     text NOT NULL,
    body        text NOT NULL,
    at          timestamptz NOT NULL,
    CONSTRAINT message_once UNIQUE (outbox_id, person_id, channel),
    CONSTRAINT message_token UNIQUE (token),
    CONSTRAINT message_channel CHECK (channel IN ('email', 'sms')),
    CONSTRAINT message_kind CHECK (kind IN ('task', 'notice', 'digest')),
    CONSTRAINT message_digest CHECK ((kind = 'digest') = (covers_to IS NOT NULL))
);
CREATE INDEX message_person ON messages.message (person_id, channel, id DESC);

-- What became of it. `begun` is committed before the message leaves, so that a second worker knows
-- that it may have left. The address itself is not kept: its hash, salted with the person's salt.
CREATE TABLE messages.attempt (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id   bigint NOT NULL REFERENCES messages.message (id),
    outcome      text NOT NULL,
    address_hash bytea,
    error        text NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    CONSTRAINT attempt_outcome CHECK (outcome IN ('begun', 'sent', 'failed', 'refused', 'unclear',
        'no_address', 'settled')),
    CONSTRAINT attempt_hash CHECK (octet_length(address_hash) = 32)
);
CREATE INDEX attempt_message ON messages.attempt (message_id, id);
CREATE INDEX attempt_at ON messages.attempt (at);
-- A message is sent once: the database says so, whatever the workers do.
CREATE UNIQUE INDEX attempt_final ON messages.attempt (message_id)
    WHERE outcome IN ('sent', 'refused', 'unclear', 'no_address', 'settled');

-- A person's own choices; without a row the default of the channel holds.
CREATE TABLE messages.preference (
    person_id bigint NOT NULL REFERENCES identity.person (id),
    channel   text NOT NULL,
    kind      text NOT NULL,
    wanted    boolean NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (person_id, channel, kind),
    CONSTRAINT preference_channel CHECK (channel IN ('email', 'sms')),
    CONSTRAINT preference_kind CHECK (kind IN ('task', 'notice'))
);

-- The page of all messages of an organisation, the read ones too.
CREATE INDEX notification_holder ON workflow.notification (holder_id, id DESC);
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
