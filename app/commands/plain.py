"""Say an expected error in one sentence, with exit code 1."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.domain.errors import RegistryError


@contextmanager
def plain() -> Iterator[None]:
    """Turn what a service refuses into the command's last sentence."""
    try:
        yield
    except RegistryError as error:
        raise click.ClickException(f"{error.message.zh} {error.message.en}") from error
    except OSError as error:
        raise click.ClickException(str(error)) from error
