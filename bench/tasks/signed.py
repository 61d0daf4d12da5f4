"""The registry itself, with everything signed (R23): by keys that lie not with the server.

The signature is made on the person's own machine; that is not the server's time and not measured.
What the server does is: building the document to be signed, and deciding under it. Whoever decides
has signed in with the same certificate before; what a chain costs that is not kept, the rows of
``bench.signatures`` tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from app.services.decide import Request, decide
from app.services.signing import trust
from app.services.signing.prepare import prepare
from app.services.signing.signed import Session, Signed
from bench.databases import Place
from bench.market import FORM, key_of
from bench.tasks.flow import Flow, Open
from usbkey import cms
from usbkey.signer import Signer

SIGN_IN = b"what is signed to sign in"
SESSION = Session(b"bench" * 6 + b"!!", "https://registry.example")


class SignedService(Flow):
    """A client that hands in what was signed before; only deciding is measured."""

    signs = True

    def __init__(self, place: Place, number: int, clients: int) -> None:
        super().__init__(place, number, clients)
        self.ctx = replace(self.ctx, settings=replace(self.ctx.settings, software_signer=True))
        with self.ctx.database.transaction() as tx:
            members = tx.all("SELECT id, member_no FROM identity.person")
        self._members: dict[int, str] = dict(members)
        self._keys: dict[int, Signer] = {}
        self._signed: dict[int, Signed] = {}
        self._spent: dict[int, float] = {}

    def get_ready(self, tasks: Sequence[Open], verdict: str, opinion: str) -> None:
        """Let everybody ask for their document and sign it."""
        self._signed, self._spent = {}, {}
        for task in tasks:
            who = task.applicant.officer if verdict else task.applicant.emitter
            request = Request(task.instance_id, task.key, _form(verdict, opinion), session=SESSION)
            began = perf_counter()
            document = prepare(self.ctx, who, request).document
            self._spent[task.instance_id] = perf_counter() - began
            if document is None:
                raise RuntimeError("no signature is asked for")
            signature = cms.signed(document, self._key(who.person_id), self.ctx.clock.now())
            self._signed[task.instance_id] = Signed(document, signature)

    def _key(self, person: int) -> Signer:
        if person not in self._keys:
            self._keys[person] = key_of(self.ctx, self._members[person])
            self._sign_in(self._keys[person])
        return self._keys[person]

    def _sign_in(self, key: Signer) -> None:
        """Verify a signature, as signing in did before anybody decides: the chain is kept since."""
        at = self.ctx.clock.now()
        with self.ctx.database.transaction() as tx:
            believed = trust.current(self.ctx, tx).evidence
        believed.verified(SIGN_IN, cms.signed(SIGN_IN, key, at), at)

    def submit(self, task: Open) -> None:
        """Submit as the emitter."""
        decide(self.ctx, task.applicant.emitter, self._request(task, FORM))

    def review(self, task: Open, verdict: str, opinion: str) -> None:
        """Review as the province's officer."""
        decide(self.ctx, task.applicant.officer, self._request(task, _form(verdict, opinion)))

    def _request(self, task: Open, form: Mapping[str, Any]) -> Request:
        signature = self._signed[task.instance_id]
        return Request(task.instance_id, task.key, form, signature=signature, session=SESSION)


class PreparedService(SignedService):
    """The same, and building the document counts too."""

    def spent(self, task: Open) -> float:
        """Return the seconds that building the document took."""
        return self._spent[task.instance_id]


def _form(verdict: str, opinion: str) -> Mapping[str, Any]:
    if not verdict:
        return FORM
    return {"verdict": verdict, "opinion": opinion} if opinion else {"verdict": verdict}
