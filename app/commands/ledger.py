"""``registry verify``: the ledger recomputed from its journal alone."""

import sys

import click

from app.commands.surroundings import context
from app.ledger.verify import verify as recompute


@click.command()
def verify() -> None:
    """Recompute the ledger from its journal and compare it with the blocks; exit 1 if unlike."""
    report = recompute(context().database)
    for line in report.lines():
        click.echo(line)
    sys.exit(report.exit_code)
