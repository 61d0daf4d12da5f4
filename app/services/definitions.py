"""The diagrams that instances run: parsed once per content hash, read from the database."""

from app.db import Transaction
from app.domain.errors import NotFound
from app.workflow.bundle import Bundle
from app.workflow.definition import Definition


def definition_of(tx: Transaction, bundle_hash: str) -> Definition:
    """Return the definition of a deployed bundle; an instance keeps its bundle for life."""
    return Definition.cached(bundle_hash) or Definition.accepted(_bundle(tx, bundle_hash))


def current_definition(tx: Transaction, process_id: str) -> Definition:
    """Return what new instances of a process run; raises NotFound if it is not deployed."""
    row = tx.one(
        """SELECT bundle_hash FROM workflow.deployment WHERE process_id = %(process)s
           ORDER BY id DESC LIMIT 1""",
        {"process": process_id},
    )
    if row is None:
        raise NotFound(f"流程 {process_id} 尚未部署。", f"Process {process_id} is not deployed.")
    return definition_of(tx, row[0])


def _bundle(tx: Transaction, bundle_hash: str) -> Bundle:
    rows = tx.all(
        """SELECT b.process_id, f.path, f.content FROM workflow.bundle b
           JOIN workflow.bundle_file f ON f.bundle_hash = b.hash WHERE b.hash = %(hash)s""",
        {"hash": bundle_hash},
    )
    if not rows:
        raise NotFound
    return Bundle(rows[0][0], {path: bytes(content) for _, path, content in rows})
