"""The registry's own authority, in a folder."""

from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from usbkey import errors
from usbkey.authority import LEAF_DAYS, YEARS, Authority
from usbkey.commands import asking
from usbkey.register import ISSUING, ROOT, NoAuthority, Register
from usbkey.subject import Subject

REASONS = {
    "lost": x509.ReasonFlags.key_compromise,
    "compromised": x509.ReasonFlags.key_compromise,
    "replaced": x509.ReasonFlags.superseded,
    "left": x509.ReasonFlags.affiliation_changed,
    "other": x509.ReasonFlags.unspecified,
}
SHORTEST_PASSPHRASE = 12


@click.group("ca")
def group() -> None:
    """The registry's own authority: init, issue, revoke, crl."""


@group.command()
@click.argument("folder", type=asking.FOLDER)
@click.option("--name", required=True, help="What the authority is called.")
@click.option("--years", default=YEARS, show_default=True, type=click.IntRange(1, 30))
def init(folder: Path, name: str, years: int) -> None:
    """Make a root and the authority below it that issues; take root.key.pem away afterwards."""
    passphrase = asking.pin("口令", "Passphrase", twice=True)
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise click.ClickException(
            f"口令至少 {SHORTEST_PASSPHRASE} 位。"
            f"A passphrase has at least {SHORTEST_PASSPHRASE} characters."
        )
    with asking.plainly():
        Register(folder).create(Authority.new(name, datetime.now(UTC), years), passphrase)
        asking.say(f"已建立：{folder}", f"Made: {folder}")


@group.command()
@click.argument("folder", type=asking.FOLDER)
@click.argument("request", type=asking.FILE)
@click.option("--member-no", required=True, help="Whom it is for; the request must say the same.")
@click.option("--days", default=LEAF_DAYS, show_default=True, type=click.IntRange(1, 3660))
@click.option("--out", type=asking.OUT, required=True, help="The certificate and its CA (PEM).")
def issue(folder: Path, request: Path, member_no: str, days: int, out: Path) -> None:
    """Issue a certificate for a request."""
    with asking.plainly():
        asked = _read(request, member_no)
        register = Register(folder)
        authority = register.open(asking.pin("口令", "Passphrase"))
        subject = Subject.of(asked.subject)
        now = datetime.now(UTC)
        issued = register.issue(authority, asked.public_key(), subject, now, days)
        written = (issued, authority.issuing)
        out.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in written))
        asking.say(f"已颁发：{issued.serial_number:x}", f"Issued: {issued.serial_number:x}")


@group.command()
@click.argument("folder", type=asking.FOLDER)
@click.argument("serial")
@click.option("--reason", type=click.Choice(list(REASONS)), required=True)
def revoke(folder: Path, serial: str, reason: str) -> None:
    """Revoke the certificate of a serial number (hexadecimal); then publish a CRL."""
    with asking.plainly():
        try:
            number = int(serial.replace(":", ""), 16)
        except ValueError:
            raise NoAuthority(zh="序列号有误。", en="That is no serial number.") from None
        Register(folder).revoke(number, REASONS[reason], datetime.now(UTC))
        asking.say("已吊销，请发布新的 CRL。", "Revoked; now publish a CRL: ca crl.")


@group.command()
@click.argument("folder", type=asking.FOLDER)
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366))
@click.option("--of", "name", type=click.Choice([ISSUING, ROOT]), default=ISSUING)
@click.option("--out", type=asking.OUT, required=True, help="The list (DER).")
def crl(folder: Path, days: int, name: str, out: Path) -> None:
    """Publish the list of revoked certificates; the root's is needed too, once a year."""
    with asking.plainly():
        register = Register(folder)
        authority = register.open(asking.pin("口令", "Passphrase"))
        published = register.root_crl if name == ROOT else register.crl
        made = published(authority, datetime.now(UTC), days)
        out.write_bytes(made.public_bytes(Encoding.DER))
        asking.say(f"已发布：{out}", f"Published: {out}")


def _read(file: Path, member_no: str) -> x509.CertificateSigningRequest:
    """A request that its own key signed and that names the member."""
    content = file.read_bytes()
    try:
        asked = (
            x509.load_pem_x509_csr(content)
            if b"-----BEGIN" in content
            else x509.load_der_x509_csr(content)
        )
        stands = asked.is_signature_valid
    except ValueError:
        stands = False
    if not stands:
        raise errors.CertificateMismatch(
            zh="这不是有效的证书请求。", en="That is no request signed by its own key."
        )
    if Subject.of(asked.subject).member_no != member_no:
        raise errors.CertificateMismatch(
            zh=f"证书请求不属于会员 {member_no}。", en=f"The request is not of member {member_no}."
        )
    return asked
