"""Which tasks may be reviewed together: those whose diagram says so (property ``bulk``)."""

from app.db import Transaction
from app.services.definitions import definition_of


def takes_bulk(tx: Transaction, bundle_hash: str, element_id: str) -> bool:
    """Whether a task of an instance's own bundle may be decided together with others."""
    return definition_of(tx, bundle_hash).takes_bulk(element_id)
