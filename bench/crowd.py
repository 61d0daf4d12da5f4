"""A million finished applications with all their rows, and the open tasks beside them."""

import json
from contextlib import closing
from pathlib import Path

import psycopg2

from app.services.rehearsal.market import OPENING_DAY
from app.services.rehearsal.supply import INSTRUMENT
from bench.bulk import bare
from bench.databases import Place
from bench.market import FORM

SCRIPT = Path(__file__).with_name("crowd.sql")
TABLES = (
    "workflow.instance",
    "workflow.party",
    "workflow.participant",
    "workflow.decision",
    "workflow.task",
    "audit.event",
    "ledger.transfer",
    "ledger.transfer_line",
    "ledger.transfer_event",
    "ledger.entry",
    "ledger.issue",
    "ledger.unit_block",
)
STATE = bytes(120)  # about what a finished instance takes
DOCUMENT = '","filling":"' + "0123456789abcdef" * 30 + '"}'  # as long as a real decision's


def crowd(place: Place, ended: int, waiting: int) -> None:
    """Load them as the owner; the market must be open."""
    connection = psycopg2.connect(place.owner_url, options="-c synchronous_commit=off")
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'")
        with bare(cursor, TABLES):
            cursor.execute(
                SCRIPT.read_text(encoding="utf-8"),
                {
                    "ended": ended,
                    "open": waiting,
                    "now": OPENING_DAY,
                    "code": INSTRUMENT,
                    "state": STATE,
                    "content": json.dumps(FORM),
                    "document": DOCUMENT,
                },
            )
    place.tidy()
