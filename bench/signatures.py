"""What checking one signature costs, alone: reading, comparing bytes, the signature, the chain."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from time import perf_counter

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.domain.canonical import canonical
from app.evidence import certificate, chain, documents, revocation
from app.evidence.chain import Anchors
from app.evidence.verify import Trust
from app.services.rehearsal.market import OPENING_DAY
from bench.report import Row, in_turns, row
from usbkey import cms
from usbkey.authority import Authority
from usbkey.software import SoftwareKey

SEED = b"signatures of the bench"
PEOPLE = 200
KEPT, BUILT = "signature checked, chain kept", "signature checked, chain built"
FORGETTING = (certificate.read, revocation.read, chain._signed_by, revocation._signed)  # noqa: SLF001

Paper = tuple[dict[str, object], bytes, bytes]  # what is asked for, the document, its signature


def signatures(rounds: int) -> Iterator[Row]:
    """Yield milliseconds of one signature, with the chain known already, and without."""
    authority = Authority.derive(SEED)
    papers = [_paper(authority, place) for place in range(PEOPLE)]
    samples = in_turns(
        {
            KEPT: partial(_kept, _trust(authority), papers),
            BUILT: partial(_built, authority, papers),
        },
        rounds,
    )
    yield row(samples, KEPT, "ms")
    yield row(samples, BUILT, "ms")


def _kept(trust: Trust, papers: Sequence[Paper]) -> float:
    began = perf_counter()
    for paper in papers:
        _check(trust, paper)
    return 1000 * (perf_counter() - began) / len(papers)


def _built(authority: Authority, papers: Sequence[Paper]) -> float:
    spent = 0.0
    for paper in papers:
        for forgets in FORGETTING:
            forgets.cache_clear()
        trust = _trust(authority)
        began = perf_counter()
        _check(trust, paper)
        spent += perf_counter() - began
    return 1000 * spent / len(papers)


def _check(trust: Trust, paper: Paper) -> None:
    """Do what app.services.signing.check does of it: the database is not asked here."""
    asked, document, signature = paper
    given = documents.read(document)
    documents.require_same(document, canonical(asked))
    given.require_signed_inside(trust.verified(document, signature, OPENING_DAY).signed_at)


def _trust(authority: Authority) -> Trust:
    lists = (authority.crl((), 1, OPENING_DAY), authority.root_crl((), 1, OPENING_DAY))
    anchors = Anchors([_der(authority.root)], [_der(authority.issuing)])
    return Trust(anchors, [each.public_bytes(Encoding.DER) for each in lists])


def _der(found: x509.Certificate) -> bytes:
    return found.public_bytes(Encoding.DER)


def _paper(authority: Authority, place: int) -> Paper:
    key = SoftwareKey.derive(SEED, f"{place:011d}", authority, OPENING_DAY)
    asked = _asked(place)
    document = canonical(asked)
    return asked, document, cms.signed(document, key, OPENING_DAY)


def _asked(place: int) -> dict[str, object]:
    """A document as one of a surrender is."""
    said = {"zh": "履约清缴 · 审核履约申请", "en": "Surrender · Review the application"}
    holder = {"zh": f"单位 {place}", "en": f"Works {place}"}
    return {
        "type": documents.DECISION,
        "origin": "https://registry.example",
        "action": said,
        "instance": f"QJ2021{place:08d}",
        "process": "compliance",
        "bundle": "b" * 64,
        "task": "review_surrender",
        "visit": "1",
        "kind": "complete",
        "verdict": "approve",
        "verdict_text": {"zh": "通过", "en": "Approve"},
        "opinion": "",
        "form": "f" * 64,
        "content": "c" * 64,
        "from": {"account": f"1{place:07d}", "holder": holder},
        "to": [{"account": "10000002", "holder": {"zh": "登记机构", "en": "Registry"}}],
        "quantities": [{"instrument": "PE2021000001", "quantity": "100", "to": "10000002"}],
        "person": "a" * 64,
        "account": "10000003",
        "role": "provincial_authority",
        "nonce": f"{place:064x}",
        "issued": _instant(timedelta()),
        "expires": _instant(timedelta(minutes=10)),
    }


def _instant(after: timedelta) -> str:
    return (OPENING_DAY + after).strftime("%Y-%m-%dT%H:%M:%SZ")
