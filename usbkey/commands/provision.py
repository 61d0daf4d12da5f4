"""Making a USBKey for a person (M2, G29)."""

from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from usbkey import algorithms, errors, pins, provision
from usbkey.authority import LEAF_DAYS
from usbkey.commands import asking
from usbkey.module import Module
from usbkey.register import ISSUING, Register
from usbkey.software_token import SoftwareToken
from usbkey.subject import Subject
from usbkey.token import Token

ALGORITHM = click.option(
    "--algorithm", type=click.Choice(sorted(algorithms.TABLE)), default=provision.ES256
)
MEMBER = click.option("--member-no", required=True, help="The person's member number.")
HOLDER = click.option("--holder", default="", help="Name of the holder, if it is to be named.")
DAYS = click.option("--days", default=LEAF_DAYS, show_default=True, type=click.IntRange(1, 3660))
CA = click.option("--ca", "folder", type=asking.FOLDER, required=True, help="Folder of the CA.")


@click.group("provision")
def group() -> None:
    """Make USBKeys: initialise, request, write, pin; or all of it at once."""


@group.command()
@asking.driver
@click.option("--label", required=True, help="What the token is called, at most 32 bytes.")
@click.option("--erase", metavar="SERIAL", help="Erase this token instead of taking a blank one.")
def init(path: Path, label: str, erase: str | None) -> None:
    """Initialise a token; shows the PIN it travels with."""
    with asking.plainly():
        token, pin = _initialised(path, label, erase)
        asking.say(f"USBKey 序列号：{token.serial}", f"Serial: {token.serial}")
        _tell(pin)


@group.command()
@asking.which_token
@MEMBER
@HOLDER
@ALGORITHM
@click.option("--out", type=asking.OUT, required=True, help="File of the request (PEM).")
def request(
    path: Path,
    label: str | None,
    serial: str | None,
    member_no: str,
    holder: str,
    algorithm: str,
    out: Path,
) -> None:
    """Make a key on the token and write a request for its certificate."""
    with asking.plainly():
        token = asking.found(path, label, serial)
        pin = asking.pin("PIN 码", "PIN")
        number = provision.make_key(token, pin, algorithm)
        made = provision.request(token, pin, number, Subject(member_no, holder))
        out.write_bytes(made.public_bytes(Encoding.PEM))
        asking.say(f"证书请求：{out}", f"Request: {out}")


@group.command()
@asking.which_token
@click.argument("files", type=asking.FILE, nargs=-1, required=True)
def write(path: Path, label: str | None, serial: str | None, files: tuple[Path, ...]) -> None:
    """Write a certificate, and those of the authorities above it, beside its key."""
    with asking.plainly():
        certificates = [one for file in files for one in _read(file)]
        token = asking.found(path, label, serial)
        held = provision.write(token, asking.pin("PIN 码", "PIN"), certificates)
        asking.say(f"已写入证书：{held.fingerprint}", f"Written: {held.fingerprint}")


@group.command()
@asking.which_token
def pin(path: Path, label: str | None, serial: str | None) -> None:
    """Choose a PIN of one's own."""
    with asking.plainly():
        token = asking.found(path, label, serial)
        names = tuple(held.subject.member_no for held in token.certificates())
        _change_pin(token, asking.pin("原 PIN 码", "Old PIN"), names)
        asking.say("PIN 码已修改。", "The PIN is changed.")


@group.command()
@asking.which_token
def unlock(path: Path, label: str | None, serial: str | None) -> None:
    """Give a locked token a new PIN to travel with; needs the officer's PIN."""
    with asking.plainly():
        token = asking.found(path, label, serial)
        travels = pins.new_transport_pin()
        provision.unlock(token, asking.pin("管理员 PIN 码", "Officer's PIN"), travels)
        _tell(travels)


@group.command("all")
@asking.driver
@click.option("--label", help="What the token is called; else the member number.")
@click.option("--erase", metavar="SERIAL", help="Erase this token instead of taking a blank one.")
@CA
@MEMBER
@HOLDER
@ALGORITHM
@DAYS
def everything(
    path: Path,
    label: str | None,
    erase: str | None,
    folder: Path,
    member_no: str,
    holder: str,
    algorithm: str,
    days: int,
) -> None:
    """From a blank token to one that signs; its person chooses the PIN at the end."""
    with asking.plainly():
        register, subject = Register(folder), Subject(member_no, holder)
        authority = register.open(asking.pin("CA 口令", "Passphrase of the CA"))
        token, travels = _initialised(path, label or member_no, erase)
        number = provision.make_key(token, travels, algorithm)
        asked = provision.request(token, travels, number, subject)
        now = datetime.now(UTC)
        issued = register.issue(authority, asked.public_key(), subject, now, days)
        provision.write(token, travels, [issued, authority.issuing])
        asking.say("请由本人设置 PIN 码。", "The person now chooses a PIN of their own.")
        _change_pin(token, travels, (member_no,))
        asking.say(f"完成：证书 {issued.serial_number:x}", f"Done: {issued.serial_number:x}")


@group.command()
@click.argument("target", type=asking.FOLDER)
@CA
@MEMBER
@HOLDER
@DAYS
def software(target: Path, folder: Path, member_no: str, holder: str, days: int) -> None:
    """Make a token in a folder, for demonstrations only."""
    with asking.plainly():
        register, subject = Register(folder), Subject(member_no, holder)
        authority = register.open(asking.pin("CA 口令", "Passphrase of the CA"))
        chosen = _chosen_pin((member_no,))
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        issued = register.issue(authority, key.public_key(), subject, now, days)
        chain = [register.certificate(ISSUING)]
        held = SoftwareToken(target).add(key, issued, chain, chosen)
        asking.say(f"已写入：{held.fingerprint}", f"Written: {held.fingerprint}")


def _initialised(path: Path, label: str, erase: str | None) -> tuple[Token, str]:
    module = Module.load(path)
    erased = module.token(serial=erase) if erase else None
    officer = asking.pin("管理员 PIN 码", "Officer's PIN", twice=erased is None)
    travels = pins.new_transport_pin()
    return provision.initialise(module, label, officer, travels, erased=erased), travels


def _change_pin(token: Token, old: str, names: tuple[str, ...]) -> None:
    chosen = _chosen_pin((token.label, token.serial, *names))
    provision.choose_pin(token, old, chosen, names=names)


def _chosen_pin(names: tuple[str, ...]) -> str:
    """A PIN within the rules; asked again until it is, for a token cannot be left without."""
    while True:
        chosen = asking.pin("新 PIN 码", "New PIN", twice=True)
        try:
            pins.require_good(chosen, names=names)
        except errors.PinRefused as error:
            asking.say(error.zh, error.en)
        else:
            return chosen


def _tell(pin: str) -> None:
    asking.say(
        f"初始 PIN 码（仅用于首次修改）：{pin}",
        f"The PIN it travels with, good only for choosing another: {pin}",
    )


def _read(file: Path) -> list[x509.Certificate]:
    """Certificates of a file, PEM or DER."""
    content = file.read_bytes()
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError:
        raise errors.NoCertificate(
            zh=f"文件中没有证书：{file}。", en=f"The file has no certificate: {file}."
        ) from None
