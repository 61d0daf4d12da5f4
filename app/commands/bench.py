"""``registry bench``: what the registry costs, as ratios, in databases of its own."""

from dataclasses import replace

import click

from app.commands.surroundings import owner_url, settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print all rows as one line at the end.")
@click.option("--rounds", default=5, show_default=True, help="Rounds that a median is taken of.")
@click.option("--finished", default=1_000_000, show_default=True, help="Finished applications.")
@click.option("--waiting", default=50_000, show_default=True, help="Open tasks beside them.")
def bench(*, as_json: bool, rounds: int, finished: int, waiting: int) -> None:
    """Measure tasks, pages, posts and state sizes against a floor and a typical build."""
    from bench import report, run

    found = settings()
    found = replace(found, migration_database_url=owner_url(found))
    rows = []
    for row in run.bench(found, run.Size(rounds, finished, waiting), _say):
        click.echo(report.line(row))
        rows.append(row)
    if as_json:
        click.echo(report.as_json(rows))


def _say(said: str) -> None:
    click.echo(f"… {said}", err=True)
