"""``registry rehearse FILE``: a whole compliance year in a database of its own."""

import json
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import cast

import click
import psycopg2
import sqlalchemy.exc
from sqlalchemy import make_url

from app.bootstrap import build
from app.commands.surroundings import owner_url, settings
from app.config import ROOT, Settings
from app.domain.clock import FixedClock
from app.migrations.run import migrate
from app.migrations.scratch import alone, beside, exists, recreate
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
    try:
        url = _database(found, database, resume=resume)
        migrate(url, found.app_role)
        clock = FixedClock()
        ctx = build(_here(found, database), clock)
        result = replay(ctx, clock, operators, _bar)
    except (psycopg2.OperationalError, sqlalchemy.exc.OperationalError) as error:
        raise click.ClickException(
            f"the database went away; go on with --resume ({str(error).strip()})"
        ) from error
    ctx.database.dispose()
    _tell(result, as_json=as_json)
    sys.exit(0 if result.ok else 1)


def _here(found: Settings, database: str) -> Settings:
    """Return the settings to play with: everybody signs, by keys that the server derives.

    Nothing of it counts outside: the registry's own database does not know their authority, and
    production would not believe it.
    """
    url = beside(found.database_url, database)
    return replace(found, database_url=url, signatures=True, software_signer=True)


def _database(found: Settings, name: str, *, resume: bool) -> str:
    """Return the owner's URL of the database to play in: a new one, or the one to go on with."""
    owner = owner_url(found)
    if name in {make_url(owner).database, make_url(found.database_url).database}:
        raise click.ClickException(f"{name} is the registry's own database; name another")
    if not (resume and exists(owner, name)):
        return recreate(owner, name)
    if not alone(owner, name):
        raise click.ClickException(f"somebody is at work in {name}: is a rehearsal running?")
    return beside(owner, name)


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
