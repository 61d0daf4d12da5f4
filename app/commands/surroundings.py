"""What commands start from: settings and the context, with plain words when they are wrong."""

import click

from app.bootstrap import build
from app.config import Settings, SettingsError, settings_from
from app.services.context import Context


def settings() -> Settings:
    """Return the settings of the environment; exits with a plain sentence if they are wrong."""
    try:
        return settings_from()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def owner_url(found: Settings) -> str:
    """Return the owner's database URL, or the application's where none is named."""
    return found.migration_database_url or found.database_url


def context() -> Context:
    """Return the context of this process."""
    return build(settings())
