"""Pilot regions: rule, caps uploaded, exports (S26, R52, G18)."""

from alembic import op

revision = "0010_pilots"
down_revision = "0009_account_changes"
branch_labels = None
depends_on = None

SCHEMA = """
CREATE SCHEMA pilots;

CREATE SEQUENCE pilots.export_number;

CREATE TABLE pilots.pilot (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code    text NOT NULL UNIQUE,
    name    text NOT NULL,
    name_en text NOT NULL,
    region  text NOT NULL
);

-- A rule is a version, written once; the newest of those valid on a year's last day governs it.
CREATE TABLE pilots.rule (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pilot_id   bigint NOT NULL REFERENCES pilots.pilot (id),
    version    integer NOT NULL CHECK (version > 0),
    rule       text NOT NULL,
    verified   boolean NOT NULL,
    source     text NOT NULL,
    valid_from date NOT NULL,
    valid_to   date CHECK (valid_to >= valid_from),
    CONSTRAINT rule_version UNIQUE (pilot_id, version)
);

-- Who reviews and administers a pilot; the newest row counts.
CREATE TABLE pilots.authority (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pilot_id   bigint NOT NULL REFERENCES pilots.pilot (id),
    holder_id  bigint NOT NULL REFERENCES identity.holder (id),
    person_id  bigint NOT NULL,
    account_id bigint NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX authority_pilot ON pilots.authority (pilot_id, id);
CREATE INDEX authority_holder ON pilots.authority (holder_id);

-- What a rate is taken of, in whole tonnes; the newest row of pilot, year and holder counts.
CREATE TABLE pilots.base (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pilot_id   bigint NOT NULL REFERENCES pilots.pilot (id),
    year       integer NOT NULL,
    holder_id  bigint NOT NULL REFERENCES identity.holder (id),
    quantity   bigint NOT NULL CHECK (quantity >= 0),
    person_id  bigint NOT NULL,
    account_id bigint NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX base_newest ON pilots.base (pilot_id, year, holder_id, id DESC);

CREATE TABLE pilots.export (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number     text NOT NULL UNIQUE,
    pilot_id   bigint NOT NULL REFERENCES pilots.pilot (id),
    content    bytea NOT NULL,
    sha256     bytea NOT NULL CHECK (sha256 = sha256(content)),
    holder_id  bigint NOT NULL REFERENCES identity.holder (id),
    person_id  bigint NOT NULL,
    account_id bigint NOT NULL,
    made_at    timestamptz NOT NULL
);
CREATE INDEX export_pilot ON pilots.export (pilot_id, id);

CREATE TABLE pilots.export_item (
    export_id   bigint NOT NULL REFERENCES pilots.export (id),
    instance_id bigint NOT NULL REFERENCES workflow.instance (id),
    PRIMARY KEY (export_id, instance_id)
);
CREATE INDEX export_item_instance ON pilots.export_item (instance_id);

CREATE TABLE pilots.outcome (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id bigint NOT NULL UNIQUE REFERENCES workflow.instance (id),
    accepted    boolean NOT NULL,
    reference   text NOT NULL CHECK (reference <> ''),
    reason      text NOT NULL DEFAULT '',
    decision_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    account_id  bigint NOT NULL,
    at          timestamptz NOT NULL,
    CHECK (accepted OR reason <> '')
);
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
