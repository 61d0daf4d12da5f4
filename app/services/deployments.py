"""Deploy a bundle: what is checked, stored for ever, and current for new instances.

The files of the repository seed the database; from then on the database is the truth, and a
page will deploy in the same way.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.db import Transaction
from app.services.context import Context
from app.workflow.bundle import Bundle, read_bundles
from app.workflow.definition import Definition


@dataclass(frozen=True, slots=True)
class Deployed:
    """A process and what became of its bundle; ``new`` is False when the hash was known."""

    process_id: str
    hash: str
    new: bool


def deploy_files(ctx: Context) -> list[Deployed]:
    """Deploy every bundle of processes/ and forms/ that the database does not know yet.

    A known hash is left alone, even if a newer one has become current since: what a page
    deployed is not undone by a restart. Raises Refused with every reason; then none is deployed.
    """
    return deploy(ctx, read_bundles(ctx.settings.processes, ctx.settings.forms), person_id=None)


def deploy(ctx: Context, bundles: Iterable[Bundle], person_id: int | None) -> list[Deployed]:
    """Check and deploy bundles, all or none."""
    checked = [(bundle, Definition.load(bundle, ctx.operators.specs)) for bundle in bundles]
    with ctx.database.transaction() as tx:
        return [
            Deployed(bundle.process_id, bundle.hash, _store(ctx, tx, bundle, definition, person_id))
            for bundle, definition in checked
        ]


def _store(
    ctx: Context, tx: Transaction, bundle: Bundle, definition: Definition, person_id: int | None
) -> bool:
    new = tx.run(
        """INSERT INTO workflow.bundle (hash, process_id, name, name_en)
           VALUES (%(hash)s, %(process)s, %(zh)s, %(en)s) ON CONFLICT DO NOTHING""",
        {
            "hash": bundle.hash,
            "process": bundle.process_id,
            "zh": definition.label.zh,
            "en": definition.label.en,
        },
    )
    if not new:
        return False
    for path, content in sorted(bundle.files.items()):
        tx.run(
            "INSERT INTO workflow.bundle_file VALUES (%(hash)s, %(path)s, %(content)s)",
            {"hash": bundle.hash, "path": path, "content": content},
        )
    tx.run(
        """INSERT INTO workflow.deployment (process_id, bundle_hash, person_id, at)
           VALUES (%(process)s, %(hash)s, %(person)s, %(at)s)""",
        {
            "process": bundle.process_id,
            "hash": bundle.hash,
            "person": person_id,
            "at": ctx.clock.now(),
        },
    )
    return True
