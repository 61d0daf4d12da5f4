"""Instruments, unit blocks, ceilings, custody lots, transaction types and the journal."""

from alembic import op

revision = "0002_ledger"
down_revision = "0001_identity"
branch_labels = None
depends_on = None

SCHEMA = """
CREATE SCHEMA ledger;

-- What is held (C4): a named lot of allowances, or the reductions of a project's vintage.
CREATE TABLE ledger.instrument (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code           text NOT NULL UNIQUE,
    name           text NOT NULL,
    name_en        text NOT NULL DEFAULT '',
    unit_type      text NOT NULL,
    year           integer,
    project_code   text NOT NULL DEFAULT '',
    region         text NOT NULL DEFAULT '',
    project_type   text NOT NULL DEFAULT '',
    vintage        integer,
    covered_source boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL,
    CONSTRAINT instrument_unit_type CHECK (unit_type IN ('allowance', 'ccer')),
    CONSTRAINT instrument_names CHECK (code <> '' AND name <> ''),
    CONSTRAINT allowance_has_year CHECK (unit_type <> 'allowance' OR year IS NOT NULL),
    CONSTRAINT ccer_has_project
        CHECK (unit_type <> 'ccer' OR (project_code <> '' AND vintage IS NOT NULL))
);
CREATE INDEX instrument_unit_type_year ON ledger.instrument (unit_type, year, id);

-- Movements are data; app/ledger/transaction_types.toml is written in here by each migration.
CREATE TABLE ledger.transaction_type (
    code           text PRIMARY KEY,
    name           text NOT NULL,
    name_en        text NOT NULL,
    source_rows    text[] NOT NULL,
    two_phase      boolean NOT NULL,
    direct         boolean NOT NULL,
    reverses       text,
    reversible     boolean NOT NULL,
    proposers      text[] NOT NULL,
    approver       text,
    own_source     boolean NOT NULL,
    linked_only    boolean NOT NULL,
    same_holder    boolean NOT NULL,
    same_account   boolean NOT NULL,
    despite_status boolean NOT NULL,
    checks         text[] NOT NULL,
    closed         boolean NOT NULL DEFAULT false,
    CONSTRAINT transaction_type_mode CHECK (two_phase OR direct OR reverses IS NOT NULL)
);

-- One way that units of one type may take. Without a from_position the units are new.
CREATE TABLE ledger.transaction_route (
    type              text NOT NULL,
    unit_type         text NOT NULL,
    from_account_type text NOT NULL,
    to_account_type   text NOT NULL,
    from_position     text,
    held_position     text,
    to_position       text NOT NULL,
    PRIMARY KEY (type, unit_type, from_account_type, to_account_type)
);

-- The journal. Nothing in it is ever changed; no foreign keys into accounts or people, because
-- a foreign key would lock the one account that everybody surrenders into.
CREATE TABLE ledger.transfer (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          text NOT NULL UNIQUE,
    content_hash bytea NOT NULL,
    type         text NOT NULL,
    reverses_id  bigint,
    instance_id  bigint,
    reason       text NOT NULL DEFAULT '',
    person_id    bigint NOT NULL,
    account_id   bigint NOT NULL,
    role         text NOT NULL,
    at           timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT transfer_hash CHECK (octet_length(content_hash) = 32)
);
CREATE UNIQUE INDEX transfer_reversed_once ON ledger.transfer (reverses_id)
    WHERE reverses_id IS NOT NULL;
CREATE INDEX transfer_instance ON ledger.transfer (instance_id, id) WHERE instance_id IS NOT NULL;

-- What backs a direct transfer or a reversal: two people and a document (S20, G8).
CREATE TABLE ledger.direct_order (
    transfer_id        bigint PRIMARY KEY,
    proposer_person_id bigint NOT NULL,
    approver_person_id bigint,
    document_number    text NOT NULL,
    decision_id        bigint,
    at                 timestamptz NOT NULL,
    CONSTRAINT order_two_people CHECK (proposer_person_id <> approver_person_id),
    CONSTRAINT order_document CHECK (btrim(document_number) <> '')
);

CREATE TABLE ledger.transfer_line (
    transfer_id     bigint NOT NULL,
    no              integer NOT NULL,
    instrument_id   bigint NOT NULL,
    quantity        bigint NOT NULL,
    from_account_id bigint NOT NULL,
    from_position   text,
    held_position   text,
    to_account_id   bigint NOT NULL,
    to_position     text NOT NULL,
    custody_lot_id  bigint,
    PRIMARY KEY (transfer_id, no),
    CONSTRAINT line_quantity CHECK (quantity > 0)
);

CREATE TABLE ledger.transfer_ceiling (
    transfer_id bigint NOT NULL,
    ceiling_id  bigint NOT NULL,
    quantity    bigint NOT NULL,
    PRIMARY KEY (transfer_id, ceiling_id),
    CONSTRAINT ceiling_quantity CHECK (quantity > 0)
);
CREATE INDEX transfer_ceiling_ceiling ON ledger.transfer_ceiling (ceiling_id, transfer_id);

CREATE TABLE ledger.transfer_event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer_id bigint NOT NULL,
    kind        text NOT NULL,
    person_id   bigint,
    account_id  bigint,
    role        text NOT NULL,
    decision_id bigint,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT event_kind CHECK (kind IN ('reserved', 'posted', 'voided'))
);
-- At most one reservation and at most one end: a transfer resolves at most once.
CREATE UNIQUE INDEX transfer_resolves_once
    ON ledger.transfer_event (transfer_id, (kind = 'reserved'));

-- Which serial ranges went from where to where. Events of one range are in the order of their
-- ids: an id is drawn only after the blocks were seen that an earlier event had put there.
CREATE TABLE ledger.entry (
    event_id        bigint NOT NULL,
    no              integer NOT NULL,
    instrument_id   bigint NOT NULL,
    serials         int8range NOT NULL,
    from_account_id bigint NOT NULL,
    from_position   text,
    to_account_id   bigint NOT NULL,
    to_position     text NOT NULL,
    custody_lot_id  bigint,
    PRIMARY KEY (event_id, no),
    CONSTRAINT entry_serials CHECK (NOT isempty(serials) AND lower(serials) > 0
        AND NOT upper_inf(serials))
);
CREATE INDEX entry_to ON ledger.entry (to_account_id, event_id);
CREATE INDEX entry_from ON ledger.entry (from_account_id, event_id)
    WHERE from_account_id <> to_account_id;

-- Serials that came into being; unique in the whole registry (G30).
CREATE TABLE ledger.issue (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instrument_id bigint NOT NULL,
    serials       int8range NOT NULL,
    transfer_id   bigint NOT NULL,
    CONSTRAINT issue_serials CHECK (NOT isempty(serials) AND lower(serials) > 0
        AND NOT upper_inf(serials)),
    CONSTRAINT issue_no_overlap EXCLUDE USING gist (serials WITH &&)
);
CREATE INDEX issue_instrument ON ledger.issue (instrument_id);

-- Units put in custody (M17): the lot follows them; what is left can never fall below zero.
CREATE TABLE ledger.custody_lot (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer_id          bigint NOT NULL,
    line_no              integer NOT NULL,
    depositor_account_id bigint NOT NULL,
    instrument_id        bigint NOT NULL,
    quantity             bigint NOT NULL CHECK (quantity > 0),
    reserved             bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    returned             bigint NOT NULL DEFAULT 0 CHECK (returned >= 0),
    remaining            bigint GENERATED ALWAYS AS (quantity - reserved - returned) STORED,
    opened_at            timestamptz NOT NULL,
    CONSTRAINT custody_lot_once UNIQUE (transfer_id, line_no),
    CONSTRAINT custody_lot_remaining CHECK (quantity - reserved - returned >= 0)
);
CREATE INDEX custody_lot_depositor ON ledger.custody_lot (depositor_account_id, id);

-- What is held: a serial range in one position of one account. There is no balance beside it,
-- and the exclusion constraint makes a unit that is held twice impossible.
CREATE TABLE ledger.unit_block (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instrument_id  bigint NOT NULL,
    account_id     bigint NOT NULL,
    position       text NOT NULL,
    serials        int8range NOT NULL,
    transfer_id    bigint,
    line_no        integer,
    custody_lot_id bigint,
    CONSTRAINT block_serials CHECK (NOT isempty(serials) AND lower(serials) > 0
        AND NOT upper_inf(serials)),
    CONSTRAINT block_position CHECK (position IN ('registry_available', 'registry_reserved',
        'registry_frozen', 'registry_pending_transfer', 'trading_held',
        'trading_pending_transfer')),
    CONSTRAINT block_held_for_a_transfer CHECK ((position IN ('registry_reserved',
        'registry_pending_transfer', 'trading_pending_transfer')) = (transfer_id IS NOT NULL)
        AND (transfer_id IS NULL) = (line_no IS NULL)),
    CONSTRAINT unit_held_once EXCLUDE USING gist (serials WITH &&)
) WITH (fillfactor = 80);
CREATE INDEX unit_block_holding
    ON ledger.unit_block (account_id, instrument_id, position, lower(serials));
CREATE INDEX unit_block_transfer ON ledger.unit_block (transfer_id)
    WHERE transfer_id IS NOT NULL;
CREATE INDEX unit_block_lot ON ledger.unit_block (custody_lot_id)
    WHERE custody_lot_id IS NOT NULL;

-- An upper bound that transfers draw on in two phases: a notice's obligation (R5), its CCER
-- limit (R10). Never the balance of an account that many send to.
CREATE TABLE ledger.ceiling (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code     text NOT NULL UNIQUE,
    total    bigint NOT NULL CHECK (total >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    used     bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    CONSTRAINT ceiling_not_exceeded CHECK (reserved + used <= total)
) WITH (fillfactor = 70);
"""


def upgrade() -> None:
    """Create the schema ledger."""
    op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
