-- Bind files to an application, as part of the decision whose form names them. Only files of the
-- holder who decides, which must be a party; and only those whose content the decision's document
-- names by its hash. Named again in a later round, a file stays bound by its first decision.
-- {attachments: [{id, sha256}], instance_id, decision_id, account_id, at} -> {bound}
CREATE OR REPLACE FUNCTION attachments.bind(request jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = attachments, pg_temp AS $$
DECLARE
    v_instance bigint := (request->>'instance_id')::bigint;
    v_named    jsonb := request->'attachments';
    v_bound    bigint;
BEGIN
    IF (SELECT count(*) FROM jsonb_array_elements(v_named) AS n
        JOIN attachments.attachment a ON a.id = (n->>'id')::bigint
            AND a.sha256 = decode(n->>'sha256', 'hex')
        JOIN identity.account o ON o.id = (request->>'account_id')::bigint
            AND o.holder_id = a.holder_id
        WHERE EXISTS (SELECT FROM workflow.party p
                      WHERE p.instance_id = v_instance AND p.holder_id = a.holder_id))
       <> jsonb_array_length(v_named) THEN
        RAISE EXCEPTION 'a file is not one of a party of instance %', v_instance
            USING ERRCODE = 'RG404';
    END IF;
    INSERT INTO attachments.binding (instance_id, attachment_id, decision_id, at)
    SELECT v_instance, (n->>'id')::bigint, (request->>'decision_id')::bigint,
        (request->>'at')::timestamptz
    FROM jsonb_array_elements(v_named) AS n
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_bound = ROW_COUNT;
    RETURN jsonb_build_object('bound', v_bound);
END $$;
