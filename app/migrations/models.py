"""All models in one metadata, and how they differ from a migrated database."""

import importlib
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from app.models import Base

ROOMS = (
    "audit", "identity", "ledger", "workflow", "compliance", "attachments", "messages",
    "certificates", "pilots", "trust",
)  # fmt: skip
SCHEMAS = frozenset(ROOMS)


def metadata() -> MetaData:
    """Return the metadata of every room's tables."""
    for room in ROOMS:
        importlib.import_module(f"app.{room}.tables")
    return Base.metadata


def differences(connection: Connection) -> list[str]:
    """Return what the migrations made and the models do not say, or the other way round."""
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": _ours,
            "version_table": "schema_version",
            "compare_type": True,
        },
    )
    return [str(difference) for difference in compare_metadata(context, metadata())]


def _ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "schema" or name in SCHEMAS
