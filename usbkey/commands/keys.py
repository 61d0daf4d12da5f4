"""What is plugged in, and signing a document from a file."""

from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.x509 import Certificate

from usbkey import cms, documents, errors
from usbkey.certificates import EARLY, EXPIRED, VALID, Held
from usbkey.commands import asking
from usbkey.module import Module
from usbkey.software_token import SoftwareToken
from usbkey.summary import summary
from usbkey.token import Token

STATES = {
    VALID: ("有效", "valid"),
    EXPIRED: ("已过期", "expired"),
    EARLY: ("尚未生效", "not valid yet"),
}


@click.command("list")
@asking.driver
def show(path: Path) -> None:
    """List tokens and the certificates that can sign."""
    with asking.plainly():
        tokens = Module.load(path).tokens()
        if not tokens:
            raise errors.NoToken
        for token in tokens:
            click.echo(f"{token.label}  {token.serial}  {token.maker} {token.model}")
            if token.awaits_new_pin():
                asking.say("  须先修改初始 PIN 码。", "Its first PIN is to be changed.")
            for held in token.certificates():
                _show(held)


def _show(held: Held) -> None:
    zh, en = STATES[held.state(datetime.now(UTC))]
    certificate: Certificate = held.parsed
    click.echo(
        f"  {held.subject.member_no}  {held.subject.holder}  {held.algorithm}"
        f"  {certificate.not_valid_after_utc:%Y-%m-%d}  {zh} {en}\n    {held.fingerprint}"
    )


@click.command()
@click.argument("file", type=asking.FILE)
@click.option("--module", "path", type=click.Path(path_type=Path), envvar="USBKEY_MODULE")
@click.option("--software", "folder", type=asking.FOLDER, help="A token in a folder, for demos.")
@click.option("--certificate", "fingerprint", help="Its SHA-256, where there are several.")
@click.option("--out", type=asking.OUT, help="Else FILE.p7s.")
def sign(
    file: Path, path: Path | None, folder: Path | None, fingerprint: str | None, out: Path | None
) -> None:
    """Show a document of the registry, ask for the PIN, and write its signature beside it."""
    with asking.plainly():
        document = file.read_bytes()
        for row in summary(document):
            click.echo(f"{row.label.zh} {row.label.en}: {row.value.zh}")
            if row.value.en != row.value.zh:
                click.echo(f"    {row.value.en}")
        token, held = _chosen(_tokens(path, folder), fingerprint)
        _require_own(document, held)
        now = datetime.now(UTC)
        with token.unlocked(held.fingerprint, asking.pin("PIN 码", "PIN"), now) as signer:
            signed = cms.signed(document, signer, now)
        target = out or file.with_name(f"{file.name}.p7s")
        target.write_bytes(signed)
        asking.say(f"已签署：{target}", f"Signed: {target}")


def _tokens(path: Path | None, folder: Path | None) -> list[Token] | list[SoftwareToken]:
    if (path is None) == (folder is None):
        raise click.UsageError("name the driver (--module) or a software token (--software)")
    if folder is not None:
        return [SoftwareToken(folder)]
    assert path is not None  # noqa: S101 - one of the two, see above
    return Module.load(path).tokens()


def _chosen(
    tokens: list[Token] | list[SoftwareToken], fingerprint: str | None
) -> tuple[Token | SoftwareToken, Held]:
    """The certificate that was named, or the only one."""
    fitting = [
        (token, held)
        for token in tokens
        for held in token.certificates()
        if fingerprint in {None, held.fingerprint}
    ]
    if not fitting:
        raise errors.NoCertificate if tokens else errors.NoToken
    if len(fitting) > 1:
        raise click.UsageError("there are several certificates: name one with --certificate")
    return fitting[0]


def _require_own(document: bytes, held: Held) -> None:
    """A sign-in names its member: nobody signs in as another."""
    asked = documents.parsed(document).get("member_no", held.subject.member_no)
    if asked != held.subject.member_no:
        raise errors.NoCertificate(
            zh=f"该文件属于会员 {asked}，不属于证书中的会员。",
            en=f"The document is of member {asked}, not of the certificate's.",
        )
