-- A registry after years: %(ended)s finished applications with all their rows, and %(open)s open
-- reviews, spread over the market's emitters. Loaded by the owner, indexes and keys made afterwards.
CREATE TEMP TABLE works AS
SELECT row_number() OVER (ORDER BY a.id) - 1 AS k, a.id AS account_id, a.holder_id, h.province_id,
       m.person_id, n.id AS notice_id, office.id AS office_id, om.person_id AS officer_id
FROM identity.account a
JOIN identity.holder h ON h.id = a.holder_id
JOIN identity.mandate m ON m.account_id = a.id
JOIN compliance.notice n ON n.account_id = a.id
JOIN identity.account office ON office.holder_id = h.province_id
JOIN LATERAL (SELECT person_id FROM identity.mandate WHERE account_id = office.id LIMIT 1) om ON true
WHERE a.type = 'compliance';
CREATE UNIQUE INDEX ON works (k);

CREATE TEMP TABLE base AS
SELECT (SELECT coalesce(max(id), 0) FROM workflow.instance) AS instance,
       (SELECT coalesce(max(id), 0) FROM workflow.decision) AS decision,
       (SELECT coalesce(max(id), 0) FROM ledger.transfer) AS transfer,
       (SELECT coalesce(max(id), 0) FROM ledger.transfer_event) AS event,
       (SELECT max(upper(serials)) FROM ledger.issue) AS serial,
       (SELECT count(*) FROM works) AS works,
       (SELECT bundle_hash FROM workflow.deployment WHERE process_id = 'compliance'
        ORDER BY id DESC LIMIT 1) AS bundle,
       (SELECT id FROM identity.account WHERE type = 'surrender') AS target,
       (SELECT id FROM ledger.instrument WHERE code = %(code)s) AS instrument;

INSERT INTO workflow.instance (id, number, process_id, bundle_hash, state, version, status, outcome,
    applicant_id, applicant_account_id, subject_kind, subject_id, content, quantity, submitted_at,
    created_at, ended_at)
OVERRIDING SYSTEM VALUE
SELECT b.instance + n, 'LY-2020-' || lpad(n::text, 7, '0'), 'compliance', b.bundle, %(state)s, 2,
    CASE WHEN n > %(ended)s THEN 'open' ELSE 'ended' END,
    CASE WHEN n > %(ended)s THEN '' ELSE 'surrendered' END, w.holder_id, w.account_id, 'notice',
    w.notice_id, %(content)s, 100, at, at, CASE WHEN n <= %(ended)s THEN at + interval '1 hour' END
FROM base b, generate_series(1, %(ended)s + %(open)s) AS n
JOIN works w ON w.k = n %% (SELECT works FROM base),
LATERAL (SELECT %(now)s::timestamptz - (%(ended)s + %(open)s - n) * interval '20 seconds' AS at) t;

INSERT INTO workflow.party (instance_id, lane, holder_id, account_id)
SELECT b.instance + n, p.lane, p.holder, p.account
FROM base b, generate_series(1, %(ended)s + %(open)s) AS n
JOIN works w ON w.k = n %% (SELECT works FROM base),
LATERAL (VALUES ('emitter', w.holder_id, w.account_id),
                ('provincial_authority', w.province_id, NULL)) AS p(lane, holder, account);

INSERT INTO workflow.participant (instance_id, person_id, holder_id, lane)
SELECT b.instance + n, p.person, p.holder, p.lane
FROM base b, generate_series(1, %(ended)s) AS n
JOIN works w ON w.k = n %% (SELECT works FROM base),
LATERAL (VALUES ('emitter', w.person_id, w.holder_id),
                ('provincial_authority', w.officer_id, w.province_id)) AS p(lane, person, holder);

INSERT INTO workflow.decision (id, instance_id, version, bundle_hash, element_id, visit, kind,
    person_id, holder_id, account_id, role, verdict, document, leaf, at)
OVERRIDING SYSTEM VALUE
SELECT b.decision + 2 * n + d.no - 2, b.instance + n, d.no, b.bundle, d.element, 1, 'complete',
    d.person, d.holder, d.account, d.role, d.verdict, d.document, sha256('\x00'::bytea || d.document),
    %(now)s::timestamptz - (%(ended)s - n) * interval '20 seconds'
FROM base b, generate_series(1, %(ended)s) AS n
JOIN works w ON w.k = n %% (SELECT works FROM base),
LATERAL (VALUES (1, 'fill_surrender', w.person_id, w.holder_id, w.account_id, 'emitter', '',
                 convert_to('{"n":"' || n || %(document)s, 'UTF8')),
                (2, 'review_surrender', w.officer_id, w.province_id, w.office_id,
                 'provincial_authority', 'approve', convert_to('{"v":"' || n || %(document)s, 'UTF8'))
        ) AS d(no, element, person, holder, account, role, verdict, document);

-- Seven events each: begun, submitted, returned, submitted, withdrawn, submitted, approved.
INSERT INTO audit.event (at, tag, instance_id, person_id, account_id, role, data, path)
SELECT %(now)s::timestamptz - (%(ended)s - n) * interval '20 seconds', e.tag, b.instance + n,
    CASE WHEN e.office THEN w.officer_id ELSE w.person_id END,
    CASE WHEN e.office THEN w.office_id ELSE w.account_id END,
    CASE WHEN e.office THEN 'provincial_authority' ELSE 'emitter' END,
    '{"visit": 1, "quantity": "100"}',
    CASE WHEN e.office THEN 'review_surrender flow_reviewed verdict_given'
         ELSE 'fill_surrender flow_submit reserve_units flow_reserved' END
FROM base b, generate_series(1, %(ended)s) AS n
JOIN works w ON w.k = n %% (SELECT works FROM base),
LATERAL (VALUES ('workflow:compliance:start', false),
    ('workflow:compliance.fill_surrender:complete', false),
    ('workflow:compliance.review_surrender:return', true),
    ('workflow:compliance.fill_surrender:complete', false),
    ('workflow:compliance.withdraw:trigger', false),
    ('workflow:compliance.fill_surrender:complete', false),
    ('workflow:compliance.review_surrender:approve', true)) AS e(tag, office);

INSERT INTO ledger.transfer (id, key, content_hash, type, instance_id, person_id, account_id, role, at)
OVERRIDING SYSTEM VALUE
SELECT b.transfer + n, 'crowd:' || n, sha256(convert_to('crowd:' || n, 'UTF8')), 'surrender',
    b.instance + n, w.person_id, w.account_id, 'emitter', %(now)s
FROM base b, generate_series(1, %(ended)s) AS n JOIN works w ON w.k = n %% (SELECT works FROM base);

INSERT INTO ledger.transfer_line (transfer_id, no, instrument_id, quantity, from_account_id,
    from_position, held_position, to_account_id, to_position)
SELECT b.transfer + n, 1, b.instrument, 100, w.account_id, 'registry_available',
    'registry_reserved', b.target, 'registry_available'
FROM base b, generate_series(1, %(ended)s) AS n JOIN works w ON w.k = n %% (SELECT works FROM base);

INSERT INTO ledger.transfer_event (id, transfer_id, kind, person_id, account_id, role, decision_id, at)
OVERRIDING SYSTEM VALUE
SELECT b.event + 2 * n + e.no - 2, b.transfer + n, e.kind, e.person, e.account, e.role,
    b.decision + 2 * n + e.no - 2, %(now)s
FROM base b, generate_series(1, %(ended)s) AS n
JOIN works w ON w.k = n %% (SELECT works FROM base),
LATERAL (VALUES (1, 'reserved', w.person_id, w.account_id, 'emitter'),
    (2, 'posted', w.officer_id, w.office_id, 'provincial_authority')) AS e(no, kind, person, account, role);

INSERT INTO ledger.entry (event_id, no, instrument_id, serials, from_account_id, from_position,
    to_account_id, to_position)
SELECT b.event + 2 * n + e.no - 2, 1, b.instrument,
    int8range(b.serial + 100 * n, b.serial + 100 * n + 100), w.account_id, e.before,
    CASE WHEN e.no = 1 THEN w.account_id ELSE b.target END, e.behind
FROM base b, generate_series(1, %(ended)s) AS n
JOIN works w ON w.k = n %% (SELECT works FROM base),
LATERAL (VALUES (1, 'registry_available', 'registry_reserved'),
    (2, 'registry_reserved', 'registry_available')) AS e(no, before, behind);

INSERT INTO ledger.issue (instrument_id, serials, transfer_id)
SELECT instrument, int8range(serial, serial + 100 * (%(ended)s + 1)), 0 FROM base;

INSERT INTO ledger.unit_block (instrument_id, account_id, position, serials)
SELECT b.instrument, b.target, 'registry_available',
    int8range(b.serial + 100 * n, b.serial + 100 * n + 100)
FROM base b, generate_series(1, %(ended)s) AS n
UNION ALL
SELECT b.instrument, b.target, 'registry_available', int8range(b.serial, b.serial + 100) FROM base b;

INSERT INTO workflow.task (instance_id, key, element_id, name, name_en, process_id, lane, role,
    holder_id, visit, due_at, created_at)
SELECT b.instance + n, 4, 'review_surrender', '审核履约申请', 'Review the surrender application',
    'compliance', 'provincial_authority', 'provincial_authority', w.province_id, 1,
    %(now)s::timestamptz + (n::bigint * 7919 %% 8760 - 900) * interval '1 hour', %(now)s
FROM base b, generate_series(%(ended)s + 1, %(ended)s + %(open)s) AS n
JOIN works w ON w.k = n %% (SELECT works FROM base);

SELECT setval(pg_get_serial_sequence('workflow.instance', 'id'), max(id)) FROM workflow.instance;
SELECT setval(pg_get_serial_sequence('workflow.decision', 'id'), max(id)) FROM workflow.decision;
SELECT setval(pg_get_serial_sequence('ledger.transfer', 'id'), max(id)) FROM ledger.transfer;
SELECT setval(pg_get_serial_sequence('ledger.transfer_event', 'id'), max(id))
FROM ledger.transfer_event;
