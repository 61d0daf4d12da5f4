-- What the database guarantees by itself, whoever writes. The guards are ALWAYS on: neither a
-- replication role nor the order of loading gets around them.

SELECT audit.make_append_only(ARRAY['ledger.instrument', 'ledger.transfer', 'ledger.transfer_line',
    'ledger.transfer_ceiling', 'ledger.transfer_event', 'ledger.entry', 'ledger.direct_order',
    'ledger.issue']);

-- A block stands in a position that its account's type may have (data), and a lot follows units
-- in custody and no others (M17).
CREATE OR REPLACE FUNCTION ledger.guard_place() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    account_type text;
    allowed boolean;
BEGIN
    SELECT a.type, EXISTS (SELECT FROM identity.account_type_position p
                           WHERE p.account_type = a.type AND p.position = NEW.position)
    INTO account_type, allowed FROM identity.account a WHERE a.id = NEW.account_id;
    IF allowed IS NOT TRUE THEN
        PERFORM ledger.refuse('RL902', 'an account of this type has no such position',
            jsonb_build_object('account_id', NEW.account_id, 'account_type', account_type,
                               'position', NEW.position));
    END IF;
    IF (account_type = 'custody') <> (NEW.custody_lot_id IS NOT NULL) THEN
        PERFORM ledger.refuse('RL903', 'a custody lot follows units in custody, and only those',
            jsonb_build_object('account_id', NEW.account_id, 'lot_id', NEW.custody_lot_id));
    END IF;
    RETURN NULL;
END $$;

-- A block lies inside one issue of its instrument: no unit without an issue.
CREATE OR REPLACE FUNCTION ledger.guard_origin() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger.issue i
                   WHERE i.serials @> NEW.serials AND i.instrument_id = NEW.instrument_id) THEN
        PERFORM ledger.refuse('RL904', 'these serials were never issued for this instrument',
            jsonb_build_object('serials', NEW.serials::text, 'instrument_id', NEW.instrument_id));
    END IF;
    RETURN NULL;
END $$;

-- Conservation: a range is covered, to the last tonne, by blocks of its instrument.
CREATE OR REPLACE FUNCTION ledger.require_cover(wanted int8range, instrument bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    covered numeric;
BEGIN
    SELECT sum(upper(b.serials * wanted) - lower(b.serials * wanted)) INTO covered
    FROM ledger.unit_block b WHERE b.serials && wanted AND b.instrument_id = instrument;
    IF covered IS DISTINCT FROM upper(wanted) - lower(wanted) THEN
        PERFORM ledger.refuse('RL901', 'units would vanish', jsonb_build_object(
            'serials', wanted::text, 'instrument_id', instrument, 'covered', covered::text));
    END IF;
END $$;

-- Deferred guards run at commit, when the role is the application's again: they are definer's.
-- What a block gave up (its whole range, or the parts that were cut off) is held by others when
-- the transaction commits. Only what changed is looked at, so the cost does not grow.
CREATE OR REPLACE FUNCTION ledger.guard_given_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.instrument_id <> OLD.instrument_id
       OR NOT NEW.serials && OLD.serials THEN
        PERFORM ledger.require_cover(OLD.serials, OLD.instrument_id);
        RETURN NULL;
    END IF;
    IF lower(OLD.serials) < lower(NEW.serials) THEN
        PERFORM ledger.require_cover(int8range(lower(OLD.serials), lower(NEW.serials)),
                                     OLD.instrument_id);
    END IF;
    IF upper(NEW.serials) < upper(OLD.serials) THEN
        PERFORM ledger.require_cover(int8range(upper(NEW.serials), upper(OLD.serials)),
                                     OLD.instrument_id);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger.guard_issue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM ledger.require_cover(NEW.serials, NEW.instrument_id);
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS block_place ON ledger.unit_block;
CREATE TRIGGER block_place AFTER INSERT OR UPDATE OF account_id, position, custody_lot_id
    ON ledger.unit_block FOR EACH ROW EXECUTE FUNCTION ledger.guard_place();

DROP TRIGGER IF EXISTS block_origin ON ledger.unit_block;
CREATE TRIGGER block_origin AFTER INSERT ON ledger.unit_block
    FOR EACH ROW EXECUTE FUNCTION ledger.guard_origin();

DROP TRIGGER IF EXISTS block_grown ON ledger.unit_block;
CREATE TRIGGER block_grown AFTER UPDATE OF serials, instrument_id ON ledger.unit_block
    FOR EACH ROW WHEN (NOT NEW.serials <@ OLD.serials OR NEW.instrument_id <> OLD.instrument_id)
    EXECUTE FUNCTION ledger.guard_origin();

DROP TRIGGER IF EXISTS block_deleted ON ledger.unit_block;
CREATE CONSTRAINT TRIGGER block_deleted AFTER DELETE ON ledger.unit_block
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.guard_given_up();

DROP TRIGGER IF EXISTS block_shrunk ON ledger.unit_block;
CREATE CONSTRAINT TRIGGER block_shrunk AFTER UPDATE OF serials, instrument_id ON ledger.unit_block
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NOT OLD.serials <@ NEW.serials OR NEW.instrument_id <> OLD.instrument_id)
    EXECUTE FUNCTION ledger.guard_given_up();

DROP TRIGGER IF EXISTS issue_covered ON ledger.issue;
CREATE CONSTRAINT TRIGGER issue_covered AFTER INSERT ON ledger.issue
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.guard_issue();

DROP TRIGGER IF EXISTS block_table ON ledger.unit_block;
CREATE TRIGGER block_table BEFORE TRUNCATE ON ledger.unit_block
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

DROP TRIGGER IF EXISTS lot_kept ON ledger.custody_lot;
CREATE TRIGGER lot_kept BEFORE DELETE OR TRUNCATE ON ledger.custody_lot
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

DROP TRIGGER IF EXISTS ceiling_kept ON ledger.ceiling;
CREATE TRIGGER ceiling_kept BEFORE DELETE OR TRUNCATE ON ledger.ceiling
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

DO $$
DECLARE
    guard record;
BEGIN
    FOR guard IN SELECT t.tgname, t.tgrelid::regclass AS of_table FROM pg_trigger t
                 JOIN pg_class c ON c.oid = t.tgrelid
                 WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guard.of_table, guard.tgname);
    END LOOP;
END $$;
