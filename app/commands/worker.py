"""``registry worker`` and ``registry sweep``."""

import click

from app import jobs
from app.commands.surroundings import context
from app.services.sweep import sweep as sweep_once


@click.command()
@click.option("--burst", is_flag=True, help="Stop when nothing is left to do.")
def worker(*, burst: bool) -> None:
    """Run the worker: queued jobs as they come, and a sweep every few seconds."""
    jobs.work(burst=burst)


@click.command()
def sweep() -> None:
    """Do once what is due: timers, bulk reviews and the outbox."""
    swept = sweep_once(context())
    click.echo(f"{swept.timers} timers, {swept.delivered} delivered, {swept.failed} failed")
    if swept.reviewed:
        click.echo(f"{swept.reviewed} tasks of bulk reviews")
