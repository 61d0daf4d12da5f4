"""People of a site with certificates on tokens: an authority that is believed, and a key each."""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg2
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.test import TestResponse

from app.db import Database as Connections
from app.evidence import certificate as evidence
from app.services.signing import authorities, enrolment
from tests.postgres import Database
from tests.web.site import AN_EMITTER, PASSWORD, Browser, Site
from usbkey import cms
from usbkey.authority import Authority
from usbkey.profile import Revoked
from usbkey.software import SoftwareKey

SEED = b"an authority for tokens, of tests only"


@dataclass
class Keys:
    """An authority that a site trusts, and keys that it issued certificates for.

    The keys themselves come from a seed; to the registry nothing tells them from those on tokens.
    """

    site: Site
    database: Database
    seed: bytes = SEED
    name: str = "Test"
    authority: Authority = field(init=False)

    def __post_init__(self) -> None:
        self.authority = Authority.derive(self.seed, self.name)

    @property
    def now(self) -> datetime:
        return self.site.clock.now()

    def trusted(self) -> "Keys":
        """Let the owner trust the authority, and load its lists."""
        owner = Connections.connect(self.database.owner_url, 1)
        for kind, one in (("root", self.authority.root), ("intermediate", self.authority.issuing)):
            authorities.add(owner, kind, one.public_bytes(Encoding.DER), self.now)
        owner.dispose()
        self.publish()
        return self

    def publish(self, *revoked: Revoked, number: int = 1, days: int = 400) -> None:
        for made in (
            self.authority.root_crl((), number, self.now, days),
            self.authority.crl(revoked, number, self.now, days),
        ):
            authorities.load_crl(self.site.ctx, made.public_bytes(Encoding.DER))

    def key(self, member_no: str = AN_EMITTER, named: str = "") -> SoftwareKey:
        """A key of a member; ``named`` makes another one with a certificate for the same member."""
        return SoftwareKey.derive(
            self.seed + named.encode(), member_no, self.authority, self.now, named
        )

    def bound(self, member_no: str = AN_EMITTER, named: str = "") -> SoftwareKey:
        """A key whose certificate is bound to the member."""
        key = self.key(member_no, named)
        reference, code = self.codes(member_no)
        with self.site.ctx.database.transaction() as tx:
            assert enrolment.bind(
                tx, self.person(member_no), evidence.read(key.certificate), reference, code,
                self.now,
            )  # fmt: skip
        return key

    def codes(self, member_no: str = AN_EMITTER) -> tuple[str, str]:
        """As the owner: the application issues codes by a decision of two officers alone."""
        owner = Connections.connect(self.database.owner_url, 1)
        with owner.transaction() as tx:
            found = enrolment.issue(tx, self.person(member_no), None, self.now)
        owner.dispose()
        return found

    def person(self, member_no: str) -> int:
        [(found,)] = self.site.rows(
            "SELECT id FROM identity.person WHERE member_no = %(no)s", no=member_no
        )
        return int(found)

    def end(self, key: SoftwareKey, reason: str = "lost") -> None:
        self._end("fingerprint = sha256(%(one)s)", key.certificate, reason)

    def end_all(self, member_no: str, reason: str = "lost") -> None:
        self._end("person_id = %(one)s", self.person(member_no), reason)

    def _end(self, which: str, one: object, reason: str) -> None:
        """As the owner: the application ends certificates by a decision of two officers alone."""
        with psycopg2.connect(self.database.owner_url) as owner, owner.cursor() as cursor:
            cursor.execute(
                f"""INSERT INTO trust.certificate_end (certificate_id, reason, at)
                    SELECT id, %(reason)s, %(at)s FROM trust.certificate WHERE {which}""",
                {"reason": reason, "at": self.now, "one": one},
            )
        owner.close()

    def sign_in(
        self, key: Any, member_no: str = AN_EMITTER, **more: str
    ) -> tuple[Browser, TestResponse]:
        """Go through both pages with a key."""
        browser, page = self.halfway(member_no)
        return browser, browser.post("/sign-in/certificate", self.signed(page, key) | more)

    def halfway(self, member_no: str = AN_EMITTER) -> tuple[Browser, str]:
        """Show the password; return the browser and the page that asks for the certificate."""
        browser = self.site.browser()
        answer = browser.sign_in(member_no, PASSWORD, medium="usbkey")
        assert answer.status_code == 302, answer.text
        return browser, browser.get(answer.headers["Location"]).text

    def signed(self, page: str, key: Any) -> dict[str, str]:
        """What the page's form sends back after the agent has signed."""
        return fields(document_of(page), key, self.now)


def document_of(page: str) -> bytes:
    found = re.search(r'data-document="([^"]+)"', page)
    assert found, page
    return b64decode(found[1])


def fields(document: bytes, key: Any, at: datetime) -> dict[str, str]:
    signature = cms.signed(document, key, at)
    return {
        "signed_document": b64encode(document).decode(),
        "cms": b64encode(signature).decode(),
    }
