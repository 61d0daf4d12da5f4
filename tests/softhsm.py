"""Tokens of SoftHSM in a folder of the test's own, made by the project's own provisioning."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from ops.softhsm import module as library
from usbkey import pins, provision
from usbkey.authority import LEAF_DAYS, Authority
from usbkey.certificates import Held
from usbkey.module import Module
from usbkey.subject import Subject
from usbkey.token import Token

OFFICER_PIN = "officer-7391"
PIN = "749261x"


@dataclass(frozen=True)
class Plugged:
    """A provisioned token, its certificate and its PIN."""

    token: Token
    held: Held
    pin: str = PIN


@dataclass(frozen=True)
class SoftHsm:
    """A folder of tokens; ``SOFTHSM2_CONF`` points to it while it is in use."""

    folder: Path

    @property
    def tokens(self) -> Path:
        """Where each token is a folder: take it away, and the token was pulled out."""
        return self.folder / "tokens"

    @property
    def configuration(self) -> Path:
        """What SOFTHSM2_CONF names."""
        return self.folder / "softhsm2.conf"

    @property
    def library(self) -> Path:
        """The PKCS#11 module."""
        found = library()
        assert found is not None
        return found

    @property
    def module(self) -> Module:
        """The driver, loaded into this process."""
        return Module.load(self.library)

    def prepare(self) -> None:
        """Make the folder and its configuration."""
        self.tokens.mkdir(parents=True)
        self.configuration.write_text(
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )

    def plugged(
        self,
        member_no: str,
        authority: Authority,
        algorithm: str = "ES256",
        now: datetime | None = None,
        days: int = LEAF_DAYS,
    ) -> Plugged:
        """A token of a member, as the operator makes it and with the member's own PIN."""
        made = provision.initialise(
            self.module, member_no, OFFICER_PIN, travels := pins.new_transport_pin()
        )
        number = provision.make_key(made, travels, algorithm)
        subject = Subject(member_no, "某发电有限公司")
        asked = provision.request(made, travels, number, subject)
        issued = issue(authority, asked, subject, now, days)
        held = provision.write(made, travels, [issued, authority.issuing])
        provision.choose_pin(made, travels, PIN)
        return Plugged(made, held)


def issue(
    authority: Authority,
    asked: x509.CertificateSigningRequest,
    subject: Subject,
    now: datetime | None = None,
    days: int = LEAF_DAYS,
) -> x509.Certificate:
    """A certificate from a request; valid since a minute ago, unless a time is named."""
    since = now or datetime.now(UTC) - timedelta(minutes=1)
    return authority.issue(asked.public_key(), subject, since, days)


@contextmanager
def softhsm_in(folder: Path) -> Iterator[SoftHsm]:
    """Use a folder of tokens in this process; one at a time, the innermost."""
    made = SoftHsm(folder)
    made.prepare()
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(made.configuration)
    made.module.restart()
    try:
        yield made
    finally:
        if before is None:
            del os.environ["SOFTHSM2_CONF"]
        else:
            os.environ["SOFTHSM2_CONF"] = before
            made.module.restart()  # whoever had a folder before finds theirs again
