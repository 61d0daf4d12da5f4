-- Reductions of another registry (G17): a claim here on units that are frozen there. It comes into
-- being in an emitter's compliance account when the registry operator has confirmed the freeze,
-- and leaves it only by surrender, after the other registry has cancelled, or by release.

SELECT audit.make_append_only(ARRAY['ledger.external_claim', 'ledger.external_range',
    'ledger.external_cancellation']);

-- Mark frozen reductions as an emitter's claim: the instrument, the claim with the other
-- registry's numbers, and the units, by one decision of the registry. The application's own
-- applicant, its account and its number are read here, so that nobody is given what another asked.
-- {instance_id, quantity, registry, project_code, project_name, project_type?, region?, vintage,
--  covered_source?, ranges: [{prefix, digits, first, last}], person_id, account_id, role,
--  decision_id, at} -> {transfer_id, instrument_id, code}
CREATE OR REPLACE FUNCTION ledger.mark_external(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    asked record;
    instrument bigint;
    moved jsonb;
BEGIN
    PERFORM ledger.require_registry(request);
    -- Claims wait for one another: they are few, and none may overlap another.
    PERFORM pg_advisory_xact_lock(7320003);
    SELECT i.number, i.applicant_account_id AS account, d.person_id AS proposer INTO asked
    FROM workflow.instance i
    JOIN workflow.decision d ON d.instance_id = i.id AND d.holder_id = i.applicant_id
    WHERE i.id = (request->>'instance_id')::bigint ORDER BY d.id DESC LIMIT 1;
    IF asked.number IS NULL THEN
        PERFORM ledger.refuse('RL406', 'a claim is somebody''s application');
    END IF;
    INSERT INTO ledger.instrument (code, name, unit_type, project_code, region, project_type,
                                   vintage, covered_source, created_at)
    VALUES (asked.number, request->>'project_name', 'external_ccer', request->>'project_code',
            coalesce(request->>'region', ''), coalesce(request->>'project_type', ''),
            (request->>'vintage')::integer,
            coalesce((request->>'covered_source')::boolean, false), (request->>'at')::timestamptz)
    ON CONFLICT (code) DO NOTHING RETURNING id INTO instrument;
    IF instrument IS NULL THEN
        PERFORM ledger.refuse('RL410', 'the code is taken',
            jsonb_build_object('taken', asked.number));
    END IF;
    INSERT INTO ledger.external_claim (instrument_id, registry, quantity, account_id, instance_id,
                                       decision_id, person_id, at)
    VALUES (instrument, btrim(request->>'registry'), (request->>'quantity')::bigint,
            asked.account, (request->>'instance_id')::bigint, (request->>'decision_id')::bigint,
            (request->>'person_id')::bigint, (request->>'at')::timestamptz);
    PERFORM ledger.add_ranges(instrument, request);
    moved := ledger.direct(jsonb_build_object(
        'key', 'external:' || asked.number, 'type', 'external_mark',
        'from_account', (SELECT min(a.id) FROM identity.account a
                         WHERE a.type = 'issuance_source' AND a.status = 'open'),
        'to_account', asked.account, 'instance_id', request->'instance_id',
        'lines', jsonb_build_array(jsonb_build_object(
            'instrument_id', instrument, 'quantity', request->>'quantity')),
        'order', jsonb_build_object('proposer_person', asked.proposer,
            'approver_person', request->'person_id', 'document_number', asked.number),
        'person_id', request->'person_id', 'account_id', request->'account_id',
        'role', request->>'role', 'decision_id', request->'decision_id', 'at', request->>'at'));
    RETURN moved || jsonb_build_object('instrument_id', instrument, 'code', asked.number);
END $$;

-- Write down the other registry's numbers. They add up to the claim, and none of them backs
-- another claim whose units are still here.
CREATE OR REPLACE FUNCTION ledger.add_ranges(instrument bigint, request jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    taken record;
    told bigint;
BEGIN
    INSERT INTO ledger.external_range
    SELECT instrument, j.no, btrim(request->>'registry'), j.v->>'prefix',
           (j.v->>'digits')::integer,
           int8range((j.v->>'first')::bigint, (j.v->>'last')::bigint, '[]'),
           coalesce(sum((j.v->>'last')::bigint - (j.v->>'first')::bigint + 1)
                    OVER (ORDER BY j.no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
    FROM jsonb_array_elements(request->'ranges') WITH ORDINALITY AS j (v, no);
    SELECT sum(upper(r.numbers) - lower(r.numbers)) INTO told
    FROM ledger.external_range r WHERE r.instrument_id = instrument;
    IF told IS DISTINCT FROM (request->>'quantity')::bigint THEN
        PERFORM ledger.refuse('RL411', 'the numbers do not add up to the claim',
            jsonb_build_object('told', told::text, 'quantity', request->>'quantity'));
    END IF;
    SELECT x.code, x.numbers INTO taken FROM ledger.external_taken(instrument) x LIMIT 1;
    IF FOUND THEN
        PERFORM ledger.refuse('RL412', 'these numbers back another claim',
            jsonb_build_object('numbers', taken.numbers, 'claim', taken.code));
    END IF;
END $$;

-- The types of the accounts in which a stretch of a claim lies.
CREATE OR REPLACE FUNCTION ledger.external_at(claim bigint, place bigint, tonnes bigint)
RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT DISTINCT a.type
    FROM ledger.issue s
    JOIN ledger.unit_block b ON b.instrument_id = s.instrument_id
        AND b.serials && int8range(lower(s.serials) + place, lower(s.serials) + place + tonnes)
    JOIN identity.account a ON a.id = b.account_id
    WHERE s.instrument_id = claim;
$$;

-- Which numbers of a claim back another one (or twice the same), and are not released there.
CREATE OR REPLACE FUNCTION ledger.external_taken(claim bigint)
RETURNS TABLE (code text, numbers text) LANGUAGE sql STABLE AS $$
    SELECT i.code, o.prefix || lpad(lower(n.numbers * o.numbers)::text, o.digits, '0')
    FROM ledger.external_range n
    JOIN ledger.external_range o ON o.registry = n.registry AND o.prefix = n.prefix
        AND o.numbers && n.numbers
        AND (o.instrument_id, o.no) < (n.instrument_id, n.no)
    JOIN ledger.instrument i ON i.id = o.instrument_id
    WHERE n.instrument_id = claim AND (o.instrument_id = claim OR EXISTS (
        SELECT FROM ledger.external_at(o.instrument_id, o.place
                + lower(n.numbers * o.numbers) - lower(o.numbers),
                upper(n.numbers * o.numbers) - lower(n.numbers * o.numbers)) AS a (type)
        WHERE a.type <> 'external_release'))
    ORDER BY n.no, o.instrument_id;
$$;

-- The other registry's cancellation of what a surrender names, told by the registry operator after
-- the transaction type's own approver has approved: its decision stands beside.
-- {transfer_id, reference, person_id, account_id, role, decision_id, at} -> {transfer_id}
CREATE OR REPLACE FUNCTION ledger.record_external_cancellation(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    transfer bigint := (request->>'transfer_id')::bigint;
    approval bigint;
BEGIN
    PERFORM ledger.require_registry(request);
    IF NOT ledger.moves_external(transfer) THEN
        PERFORM ledger.refuse('RL403', 'there is no such surrender of external reductions',
            jsonb_build_object('transfer_id', request->>'transfer_id'));
    END IF;
    SELECT d.id INTO approval
    FROM ledger.transfer t
    JOIN ledger.transaction_type k ON k.code = t.type
    JOIN ledger.transfer_event r ON r.transfer_id = t.id AND r.kind = 'reserved'
    JOIN workflow.decision d ON d.instance_id = t.instance_id AND d.role = k.approver
        AND d.verdict = 'approve' AND d.id > r.decision_id AND d.person_id <> t.person_id
    WHERE t.id = transfer AND t.instance_id = (request->>'instance_id')::bigint
    ORDER BY d.id DESC LIMIT 1;
    IF approval IS NULL THEN
        PERFORM ledger.refuse('RL414', 'the surrender has not been approved',
            jsonb_build_object('transfer_id', transfer::text));
    END IF;
    INSERT INTO ledger.external_cancellation
    VALUES (transfer, request->>'reference', approval, (request->>'decision_id')::bigint,
            (request->>'person_id')::bigint, (request->>'at')::timestamptz);
    RETURN jsonb_build_object('transfer_id', transfer);
END $$;

CREATE OR REPLACE FUNCTION ledger.moves_external(transfer bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM ledger.transfer_line l
                   JOIN ledger.instrument i ON i.id = l.instrument_id
                   JOIN identity.account a ON a.id = l.to_account_id
                   WHERE l.transfer_id = transfer AND i.unit_type = 'external_ccer'
                     AND a.type = 'ccer_offset');
$$;

-- Whether somebody's act ends an approved surrender: who recorded the other registry's cancellation
-- by the same decision posts what the approver approved before.
CREATE OR REPLACE FUNCTION ledger.carries_out(transfer bigint, request jsonb) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM ledger.external_cancellation c WHERE c.transfer_id = transfer
                   AND c.person_id = (request->>'person_id')::bigint
                   AND c.decision_id = (request->>'decision_id')::bigint);
$$;

-- Units of another registry are surrendered only after they were cancelled there.
CREATE OR REPLACE FUNCTION ledger.require_external_cancelled(transfer bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF ledger.moves_external(transfer) AND NOT EXISTS (
        SELECT FROM ledger.external_cancellation c WHERE c.transfer_id = transfer) THEN
        PERFORM ledger.refuse('RL413', 'the other registry''s cancellation is not on record',
            jsonb_build_object('transfer_id', transfer::text));
    END IF;
END $$;

-- Units of this kind come into being once for each claim, exactly as many as it says.
CREATE OR REPLACE FUNCTION ledger.guard_claim() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger.instrument i
               WHERE i.id = NEW.instrument_id AND i.unit_type = 'external_ccer')
       AND (NOT EXISTS (SELECT FROM ledger.external_claim c
                        WHERE c.instrument_id = NEW.instrument_id
                          AND c.quantity = upper(NEW.serials) - lower(NEW.serials))
            OR EXISTS (SELECT FROM ledger.issue s
                       WHERE s.instrument_id = NEW.instrument_id AND s.id <> NEW.id)) THEN
        PERFORM ledger.refuse('RL415', 'external reductions come from a confirmed claim only',
            jsonb_build_object('instrument_id', NEW.instrument_id::text));
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS issue_claimed ON ledger.issue;
CREATE TRIGGER issue_claimed AFTER INSERT ON ledger.issue
    FOR EACH ROW EXECUTE FUNCTION ledger.guard_claim();
