"""Whether the migrations make what the models describe, tried on a database of its own."""

import secrets

from psycopg2 import sql
from sqlalchemy import create_engine, make_url, pool

from app.migrations.models import differences
from app.migrations.run import migrate


def differences_on_a_new_database(owner_url: str, app_role: str) -> list[str]:
    """Migrate a new database beside the owner's, compare it with the models, drop it again."""
    name = f"check_models_{secrets.token_hex(4)}"
    beside = make_url(owner_url).set(database=name).render_as_string(hide_password=False)
    server = create_engine(owner_url, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
    statement = sql.SQL("{} DATABASE {}")
    with server.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(statement.format(sql.SQL("CREATE"), sql.Identifier(name)))
        try:
            migrate(beside, app_role)
            engine = create_engine(beside, poolclass=pool.NullPool)
            with engine.connect() as made:
                return differences(made)
        finally:
            cursor.execute(statement.format(sql.SQL("DROP"), sql.Identifier(name)))
