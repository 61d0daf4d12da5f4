"""Account types are data: account_types.toml is written into the database by each migration."""

from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812


def seed_account_types(cursor: Cursor, types: dict[str, dict[str, Any]]) -> None:
    """Insert or update every account type and the positions it may have (part B, B16)."""
    for code, given in types.items():
        cursor.execute(
            """INSERT INTO identity.account_type (code, name, name_en, side, collective)
               VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
                   side = excluded.side, collective = excluded.collective""",
            (
                code,
                given["name"],
                given["name_en"],
                given.get("side", "registry"),
                given.get("collective", False),
            ),
        )
        cursor.execute(
            "DELETE FROM identity.account_type_position WHERE account_type = %s", (code,)
        )
        for position in given["positions"]:
            cursor.execute(
                "INSERT INTO identity.account_type_position VALUES (%s, %s)", (code, position)
            )
