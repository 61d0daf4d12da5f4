-- Certify a voluntary cancellation: one certificate for a posted transfer of the application, all
-- of whose lines lead into the voluntary cancellation account. Asked again, it is the same one.
-- {transfer_id, instance_id, beneficiary?, purpose?, at} -> {certificate_id, number}
CREATE OR REPLACE FUNCTION certificates.issue(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = certificates, pg_temp AS $$
DECLARE
    v_transfer bigint := (request->>'transfer_id')::bigint;
    v_at       timestamptz := (request->>'at')::timestamptz;
    made       record;
BEGIN
    IF NOT certificates.certifiable(v_transfer, (request->>'instance_id')::bigint) THEN
        PERFORM ledger.refuse('RL403', 'there is no such cancellation to certify',
            jsonb_build_object('transfer_id', v_transfer::text));
    END IF;
    SELECT c.id, c.number INTO made FROM certificates.certificate c
    WHERE c.transfer_id = v_transfer;
    IF NOT FOUND THEN
        INSERT INTO certificates.certificate (number, instance_id, transfer_id, holder_id, holder,
            holder_en, beneficiary, purpose, issued_at)
        SELECT certificates.next_number(v_at), i.id, v_transfer, h.id, h.name, h.name_en, coalesce(request->>'beneficiary', ''),
            coalesce(request->>'purpose', ''), v_at
        FROM workflow.instance i JOIN identity.holder h ON h.id = i.applicant_id
        WHERE i.id = (request->>'instance_id')::bigint
        RETURNING id, number INTO made;
    END IF;
    RETURN jsonb_build_object('certificate_id', made.id, 'number', made.number);
END $$;

-- ZXZS-2022-0000001, with the year in Beijing; more digits when seven are used up.
CREATE OR REPLACE FUNCTION certificates.next_number(at timestamptz) RETURNS text
LANGUAGE sql AS $$
    SELECT 'ZXZS-' || to_char(next_number.at AT TIME ZONE 'Asia/Shanghai', 'YYYY') || '-'
        || lpad(n, greatest(7, length(n)), '0')
    FROM CAST(nextval('certificates.certificate_number') AS text) AS n;
$$;

CREATE OR REPLACE FUNCTION certificates.certifiable(transfer bigint, instance bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM ledger.transfer t JOIN ledger.transfer_event e
                   ON e.transfer_id = t.id AND e.kind = 'posted'
                   WHERE t.id = certifiable.transfer AND t.instance_id = certifiable.instance)
       AND NOT EXISTS (SELECT FROM ledger.transfer_line l
                       JOIN identity.account a ON a.id = l.to_account_id
                       WHERE l.transfer_id = certifiable.transfer
                         AND a.type <> 'voluntary_cancellation');
$$;
