"""``registry trust``, ``registry crl``, ``registry certificate``: whom the registry believes."""

from pathlib import Path

import click

from app.commands.plain import plain
from app.commands.surroundings import context, settings
from app.db import Database
from app.domain.clock import BEIJING
from app.services.signing import authorities, fetching, own
from app.services.signing.authorities import Loaded

FINGERPRINT = 64  # hex digits


@click.group()
def trust() -> None:
    """Say whose certificates the registry believes; as the owner of the schema."""


@trust.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(["root", "intermediate"]), required=True)
def add(file: Path, kind: str) -> None:
    """Believe the authority in FILE (PEM or DER) from now on."""
    with plain():
        owner = _owner()
        found = authorities.add(owner, kind, file.read_bytes(), context().clock.now())
        owner.dispose()
    click.echo(f"{found.fingerprint.hex()}  {kind}  {found.loaded.subject.rfc4514_string()}")


@trust.command("end")
@click.argument("fingerprint")
def end(fingerprint: str) -> None:
    """Believe the authority with FINGERPRINT (SHA-256, hex) no more."""
    with plain():
        owner = _owner()
        ended = authorities.end(owner, context(), _hex(fingerprint))
        owner.dispose()
    click.echo(f"It is believed no more; {ended} sessions ended.")


@trust.command("list")
def list_() -> None:
    """List every authority, with its newest list of revoked certificates."""
    for row in authorities.listed(context()):
        state = f"ended {row.ended_at:%Y-%m-%d}" if row.ended_at else "in force"
        software = "  software" if row.software else ""
        crl = (
            f"list {row.crl_number} until {row.next_update.astimezone(BEIJING):%Y-%m-%d %H:%M}"
            if row.next_update
            else "no list: nobody under it can sign"
        )
        click.echo(f"{row.fingerprint.hex()}  {row.kind:12}  {state}{software}  {crl}  {row.name}")


@click.group()
def crl() -> None:
    """Load lists of revoked certificates."""


@crl.command("load")
@click.argument("source")
def load(source: str) -> None:
    """Load the list at SOURCE, a file or an http(s) address; it must be newer than ours."""
    with plain():
        data = fetching.fetch(source) if "://" in source else Path(source).read_bytes()
        _tell(authorities.load_crl(context(), data))


@crl.command("fetch")
def fetch() -> None:
    """Ask the known addresses for new lists, as the worker does, also where none is due."""
    with plain():
        done = fetching.refresh(context(), always=True)
    for one in done.loaded:
        _tell(one)
    for url, why in done.failed:
        click.echo(f"{url}: {why}", err=True)
    if done.failed:
        raise click.exceptions.Exit(1)
    if not done.loaded:
        click.echo("Nothing newer was published.")


@click.group()
def certificate() -> None:
    """Look at people's certificates, and give out codes for the first ones."""


@certificate.command("list")
@click.argument("member_no")
def of_member(member_no: str) -> None:
    """List the certificates of MEMBER_NO."""
    with plain():
        ctx = context()
        rows = own.of_member(ctx, member_no)
    for row in rows:
        until = row.not_after.astimezone(BEIJING)
        state = (
            f"{row.end_reason} since {row.ended_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
            if row.ended_at
            else "works"
            if row.works(ctx.clock.now())
            else "out of date"
        )
        medium = "software" if row.software else "token"
        click.echo(f"{row.fingerprint.hex()}  {medium}  {state}  until {until:%Y-%m-%d}")
    if not rows:
        click.echo("none")


@certificate.command("codes")
@click.argument("member_no")
def codes(member_no: str) -> None:
    """Print the two codes with which MEMBER_NO binds a certificate (M2).

    For the first officers of a registry; afterwards two officers give codes out together.
    """
    with plain():
        owner = _owner()
        reference, code = own.issue_codes(context(), owner, member_no)
        owner.dispose()
    click.echo(f"参考号 reference number     {reference}")
    click.echo(f"授权码 authorization code   {code}")


def _tell(loaded: Loaded) -> None:
    click.echo(
        f"List {loaded.number} of {loaded.issuer}, until "
        f"{loaded.next_update.astimezone(BEIJING):%Y-%m-%d %H:%M}; "
        f"{loaded.sessions_ended} sessions ended."
    )


def _hex(fingerprint: str) -> bytes:
    plain_text = fingerprint.replace(":", "").lower()
    if len(plain_text) != FINGERPRINT or not set(plain_text) <= set("0123456789abcdef"):
        raise click.ClickException("a fingerprint has 64 hexadecimal digits")
    return bytes.fromhex(plain_text)


def _owner() -> Database:
    """Return the owner's database: the application says neither whom it believes nor who begins."""
    found = settings()
    if not found.migration_database_url:
        raise click.ClickException(
            "MIGRATION_DATABASE_URL is not set; only the owner of the schema may do this"
        )
    return Database.connect(found.migration_database_url, 1)
