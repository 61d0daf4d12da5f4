-- Who is away and who takes over (W2): never somebody who may not decide on each of its days, never
-- somebody who is away then, and one colleague at a time.
SELECT audit.make_append_only(ARRAY['identity.delegation', 'identity.delegation_end']);

-- Whether a person may decide for an account on every day from one to another: one mandate or
-- several, each of them covering days without a gap.
CREATE OR REPLACE FUNCTION identity.decides_throughout(
    person bigint, account bigint, first_day date, last_day date) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM identity.person p WHERE p.id = person AND p.closed_at IS NULL)
       AND datemultirange(daterange(first_day, last_day, '[]')) <@ coalesce((
            SELECT range_agg(daterange(m.valid_from, m.valid_to, '[]'))
            FROM identity.mandate m
            WHERE m.person_id = person AND m.account_id = account
              AND m.rights IN ('confirm', 'both')), '{}');
$$;

CREATE OR REPLACE FUNCTION identity.check_delegation() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_days daterange := daterange(NEW.valid_from, NEW.valid_to, '[]');
BEGIN
    -- Two at once meet here, also when each names the other.
    PERFORM FROM identity.person p WHERE p.id IN (NEW.person_id, NEW.delegate_id)
    ORDER BY p.id FOR NO KEY UPDATE;
    IF NOT identity.decides_throughout(NEW.delegate_id, NEW.account_id, NEW.valid_from,
                                       NEW.valid_to) THEN
        RAISE EXCEPTION 'person % may not decide for account % on all of these days',
            NEW.delegate_id, NEW.account_id USING ERRCODE = 'RG422';
    END IF;
    IF EXISTS (
        SELECT FROM identity.delegation d
        LEFT JOIN identity.delegation_end e ON e.delegation_id = d.id
        WHERE d.account_id = NEW.account_id AND d.id <> NEW.id
          AND d.person_id IN (NEW.person_id, NEW.delegate_id)
          AND daterange(d.valid_from, least(d.valid_to + 1,
                  greatest(coalesce(e.from_day, 'infinity'), d.valid_from))) && v_days) THEN
        RAISE EXCEPTION 'one of the two is away on some of these days already'
            USING ERRCODE = 'RG423';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS delegation ON identity.delegation;
CREATE TRIGGER delegation AFTER INSERT ON identity.delegation FOR EACH ROW
EXECUTE FUNCTION identity.check_delegation();
