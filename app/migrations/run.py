"""Bring a database to the present schema: revisions, then functions, seeds and grants.

Tables change by Alembic revisions, once each. Functions, triggers and grants are files beside
the code that uses them (app/<room>/sql/*.sql) and are applied again at every migration, so
that what runs in the database is what stands in the tree.
"""

import tomllib
from pathlib import Path
from typing import cast

from alembic import command
from alembic.config import Config
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Connection, create_engine, pool, text

APP = Path(__file__).resolve().parent.parent
ROOMS = (
    "audit", "identity", "ledger", "workflow", "compliance", "attachments", "messages",
    "certificates", "pilots", "trust", "services",
)  # fmt: skip
LOCK = 7_320_001  # two migrations at once wait for one another


def migrate(owner_url: str, app_role: str) -> None:
    """Migrate the database at ``owner_url`` and grant the application's role its rights."""
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        _upgrade(connection)
        cursor = cast("Cursor", connection.connection.cursor())
        _apply_files(cursor)
        _seed(cursor)
        _grant(cursor, app_role)
        connection.commit()
    engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    # Alembic reads % as an interpolation; a folder may be named so.
    config.set_main_option("script_location", str(APP / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _apply_files(cursor: Cursor) -> None:
    for room in ROOMS:
        for path in sorted((APP / room / "sql").glob("*.sql")):
            if path.name != "grants.sql":
                cursor.execute(path.read_text(encoding="utf-8"))


def _grant(cursor: Cursor, app_role: str) -> None:
    quoted = '"' + app_role.replace('"', '""') + '"'
    for room in ROOMS:
        path = APP / room / "sql" / "grants.sql"
        if path.exists():
            cursor.execute(path.read_text(encoding="utf-8").replace(":app_role", quoted))


def _seed(cursor: Cursor) -> None:
    from app.identity.seed import seed_account_types
    from app.ledger.seed import seed_transaction_types
    from app.pilots.seed import seed_pilots

    seed_account_types(cursor, tomllib.loads(_text("identity/account_types.toml")))
    seed_transaction_types(cursor, tomllib.loads(_text("ledger/transaction_types.toml")))
    seed_pilots(cursor, tomllib.loads(_text("pilots/rules.toml")))


def _text(name: str) -> str:
    return (APP / name).read_text(encoding="utf-8")
