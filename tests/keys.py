"""People with keys of their own: an authority that the registry believes, and one key each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from app.identity.actor import Actor
from app.services.context import Context
from app.services.decide import Outcome, Request, decide
from app.services.signing.prepare import prepare, prepare_event
from app.services.signing.signed import Session, Signed
from tests.postgres import Database
from tests.services.market import superuser
from usbkey import cms
from usbkey.authority import Authority
from usbkey.profile import Revoked
from usbkey.software import SoftwareKey

SEED = b"the keys of the tests of decisions"
SITE = "https://registry.test"
SESSION = Session(b"s" * 32, SITE)


@dataclass
class Keys:
    """The keys of the people of a database; every account asks for signatures from now on."""

    database: Database
    ctx: Context
    policy: str = "decisions"
    authority: Authority = field(default_factory=lambda: Authority.derive(SEED))
    keys: dict[int, SoftwareKey] = field(default_factory=dict)
    lists: int = 0

    def __post_init__(self) -> None:
        self.change("UPDATE identity.account SET signature_policy = %(p)s", p=self.policy)
        self.believe(self.authority)
        self.publish()

    @property
    def now(self) -> datetime:
        return self.ctx.clock.now()

    def change(self, sql: str, **params: object) -> None:
        """Change the database as its superuser: what no service of the registry would do."""
        with superuser(self.database) as cursor:
            cursor.execute(sql, params)

    def key(self, instance: int) -> int:
        """The key of the only open task of an application."""
        with self.ctx.database.transaction() as tx:
            [(found,)] = tx.all(
                "SELECT key FROM workflow.task WHERE instance_id = %(i)s", {"i": instance}
            )
        return int(found)

    def believe(self, authority: Authority) -> None:
        for kind, certificate in (("root", authority.root), ("intermediate", authority.issuing)):
            self.change(
                """INSERT INTO trust.anchor (fingerprint, kind, name, der, at)
                   VALUES (sha256(%(der)s), %(kind)s, %(kind)s, %(der)s, %(at)s)
                   ON CONFLICT DO NOTHING""",
                kind=kind,
                der=certificate.public_bytes(Encoding.DER),
                at=self.now,
            )

    def publish(self, *revoked: Revoked, days: int = 400) -> None:
        """Publish the authority's lists anew."""
        self.lists += 1
        lists = (
            (self.authority.root, self.authority.root_crl([], self.lists, self.now, days)),
            (self.authority.issuing, self.authority.crl(revoked, self.lists, self.now, days)),
        )
        for issuer, found in lists:
            self.change(
                """INSERT INTO trust.crl (anchor_id, number, this_update, next_update, der, at)
                   SELECT a.id, %(number)s, %(this)s, %(next)s, %(der)s, %(this)s
                   FROM trust.anchor a WHERE a.fingerprint = sha256(%(issuer)s)""",
                number=self.lists,
                this=self.now,
                next=self.now + timedelta(days=days),
                der=found.public_bytes(Encoding.DER),
                issuer=issuer.public_bytes(Encoding.DER),
            )

    def of(self, actor: Actor) -> SoftwareKey:
        """The key of a person, with its certificate bound to them."""
        if actor.person_id not in self.keys:
            key = SoftwareKey.derive(SEED, f"{actor.person_id}", self.authority, self.now)
            self.bind(actor, key)
            self.keys[actor.person_id] = key
        return self.keys[actor.person_id]

    def bind(self, actor: Actor, key: SoftwareKey, *, software: bool = False) -> None:
        self.change(
            """INSERT INTO trust.enrolment (reference_hash, code_hash, person_id, created_at,
                   expires_at, used_at)
               VALUES (sha256(%(der)s), 'x', %(person)s, %(at)s, %(at)s, %(at)s)""",
            der=key.certificate,
            person=actor.person_id,
            at=self.now,
        )
        self.change(
            """INSERT INTO trust.certificate (fingerprint, person_id, software, serial, subject,
                   issuer, not_before, not_after, der, at)
               VALUES (sha256(%(der)s), %(person)s, %(software)s, '01', 's', 'i', '2020-01-01',
                   '2040-01-01', %(der)s, %(at)s)""",
            der=key.certificate,
            person=actor.person_id,
            software=software,
            at=self.now,
        )

    def document(
        self, actor: Actor, instance: int, form: Mapping[str, Any], session: Session = SESSION
    ) -> bytes:
        """What a person is asked to sign for the only open task."""
        request = Request(instance, self.key(instance), form, session=session)
        found = prepare(self.ctx, actor, request).document
        assert found is not None
        return found

    def event(self, actor: Actor, instance: int, name: str) -> bytes | None:
        return prepare_event(self.ctx, actor, instance, name, SESSION).document

    def signed(self, actor: Actor, document: bytes) -> Signed:
        return Signed(document, cms.signed(document, self.of(actor), self.now))

    def decide(self, actor: Actor, instance: int, form: Mapping[str, Any], **more: Any) -> Outcome:
        """Prepare, sign and decide the only open task."""
        key = more.pop("key", None) or self.key(instance)
        request = Request(instance, key, form, session=SESSION)
        document = prepare(self.ctx, actor, request).document
        assert document is not None
        signature = self.signed(actor, document)
        asked = Request(instance, key, form, signature=signature, session=SESSION, **more)
        return decide(self.ctx, actor, asked)
