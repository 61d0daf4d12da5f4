"""DER and canonical JSON, whatever comes: it reads back the same or is refused, nothing else."""

import string
from contextlib import suppress

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.evidence import bundle, canonical, certificate, cms, der, documents, reasons, revocation
from app.evidence.reasons import Rejected
from tests.evidence.papers import decision, decision_fields
from tests.evidence.pki import case, lists, member

CMS = case(decision()).cms
SAMPLES = (CMS, member().certificate, lists()[0], decision())
READERS = (cms.parsed, certificate.read, revocation.read, documents.read, bundle.decode)


@given(st.integers(0, 0xFF).filter(lambda tag: tag & 0x1F != 0x1F), st.binary(max_size=400))
def test_an_element_reads_back_as_it_was_written(tag: int, content: bytes):
    reader = der.Reader(der.element(tag, content))
    assert reader.content(tag) == content
    reader.close()


def walked(reader: der.Reader) -> bytes:
    """Read everything and write it again, into constructed elements too."""
    out = b""
    while reader.peek() is not None:
        tag, _, _ = reader.header()
        inner = walked(reader.open(tag)) if tag & 0x20 else reader.content(tag)
        out += der.element(tag, inner)
    return out


@given(st.binary(max_size=200))
def test_what_can_be_read_has_no_other_encoding(data: bytes):
    try:
        again = walked(der.Reader(data))
    except Rejected:
        return
    assert again == data


def test_a_signature_and_a_certificate_are_der_to_the_last_byte():
    assert walked(der.Reader(CMS)) == CMS
    assert walked(der.Reader(member().certificate)) == member().certificate


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good thing with a piece cut out, put in or changed."""
    data = draw(st.sampled_from(SAMPLES))
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 8)))
    return data[:start] + draw(st.binary(max_size=8)) + data[end:]


@pytest.mark.parametrize("read", READERS, ids=lambda read: f"{read.__module__}.{read.__name__}")
@given(data=st.one_of(st.binary(max_size=300), damaged()))
def test_nothing_that_comes_makes_a_reader_fail_in_another_way(read, data: bytes):
    with suppress(Rejected):
        read(data)


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x81", b"\x30\x82\x01", b"\x30\x05\x02\x01\x01", CMS[:-1]]
)
def test_a_signature_that_is_cut_off_is_told_so(data: bytes):
    with pytest.raises(Rejected) as refused:
        cms.parsed(data)
    assert refused.value.reason is reasons.TRUNCATED


@pytest.mark.parametrize(
    "data", [b"\x30\x80\x00\x00", b"\x30\x81\x01\x00", b"\x3f\x01\x00", b"\x30\x84\x00\x00\x00\x01"]
)
def test_ber_that_is_not_der_is_refused(data: bytes):
    with pytest.raises(Rejected) as refused:
        cms.parsed(data)
    assert refused.value.reason is reasons.CMS_MALFORMED


@pytest.mark.parametrize("data", [b"\x02\x00", b"\x02\x01\x80", b"\x02\x02\x00\x01"])
def test_a_number_has_one_form_and_no_sign(data: bytes):
    with pytest.raises(Rejected):
        der.Reader(data).integer()


def test_a_document_cut_off_anywhere_is_told_so():
    paper = decision()
    for end in range(len(paper)):
        with pytest.raises(Rejected) as refused:
            documents.read(paper[:end])
        assert refused.value.reason is reasons.TRUNCATED, end


NAMES = st.text(string.ascii_letters + string.digits + "_-.", max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)
)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_our_canonical_json_is_that_of_rfc_8785(value: dict):
    data = canonical.encoded(value)
    assert data == rfc8785.dumps(value)
    read = canonical.decoded(data, reasons.DOCUMENT_MALFORMED, reasons.DOCUMENT_NOT_CANONICAL)
    assert read == value


@given(st.text(max_size=60))
def test_what_reads_as_canonical_is_canonical(text: str):
    data = text.encode("utf-8", "surrogatepass")
    try:
        value = canonical.decoded(data, reasons.DOCUMENT_MALFORMED, reasons.DOCUMENT_NOT_CANONICAL)
    except Rejected:
        return
    assert canonical.encoded(value) == data


@given(st.sampled_from(sorted(decision_fields())), VALUES)
def test_a_document_is_refused_or_reads_back_with_the_fields_it_was_made_of(name, value):
    data = decision(**{name: value})
    try:
        read = documents.read(data)
    except Rejected:
        return
    assert canonical.encoded(dict(read.fields)) == data
