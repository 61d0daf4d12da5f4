"""Reductions of another registry, marked for surrender (G17)."""

from alembic import op

revision = "0011_external_reductions"
down_revision = "0010_pilots"
branch_labels = None
depends_on = None

SCHEMA = """
-- Reductions of another registry are units of their own kind: a claim here on what is frozen there.
ALTER TABLE ledger.instrument DROP CONSTRAINT instrument_unit_type,
    DROP CONSTRAINT ccer_has_project,
    ADD CONSTRAINT instrument_unit_type
        CHECK (unit_type IN ('allowance', 'ccer', 'external_ccer')),
    ADD CONSTRAINT ccer_has_project
        CHECK (unit_type = 'allowance' OR (project_code <> '' AND vintage IS NOT NULL));

-- A confirmed claim: which registry froze how many tonnes for which compliance account, on whose
-- decision. Its units carry serials of ours; external_range says which of theirs they stand for.
CREATE TABLE ledger.external_claim (
    instrument_id bigint PRIMARY KEY,
    registry      text NOT NULL CHECK (btrim(registry) <> ''),
    quantity      bigint NOT NULL CHECK (quantity > 0),
    account_id    bigint NOT NULL,
    instance_id   bigint NOT NULL UNIQUE,
    decision_id   bigint NOT NULL,
    person_id     bigint NOT NULL,
    at            timestamptz NOT NULL
);
CREATE INDEX external_claim_account ON ledger.external_claim (account_id, instrument_id);

-- Numbers of the other registry, in the order in which our serials follow them: the first number
-- of a range stands at `place` (from 0) in the claim.
CREATE TABLE ledger.external_range (
    instrument_id bigint NOT NULL,
    no            integer NOT NULL,
    registry      text NOT NULL,
    prefix        text NOT NULL,
    digits        integer NOT NULL CHECK (digits BETWEEN 1 AND 18),
    numbers       int8range NOT NULL,
    place         bigint NOT NULL CHECK (place >= 0),
    PRIMARY KEY (instrument_id, no),
    CONSTRAINT external_numbers CHECK (NOT isempty(numbers) AND lower(numbers) >= 0
        AND NOT upper_inf(numbers))
);
CREATE INDEX external_range_registry ON ledger.external_range (registry, prefix);

-- The other registry cancelled what a surrender names: without this row the surrender of external
-- reductions is never posted.
CREATE TABLE ledger.external_cancellation (
    transfer_id bigint PRIMARY KEY,
    reference   text NOT NULL CHECK (btrim(reference) <> ''),
    approval_id bigint NOT NULL,
    decision_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    at          timestamptz NOT NULL,
    CONSTRAINT external_cancellation_two_decisions CHECK (approval_id <> decision_id)
);
"""


def upgrade() -> None:
    """Make the tables."""
    if SCHEMA:
        op.execute(SCHEMA)


def downgrade() -> None:
    """A registry is never migrated back: correct forward, with a new revision."""
    raise NotImplementedError("migrations of a registry only go forward")
