"""The command line: `registry COMMAND`. Each command says plainly what it did or why not."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from app.commands import Commands
from app.config import Settings, SettingsError, settings_from
from app.domain.errors import RegistryError

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(cls=Commands)
def main() -> None:
    """The carbon registry's command line."""


def plainly(command: Command) -> Command:
    """Turn an expected error into one sentence and exit code 1."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except RegistryError as error:
            raise click.ClickException(f"{error.message.zh} {error.message.en}") from error
        except SettingsError as error:
            raise click.ClickException(str(error)) from error

    return run  # type: ignore[return-value]


def owner_settings() -> Settings:
    """Return the settings with the owner's address, which only migrations may use."""
    settings = settings_from()
    if not settings.migration_database_url:
        raise SettingsError("MIGRATION_DATABASE_URL is not set; it names the owner of the schema")
    return settings


@main.command()
@plainly
def migrate() -> None:
    """Bring the database to the present schema; in production every account asks for signatures."""
    from app.db import Database
    from app.migrations.run import migrate as bring
    from app.services.signing.policy import require_everywhere

    settings = owner_settings()
    bring(settings.migration_database_url, settings.app_role)
    if settings.production:
        owner = Database.connect(settings.migration_database_url, 1)
        changed = require_everywhere(owner)
        owner.dispose()
        if changed:
            click.echo(f"{changed} accounts asked for no signatures; they do now.")
    click.echo("The database is at the present schema.")


@main.command("check-models")
@plainly
def check_models() -> None:
    """Fail if the migrations make other tables than the models describe."""
    from app.migrations.check import differences_on_a_new_database

    settings = owner_settings()
    found = differences_on_a_new_database(settings.migration_database_url, settings.app_role)
    for difference in found:
        click.echo(difference)
    if found:
        sys.exit(1)
    click.echo("Migrations and models agree.")


@main.command("check-translations")
@plainly
def check_translations() -> None:
    """Fail if a text has no English, or an English text belongs to none."""
    from app.web.catalogue import shortcomings

    found = shortcomings()
    for line in found:
        click.echo(line)
    if found:
        click.echo("`registry translations` adds what is missing for you to fill in.")
        sys.exit(1)
    click.echo("Every text has its English.")


@main.command()
@plainly
def translations() -> None:
    """Add new texts to app/translations/en for translation, and drop what nobody says."""
    from app.web.catalogue import update

    added, dropped = update()
    click.echo(f"{added} texts to translate, {dropped} dropped.")


@main.command("api-token")
@click.argument("member_no")
@click.option("--scope", "scopes", multiple=True, help="read, apply, review or operate; repeat it.")
@click.option("--days", default=90, show_default=True, help="How long the token is valid.")
@click.option("--name", default="command line", show_default=True)
@plainly
def api_token(member_no: str, scopes: tuple[str, ...], days: int, name: str) -> None:
    """Print an API token of a member; without --scope, with all they may give."""
    from app.bootstrap import build
    from app.services.tokens import make_token_for_member

    ctx = build(settings_from())
    click.echo(make_token_for_member(ctx, member_no, scopes, days, name))


@main.command()
@click.argument("member_no")
@plainly
def enrol(member_no: str) -> None:
    """Print the one-time path with which a member sets their own password."""
    from app.bootstrap import build
    from app.services.passwords import issue_enrolment

    click.echo("/enrol/" + issue_enrolment(build(settings_from()), None, member_no))
