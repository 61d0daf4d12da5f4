"""``registry verify``: the ledger recomputed from its journal alone, and who signed what."""

import sys

import click

from app.commands.surroundings import context
from app.services.verify import verify as recompute


@click.command()
def verify() -> None:
    """Recompute the ledger from its journal and compare it with the blocks; exit 1 if unlike.

    Every decision that asks for one has a signature that stands, over what is on record.
    """
    report = recompute(context())
    for line in report.lines():
        click.echo(line)
    sys.exit(report.exit_code)
