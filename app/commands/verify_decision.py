"""``registry verify-decision``: whether the evidence of a decision stands (R23, G29)."""

import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import click

from app.commands.surroundings import context
from app.evidence import program, tool
from app.evidence.reasons import Language

FILE = click.Path(path_type=Path)


@click.command("verify-decision")
@click.argument("bundles", nargs=-1, type=FILE, metavar="BUNDLE...")
@click.option("--root", "roots", multiple=True, type=FILE, help="A root you believe (PEM or DER).")
@click.option("--fingerprint", "fingerprints", multiple=True, help="SHA-256 of such a root.")
@click.option("--crl", "crls", multiple=True, type=FILE, help="A newer list you have.")
@click.option("--lang", type=click.Choice(program.LANGUAGES), default="zh", show_default=True)
@click.option("--tool", "tool_file", type=FILE, help="Write this program as one file, for others.")
def verify_decision(
    bundles: tuple[Path, ...],
    roots: tuple[Path, ...],
    fingerprints: tuple[str, ...],
    crls: tuple[Path, ...],
    lang: Language,
    tool_file: Path | None,
) -> None:
    """Say who decided what and when, and whether the signature stands; nothing is sent anywhere.

    With --root or --fingerprint it asks no database; without, the roots are those that this
    registry believes. Exit codes: 0 all stand, 1 one is refused, 2 one cannot be read.
    """
    if tool_file is not None:
        _write_tool(tool_file)
    elif not bundles:
        raise click.UsageError("name at least one BUNDLE")
    if not bundles:
        return
    try:
        believed = program.believed_from(roots, fingerprints, crls)
    except program.CallError as error:
        click.echo(str(error), err=True)
        sys.exit(program.UNREADABLE_FILE)
    if not believed.named:
        believed = replace(believed, roots=_roots_of_the_registry())
    sys.exit(program.judge_files(bundles, believed, lang, sys.stdout))


def _write_tool(path: Path) -> None:
    """Write the single file; its hash is the same for the same version of the registry."""
    contents = tool.contents()
    try:
        path.write_bytes(contents)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    click.echo(f"{sha256(contents).hexdigest()}  {path}")


def _roots_of_the_registry() -> tuple[bytes, ...]:
    """Return the roots that the installation believes now."""
    from app.services.signing import trust

    ctx = context()
    with ctx.database.transaction() as tx:
        return trust.current(ctx, tx).roots
