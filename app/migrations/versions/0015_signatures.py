"""Certificates of USBKeys, what they are trusted by, and the signatures of decisions (M4, R23)."""

from alembic import op

revision = "0015_signatures"
down_revision = "0014_parties"
branch_labels = None
depends_on = None

SCHEMA = """
CREATE SCHEMA trust;

-- Whom we believe: roots, and the authorities below them that issue. `software` marks an
-- authority whose keys lie in files, for demonstrations; production does not look at it.
CREATE TABLE trust.anchor (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint bytea NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    kind text NOT NULL CHECK (kind IN ('root', 'intermediate')),
    software boolean NOT NULL DEFAULT false,
    name text NOT NULL,
    der bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE trust.anchor_end (
    anchor_id bigint PRIMARY KEY REFERENCES trust.anchor (id),
    at timestamptz NOT NULL
);

-- The list of revoked certificates that an authority published; every one is kept, because a
-- decision names those it was checked against.
CREATE TABLE trust.crl (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    anchor_id bigint NOT NULL REFERENCES trust.anchor (id),
    number numeric NOT NULL,
    this_update timestamptz NOT NULL,
    next_update timestamptz NOT NULL,
    der bytea NOT NULL,
    at timestamptz NOT NULL,
    UNIQUE (anchor_id, number)
);

-- A person's certificate: bound once, ended once, never changed.
CREATE TABLE trust.certificate (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint bytea NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    person_id bigint NOT NULL REFERENCES identity.person (id),
    software boolean NOT NULL DEFAULT false,
    serial text NOT NULL,
    subject text NOT NULL,
    issuer text NOT NULL,
    not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL,
    der bytea NOT NULL,
    decision_id bigint,
    at timestamptz NOT NULL
);
CREATE INDEX certificate_person ON trust.certificate (person_id, id);
CREATE TABLE trust.certificate_end (
    certificate_id bigint PRIMARY KEY REFERENCES trust.certificate (id),
    reason text NOT NULL CHECK (reason IN ('lost', 'revoked', 'replaced', 'left', 'compromised')),
    decision_id bigint,
    at timestamptz NOT NULL
);

-- Who was told that a certificate runs out within so many days: once each.
CREATE TABLE trust.expiry_reminder (
    certificate_id bigint NOT NULL REFERENCES trust.certificate (id),
    days integer NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (certificate_id, days)
);
CREATE INDEX certificate_until ON trust.certificate (not_after);
-- What a certificate's person is told goes out at once, whatever they chose to be told.
ALTER TABLE messages.message DROP CONSTRAINT message_kind;
ALTER TABLE messages.message ADD CONSTRAINT message_kind
    CHECK (kind IN ('task', 'notice', 'digest', 'credential'));
-- A loss that is reported is told without an application.
ALTER TABLE workflow.notification ALTER COLUMN instance_id DROP NOT NULL;
-- A representative who leaves does so at once: a mandate of that day, or of a later one, has its
-- end before its first day and so was never in force.
ALTER TABLE identity.mandate DROP CONSTRAINT mandate_dates;
ALTER TABLE identity.mandate ADD CONSTRAINT mandate_dates
    CHECK (valid_to IS NULL OR valid_to >= valid_from - 1);

-- The two codes with which a person binds their first or next certificate (M2); hashes only.
CREATE TABLE trust.enrolment (
    reference_hash bytea PRIMARY KEY,
    code_hash bytea NOT NULL,
    person_id bigint NOT NULL REFERENCES identity.person (id),
    decision_id bigint,
    failures integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX enrolment_person ON trust.enrolment (person_id);

-- What is to be signed is asked with a number that is good once, for one person and session.
CREATE TABLE trust.challenge (
    nonce bytea PRIMARY KEY CHECK (length(nonce) = 32),
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'decision')),
    person_id bigint NOT NULL REFERENCES identity.person (id),
    session_hash bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX challenge_expiry ON trust.challenge (expires_at);
-- Who has shown their password and not yet their certificate: found by what their browser keeps.
CREATE INDEX challenge_pending ON trust.challenge (session_hash) WHERE purpose = 'sign_in';

-- The signature of a decision, with what it was checked against; insert-only.
CREATE TABLE trust.signature (
    decision_id bigint PRIMARY KEY REFERENCES workflow.decision (id),
    certificate_id bigint NOT NULL REFERENCES trust.certificate (id),
    crl_ids bigint[] NOT NULL,
    nonce bytea NOT NULL UNIQUE CHECK (length(nonce) = 32),
    document bytea NOT NULL,
    cms bytea NOT NULL,
    at timestamptz NOT NULL
) WITH (toast_tuple_target = 8160);  -- some 3 kB, written once: in its own page, uncompressed

-- The last decision that was taken before anybody signed: none up to it is asked for a signature.
CREATE TABLE trust.beginning (last_unsigned bigint PRIMARY KEY);
INSERT INTO trust.beginning SELECT coalesce(max(id), 0) FROM workflow.decision;

-- Which decisions of an account ask for a signature: 'decisions' (all submissions, reviews and
-- approvals), 'every' (withdrawals and discards too), 'none' (only outside production).
ALTER TABLE identity.account ADD COLUMN signature_policy text NOT NULL DEFAULT 'decisions'
    CHECK (signature_policy IN ('decisions', 'every', 'none'));

-- The certificate a session was opened with, and why it ended when nobody signed out.
ALTER TABLE identity.session
    ADD COLUMN certificate_id bigint REFERENCES trust.certificate (id),
    ADD COLUMN ended_why text NOT NULL DEFAULT '',
    ADD COLUMN ended_by_ip text NOT NULL DEFAULT '';

-- One browser at a time. Who is signed in now showed no certificate: they sign in again.
UPDATE identity.session SET ended_at = now(), ended_why = 'upgraded' WHERE ended_at IS NULL;
CREATE UNIQUE INDEX session_one ON identity.session (person_id) WHERE ended_at IS NULL;

-- A task of a bulk review is decided later, under the signature given for it when it was asked.
ALTER TABLE workflow.bulk_item
    ADD COLUMN document bytea,
    ADD COLUMN cms bytea,
    ADD COLUMN signed_at timestamptz;

-- It was left free for the signature, which has a table of its own.
ALTER TABLE workflow.decision DROP COLUMN signature;
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
