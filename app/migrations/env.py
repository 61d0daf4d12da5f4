"""Alembic's environment: the owner's connection comes in from app.migrations.run."""

from alembic import context

from app.migrations.models import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata(),
    include_schemas=True,
    version_table="schema_version",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
