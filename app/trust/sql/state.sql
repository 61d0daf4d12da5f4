-- What is believed now, as one short text: the anchors in force, each with the newest list that its
-- authority published. A process keeps what it read as long as this text stays the same; a few
-- index look-ups, nothing is locked. In PL/pgSQL, because its plan is kept: every signed decision
-- asks.
CREATE OR REPLACE FUNCTION trust.state() RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(string_agg(a.id || ':' || coalesce(newest.id, 0), ',' ORDER BY a.id), '')
        FROM trust.anchor a
        LEFT JOIN LATERAL (
            SELECT c.id FROM trust.crl c WHERE c.anchor_id = a.id
            ORDER BY c.number DESC LIMIT 1) newest ON true
        WHERE NOT EXISTS (SELECT FROM trust.anchor_end e WHERE e.anchor_id = a.id));
END $$;
