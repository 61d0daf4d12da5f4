"""The parsed diagrams of this process, by content hash."""

from app.db import Transaction
from app.domain.errors import NotFound
from app.workflow.bundle import Bundle
from app.workflow.definition import Definition


class Definitions:
    """The diagrams this process has parsed, by content hash; an instance keeps its hash for life.

    Shared by all threads: a hash never changes its meaning, so a race only parses twice.
    """

    def __init__(self) -> None:
        self._known: dict[str, Definition] = {}

    def get(self, tx: Transaction, bundle_hash: str) -> Definition:
        """Return the definition of a deployed bundle, parsed at most once a process."""
        known = self._known.get(bundle_hash)
        if known is None:
            known = self._known[bundle_hash] = Definition.load(_bundle(tx, bundle_hash))
        return known

    def current(self, tx: Transaction, process_id: str) -> Definition:
        """Return what new instances of a process run; raises NotFound if it is not deployed."""
        row = tx.one(
            """SELECT bundle_hash FROM workflow.deployment WHERE process_id = %(process)s
               ORDER BY id DESC LIMIT 1""",
            {"process": process_id},
        )
        if row is None:
            raise NotFound(f"流程 {process_id} 尚未部署。", f"Process {process_id} is not deployed.")
        return self.get(tx, row[0])


def _bundle(tx: Transaction, bundle_hash: str) -> Bundle:
    process = tx.one(
        "SELECT process_id FROM workflow.bundle WHERE hash = %(hash)s", {"hash": bundle_hash}
    )
    if process is None:
        raise NotFound
    files = tx.all(
        "SELECT path, content FROM workflow.bundle_file WHERE bundle_hash = %(hash)s",
        {"hash": bundle_hash},
    )
    return Bundle(bundle_hash, process[0], {path: bytes(content) for path, content in files})
