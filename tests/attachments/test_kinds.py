"""What a file is, its content says; what it is called is only compared with that."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attachments import kinds
from app.attachments.kinds import ENDINGS, kind_of
from app.attachments.names import LONGEST, check_ending, download_name, kept_name
from app.attachments.office import LARGEST_UNPACKED
from app.attachments.refusal import Refusal
from tests.attachments.files import (
    CSV,
    DOCX,
    EXECUTABLE,
    HTML,
    JPEG,
    PDF,
    PNG,
    SHEET,
    SVG,
    TEXT,
    WORD,
    XLSX,
    office,
)

TAKEN = [
    (PDF, kinds.PDF),
    (JPEG, kinds.JPEG),
    (PNG, kinds.PNG),
    (TEXT, kinds.TEXT),
    (CSV, kinds.TEXT),
    (b"\xef\xbb\xbf" + TEXT, kinds.TEXT),
    (b"a < b, 3 <5\r\n", kinds.TEXT),
    (DOCX, kinds.DOCX),
    (XLSX, kinds.XLSX),
]


@pytest.mark.parametrize(("content", "kind"), TAKEN)
def test_an_allowed_kind_is_told_by_its_content(content, kind):
    assert kind_of(content) == kind


MACROS = {"word/vbaProject.bin": b"x"}
NOT_TAKEN = {
    "empty": b"",
    "html": HTML,
    "html after blanks": b"\n\n   " + HTML,
    "html inside a text": "报告\n<SCRIPT src=x></script>".encode(),
    "html in gb18030": "报告<iframe src=x>".encode("gb18030"),
    "svg": SVG,
    "xml": b'<?xml version="1.0"?><x/>',
    "php": b"<?php system($_GET[1]);",
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "windows program": EXECUTABLE,
    "linux program": b"\x7fELF\x02\x01\x01" + b"\x00" * 60,
    "gif": b"GIF89a" + b"\x00" * 30,
    "control characters": b"abc\x00def",
    "utf-16": "报告".encode("utf-16"),
    "neither encoding": b"\xff\xfe\xfd abc \xff",
    "pdf cut off": PDF[:30],
    "pdf not at the start": HTML + PDF,
    "jpeg cut off": JPEG[:-2],
    "png cut off": PNG[:-4],
    "png with something behind": PNG + HTML,
    "png without a header": b"\x89PNG\r\n\x1a\n" + b"\x00" * 30,
    "zip": office("text/plain", "a.txt"),
    "zip cut off": DOCX[:60],
    "macros by part": office(WORD, "word/document.xml", **MACROS),
    "macros by type": office(f"{WORD} macroEnabled", "word/document.xml"),
    "macro-enabled workbook": office(
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml", "xl/workbook.xml"
    ),
    "embedded object": office(SHEET, "xl/workbook.xml", **{"xl/embeddings/o.bin": b"x"}),
    "embedded program": office(WORD, "word/document.xml", **{"word/a.EXE": b"x"}),
    "activex": office(WORD, "word/document.xml", **{"word/activeX/activeX1.xml": b"x"}),
    "types without the part": office(WORD, "word/other.xml"),
    "old word file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100,
}


@pytest.mark.parametrize("content", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_everything_else_is_refused_with_a_reason_in_both_languages(content):
    with pytest.raises(Refusal) as refusal:
        kind_of(content)
    assert refusal.value.reason.zh
    assert refusal.value.reason.en


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("[Content_Types].xml", WORD)
        file.writestr("word/document.xml", "x")
        file.getinfo("word/document.xml").file_size = LARGEST_UNPACKED + 1
    with pytest.raises(Refusal, match="unpacks"):
        kind_of(made.getvalue())


def test_a_locked_office_file_is_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("[Content_Types].xml", WORD)
        file.getinfo("[Content_Types].xml").flag_bits |= 1
    with pytest.raises(Refusal, match="password"):
        kind_of(made.getvalue())


@given(st.binary(max_size=200), st.sampled_from([b"", *(c for c, _ in TAKEN)]))
def test_any_content_is_an_allowed_kind_or_refused(tail, head):
    with suppress(Refusal):
        assert kind_of(head + tail) in ENDINGS


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_what_begins_as_a_page_is_never_taken(before, after):
    content = b"<html>" + before + b"<script>" + after
    with pytest.raises(Refusal):
        kind_of(content)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("报告.pdf", "报告.pdf"),
        (r"C:\Users\me\报告.pdf", "报告.pdf"),
        ("../../etc/passwd", "passwd"),
        ('a"; filename=b.html\r\nSet-Cookie: x.pdf', 'a"; filename=b.htmlSet-Cookie: x.pdf'),
        ("\u202efdp.exe", "fdp.exe"),
        ("a\x00b.pdf", "ab.pdf"),
        ("  .. ", "file"),
        ("", "file"),
    ],
)  # fmt: skip
def test_a_name_keeps_what_can_be_seen_and_no_path(given_name, kept):
    assert kept_name(given_name) == kept


@given(st.text(max_size=400))
def test_any_name_becomes_one_line_without_a_path(text):
    name = kept_name(text)
    assert 0 < len(name) <= LONGEST
    assert not set(name) & set("/\\\r\n\x00\u202e\u2028")
    assert not set(download_name(name)) & set('<>:"|?*%;\\/')


def test_a_long_name_keeps_its_ending():
    assert kept_name("长" * 500 + ".pdf").endswith("长.pdf")


@pytest.mark.parametrize("name", ["a.exe", "a.html", "a.bat", "a.pdf.js", "a", "a.txt"])
def test_a_name_that_promises_something_else_is_refused(name):
    with pytest.raises(Refusal):
        check_ending(name, kinds.PDF)


def test_a_name_may_be_written_large():
    check_ending("A.PDF", kinds.PDF)
