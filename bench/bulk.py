"""Load many rows at once: take indexes, keys and triggers off a table, and put them back.

Everything that was taken off is made again from PostgreSQL's own description of it, and made
again it checks every row that was loaded.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

CONSTRAINTS = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
WHERE (c.conrelid = ANY (%(tables)s::regclass[]) OR c.confrelid = ANY (%(tables)s::regclass[]))
  AND c.contype IN ('f', 'p', 'u', 'x')
ORDER BY c.contype = 'f'"""
INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = ANY (%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)"""
TRIGGERS = """
SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled::text FROM pg_trigger t
WHERE t.tgrelid = ANY (%(tables)s::regclass[]) AND NOT t.tgisinternal"""


@contextmanager
def bare(cursor: Any, tables: Sequence[str]) -> Iterator[None]:
    """Tables without indexes, keys and triggers inside the block."""
    constraints = _rows(cursor, CONSTRAINTS, tables)
    indexes = _rows(cursor, INDEXES, tables)
    triggers = _rows(cursor, TRIGGERS, tables)
    for table, name, _ in reversed(constraints):
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    for table, name, _ in triggers:
        cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"')
    yield
    for _, definition in indexes:
        cursor.execute(definition)
    for table, name, definition in constraints:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    for table, name, enabled in triggers:
        always = "ALWAYS" if enabled == "A" else ""
        cursor.execute(f'ALTER TABLE {table} ENABLE {always} TRIGGER "{name}"')


def _rows(cursor: Any, sql: str, tables: Sequence[str]) -> list[tuple[str, ...]]:
    cursor.execute(sql, {"tables": list(tables)})
    return list(cursor.fetchall())
