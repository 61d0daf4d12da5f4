"""Changing any byte of an evidence file is detected: each one is changed here, several ways."""

import json
from dataclasses import replace

import pytest

from app.evidence import bundle, canonical, reasons
from app.evidence.bundle import Bundle
from app.evidence.judge import Check, judged
from app.evidence.reasons import Rejected
from app.evidence.verify import verified
from tests.evidence.papers import decision
from tests.evidence.pki import (
    DAY,
    ISSUING,
    NOW,
    Case,
    a_signer,
    authority,
    case,
    crl,
    der,
    lists,
    member,
    odd_case,
    revoked,
    rsa_key,
)

PAPER = decision()
MASKS = (0x01, 0x04, 0x20, 0x80)
ROOT = (der(authority().root),)


def file_of(given: Case) -> bytes:
    found = verified(given.document, given.cms, given.anchors, given.crls, given.at)
    return bundle.encode_verified(given.document, given.cms, found, given.crls)


GOOD = file_of(case(PAPER))
PARTS = bundle.decode(GOOD)


def accepted(data: bytes, roots: tuple[bytes, ...] = ROOT) -> bool:
    try:
        return judged(bundle.decode(data), roots).stands
    except Rejected:
        return False


def changed(data: bytes, place: int, mask: int) -> bytes:
    return data[:place] + bytes((data[place] ^ mask,)) + data[place + 1 :]


def test_a_whole_file_stands():
    assert accepted(GOOD)
    assert judged(PARTS, ROOT).passed == [c for c in Check if c is not Check.NEWER_LISTS]


@pytest.mark.parametrize("mask", MASKS)
def test_no_byte_of_the_file_can_be_changed(mask: int):
    places = range(len(GOOD))
    assert [place for place in places if accepted(changed(GOOD, place, mask))] == []


def parts_of(found: Bundle) -> dict[str, tuple[bytes, ...]]:
    return {
        "document": (found.document,),
        "cms": (found.cms,),
        "certificates": found.certificates,
        "crls": found.crls,
        "root": (found.root,),
    }


def with_part(found: Bundle, name: str, index: int, data: bytes) -> Bundle:
    several = list(parts_of(found)[name])
    several[index] = data
    if name in {"certificates", "crls"}:
        return replace(found, **{name: tuple(several)})
    return replace(found, **{name: data})


@pytest.mark.parametrize("name", ["document", "cms", "certificates", "crls", "root"])
def test_no_byte_of_a_part_can_be_changed_below_its_base64(name: str):
    survivors = [
        (index, place, mask)
        for index, part in enumerate(parts_of(PARTS)[name])
        for place in range(len(part))
        for mask in (0x01, 0x10, 0x80)
        if judged(with_part(PARTS, name, index, changed(part, place, mask)), ROOT).stands
    ]
    assert survivors == []


def test_no_byte_of_a_signature_by_rsa_can_be_changed():
    given = odd_case(PAPER, leaf=a_signer(key=rsa_key()))
    found = bundle.decode(file_of(given))
    assert judged(found, given.roots).stands
    for name in ("cms", "certificates"):
        part = parts_of(found)[name][0]
        for place in range(len(part)):
            other = with_part(found, name, 0, changed(part, place, 0x01))
            assert not judged(other, given.roots).stands, (name, place)


def test_a_file_cut_off_anywhere_is_unreadable():
    for end in range(len(GOOD)):
        with pytest.raises(Rejected) as refused:
            bundle.decode(GOOD[:end])
        assert refused.value.reason is reasons.TRUNCATED, end


def fields() -> dict[str, object]:
    return json.loads(GOOD)


UNREADABLE = {
    "nothing": (b"[]", reasons.BUNDLE_MALFORMED),
    "not UTF-8": (b"\xff\xfe" * 9, reasons.BUNDLE_MALFORMED),
    "a blank": (GOOD.replace(b'","', b'", "', 1), reasons.BUNDLE_NOT_CANONICAL),
    "a line end": (GOOD + b"\n", reasons.BUNDLE_NOT_CANONICAL),
    "a member twice": (
        GOOD.replace(b'"format":', b'"format":"x","format":', 1),
        reasons.BUNDLE_NOT_CANONICAL,
    ),
    "an unknown member": (
        canonical.encoded({**fields(), "note": "x"}),
        reasons.BUNDLE_MALFORMED,
    ),
    "another format": (
        canonical.encoded({**fields(), "format": "registry/decision-evidence/2"}),
        reasons.BUNDLE_MALFORMED,
    ),
    "a member missing": (
        canonical.encoded({k: v for k, v in fields().items() if k != "root"}),
        reasons.BUNDLE_MALFORMED,
    ),
    "a text for a list": (canonical.encoded({**fields(), "crls": "x"}), reasons.BUNDLE_MALFORMED),
    "no list": (canonical.encoded({**fields(), "crls": []}), reasons.BUNDLE_MALFORMED),
    "base64 with stray bits": (
        canonical.encoded({**fields(), "root": "AAB="}),
        reasons.BUNDLE_NOT_CANONICAL,
    ),
    "base64 with a line end": (
        canonical.encoded({**fields(), "root": "AAAA\nAAAA"}),
        reasons.BUNDLE_NOT_CANONICAL,
    ),
    "base64 without padding": (
        canonical.encoded({**fields(), "root": "AAA"}),
        reasons.BUNDLE_NOT_CANONICAL,
    ),
    "deep nesting": (b'{"a":' + b"[" * 99999 + b"]" * 99999 + b"}", reasons.BUNDLE_MALFORMED),
    "a huge number": (b'{"a":' + b"9" * 9999 + b"}", reasons.BUNDLE_MALFORMED),
    "half a character": (b'{"a":"\\ud800"}', reasons.BUNDLE_NOT_CANONICAL),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_canonical_file_is_unreadable(name: str):
    data, reason = UNREADABLE[name]
    with pytest.raises(Rejected) as refused:
        bundle.decode(data)
    assert refused.value.reason is reason


FOREIGN_LIST = crl(ISSUING)
TOO_MUCH = {
    "a list more": (
        replace(PARTS, crls=(*PARTS.crls, FOREIGN_LIST)),
        reasons.LIST_FOREIGN,
    ),
    "a list twice": (replace(PARTS, crls=(*PARTS.crls, PARTS.crls[0])), reasons.LIST_FOREIGN),
    "lists in another order": (replace(PARTS, crls=PARTS.crls[::-1]), reasons.LIST_FOREIGN),
    "an older list beside": (
        replace(PARTS, crls=(*PARTS.crls, lists(since=NOW.replace(hour=1))[0])),
        reasons.LIST_FOREIGN,
    ),
    "a certificate more": (
        replace(PARTS, certificates=(*PARTS.certificates, member("7").certificate)),
        reasons.UNNEEDED_CERTIFICATE,
    ),
    "certificates in another order": (
        replace(PARTS, certificates=PARTS.certificates[::-1]),
        reasons.UNNEEDED_CERTIFICATE,
    ),
    "another signer's certificate": (
        replace(PARTS, certificates=(member("7").certificate, PARTS.certificates[1])),
        reasons.UNNEEDED_CERTIFICATE,
    ),
    "another root": (replace(PARTS, root=PARTS.certificates[1]), reasons.UNTRUSTED_ROOT),
    "a sign-in for a decision's document": (
        replace(PARTS, document=decision(nonce="00" * 32)),
        reasons.DIGEST_DIFFERS,
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_file_holds_what_its_checks_need_and_nothing_else(name: str):
    other, reason = TOO_MUCH[name]
    found = judged(other, ROOT)
    assert found.why is not None
    assert found.why.reason is reason


NEWER = {
    "a revocation told late": (lists(revoked(NOW - DAY), since=NOW + DAY)[0], reasons.REVOKED),
    "by nobody in the chain": (FOREIGN_LIST, reasons.LIST_FOREIGN),
    "out of date": (lists(since=NOW - 30 * DAY)[1], reasons.LIST_STALE),
    "changed": (changed(PARTS.crls[0], len(PARTS.crls[0]) - 1, 1), reasons.LIST_SIGNATURE),
    "no list": (b"\x05\x00", reasons.LIST_MALFORMED),
}


@pytest.mark.parametrize("name", NEWER)
def test_a_list_from_elsewhere_is_taken_as_seriously_as_those_inside(name: str):
    crl_from_elsewhere, reason = NEWER[name]
    found = judged(PARTS, ROOT, [crl_from_elsewhere])
    assert found.failed is Check.NEWER_LISTS
    assert found.why is not None
    assert found.why.reason is reason


def test_good_lists_from_elsewhere_change_nothing():
    assert judged(PARTS, ROOT, lists(since=NOW + DAY)).passed[-1] is Check.NEWER_LISTS


def test_what_is_written_is_what_is_read():
    assert (
        bundle.encode(PARTS.document, PARTS.cms, PARTS.certificates, PARTS.crls, PARTS.root) == GOOD
    )
