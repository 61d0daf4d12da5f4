"""Rows made by SQL: the finished applications and open tasks a page must stay quick beside."""

from datetime import UTC, datetime

import psycopg2

from app.config import ROOT
from app.identity.actor import Actor
from app.workflow.bundle import read_bundles

NOW = datetime(2026, 12, 31, 6, 26, tzinfo=UTC)

ROWS = """
INSERT INTO identity.holder (code, name, name_en, role, province_id, created_at)
    VALUES ('P1', '示范省生态环境厅', 'Demo province', 'provincial_authority', NULL, %(now)s),
           ('P2', '邻省生态环境厅', 'Next province', 'provincial_authority', NULL, %(now)s);
INSERT INTO identity.holder (code, name, name_en, role, province_id, created_at)
    SELECT 'E' || n, '企业' || n, 'Works ' || n, 'emitter',
        (SELECT id FROM identity.holder WHERE code = CASE WHEN n %% 2 = 0 THEN 'P1' ELSE 'P2' END),
        %(now)s FROM generate_series(1, 100) AS n;
INSERT INTO identity.account (number, type, holder_id, name, opened_at)
    SELECT '1' || lpad(id::text, 6, '0'), 'compliance', id, name, %(now)s
    FROM identity.holder WHERE role = 'emitter';
INSERT INTO identity.account (number, type, holder_id, name, opened_at)
    SELECT '9' || lpad(id::text, 6, '0'), 'office', id, name, %(now)s
    FROM identity.holder WHERE role = 'provincial_authority';
INSERT INTO identity.person (member_no, name, salt, created_at)
    VALUES ('330', '周敏', '', %(now)s), ('331', '陈立', '', %(now)s);
INSERT INTO workflow.bundle (hash, process_id, name, name_en)
    VALUES ('b1', 'compliance', '履约清缴', 'Surrender');
INSERT INTO workflow.instance (number, process_id, bundle_hash, state, version, status, outcome,
        applicant_id, applicant_account_id, quantity, ccer_quantity, submitted_at, created_at,
        ended_at)
    SELECT 'LY-2026-' || lpad(n::text, 7, '0'), 'compliance', 'b1', '', 2,
        CASE WHEN n > %(ended)s THEN 'open' ELSE 'ended' END, '', a.holder_id, a.id, n, n / 20,
        %(now)s, %(now)s, CASE WHEN n > %(ended)s THEN NULL ELSE %(now)s END
    FROM generate_series(1, %(ended)s + %(open)s) AS n
    JOIN (SELECT id, holder_id, row_number() OVER (ORDER BY id) - 1 AS k
          FROM identity.account WHERE type = 'compliance') AS a ON a.k = n %% 100;
INSERT INTO workflow.task (instance_id, key, element_id, name, name_en, process_id, lane, role,
        holder_id, visit, due_at, created_at)
    SELECT i.id, 2, 'review', '审核履约申请', 'Review the application', i.process_id,
        'provincial_authority', 'provincial_authority', h.province_id, 1 + (i.id %% 9 = 0)::int,
        %(now)s + (i.id %% 400 - 100) * interval '1 hour', %(now)s
    FROM workflow.instance i JOIN identity.holder h ON h.id = i.applicant_id
    WHERE i.status = 'open';
INSERT INTO workflow.party (instance_id, lane, holder_id)
    SELECT i.id, 'provincial_authority', h.province_id
    FROM workflow.instance i JOIN identity.holder h ON h.id = i.applicant_id;
ANALYZE;
"""


def crowded(owner_url: str, ended: int, waiting: int) -> None:
    """Fill a database with finished applications and open reviews of two provinces."""
    with psycopg2.connect(owner_url) as connection, connection.cursor() as cursor:
        cursor.execute(ROWS, {"now": NOW, "ended": ended, "open": waiting})
        for path, content in _diagram().items():
            cursor.execute(
                "INSERT INTO workflow.bundle_file VALUES ('b1', %s, %s)", (path, content)
            )
    connection.close()


def _diagram() -> dict[str, bytes]:
    bundles = read_bundles(ROOT / "processes", ROOT / "forms")
    return next(dict(b.files) for b in bundles if b.process_id == "compliance")


def actor_of(owner_url: str, code: str, member_no: str = "330") -> Actor:
    """Return somebody who acts for a holder of the crowd."""
    with psycopg2.connect(owner_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT p.id, p.name, h.id, h.name, a.id, h.role, 'both', h.province_id
               FROM identity.holder h JOIN identity.account a ON a.holder_id = h.id,
                   identity.person p WHERE h.code = %s AND p.member_no = %s""",
            (code, member_no),
        )
        row = cursor.fetchone()
    connection.close()
    return Actor(*row)
