"""What several commands ask for: which token, which PIN, and errors in both languages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from usbkey.errors import UsbkeyError, Words
from usbkey.module import Module
from usbkey.token import Token

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
OUT = click.Path(path_type=Path, dir_okay=False)

driver = click.option(
    "--module",
    "path",
    type=click.Path(path_type=Path),
    envvar="USBKEY_MODULE",
    required=True,
    help="Driver of the USBKey (PKCS#11 module).",
)


def which_token(command: Command) -> Command:
    """Add the options that name one token."""
    for option in (
        click.option("--serial", help="Serial number of the token."),
        click.option("--label", help="Label of the token."),
        driver,
    ):
        command = option(command)
    return command


def found(path: Path, label: str | None, serial: str | None) -> Token:
    """The one token that was named."""
    return Module.load(path).token(label, serial)


def pin(zh: str, en: str, *, twice: bool = False) -> str:
    """Ask for a PIN or passphrase without showing it."""
    return str(click.prompt(f"{zh} {en}", hide_input=True, confirmation_prompt=twice))


def say(zh: str, en: str) -> None:
    """Say one thing in both languages."""
    click.echo(zh if zh == en else f"{zh} {en}")


@contextmanager
def plainly() -> Iterator[None]:
    """End a command with what happened and the next step, and no traceback."""
    try:
        yield
    except UsbkeyError as error:
        step: Words = error.next_step
        raise click.ClickException(f"{error.zh}{step.zh}\n{error.en} {step.en}") from error
    except FileExistsError as error:
        raise click.ClickException(f"文件已存在。It is there already: {error.filename}") from error
