"""``registry rehearse FILE``: a whole compliance year in a database of its own."""

import json
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import cast

import click

from app.bootstrap import build
from app.commands.surroundings import owner_url, settings
from app.config import ROOT
from app.domain.clock import FixedClock
from app.migrations.run import migrate
from app.migrations.scratch import beside, exists, recreate
from app.services.rehearsal.year import Bar, Rehearsed
from app.services.rehearsal.year import rehearse as replay
from app.services.rehearsal.year_file import BadYearFile, read_year

DEFAULT = ROOT / "data" / "compliance-year-2021.csv"


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as the last line.")
@click.option("--resume", is_flag=True, help="Go on with a rehearsal that was stopped.")
@click.option("--database", default="registry_rehearsal", help="The database to play in.")
def rehearse(file: Path, *, as_json: bool, resume: bool, database: str) -> None:
    """Replay a compliance year through the services, the diagrams and the ledger."""
    try:
        operators = read_year(file)
    except BadYearFile as error:
        for line in error.lines:
            click.echo(line, err=True)
        raise click.ClickException("nothing was changed") from error
    found = settings()
    owner = owner_url(found)
    if resume and exists(owner, database):
        url = beside(owner, database)
    else:
        url = recreate(owner, database)
    migrate(url, found.app_role)
    clock = FixedClock()
    here = replace(found, database_url=beside(found.database_url, database))
    ctx = build(here, clock)
    result = replay(ctx, clock, operators, _bar)
    ctx.database.dispose()
    _tell(result, as_json=as_json)
    sys.exit(0 if result.ok else 1)


def _bar(label: str, length: int) -> AbstractContextManager[Bar]:
    return cast(
        "AbstractContextManager[Bar]",
        click.progressbar(length=length, label=label.ljust(24), file=sys.stderr),
    )


def _tell(result: Rehearsed, *, as_json: bool) -> None:
    for line in result.report.lines():
        click.echo(line, err=as_json)
    for line in result.unlike:
        click.echo(f"not as the file demands: {line}", err=True)
    figures = result.as_json()
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:18} {value}")
