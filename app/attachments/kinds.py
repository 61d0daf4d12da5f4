"""What a file is, told from its content alone; a name is only compared with it afterwards.

Our own few lines instead of a library of signatures: seven kinds are allowed, and what matters is
what such libraries do not look at: macros in office files, scripts and markup in text, a PDF that
begins as something else, a picture that is cut off.
"""

import re

from app.attachments.office import is_zip, office_kind
from app.attachments.refusal import Refusal, refused

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
TEXT = "text/plain"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS: dict[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    JPEG: (".jpg", ".jpeg"),
    PNG: (".png",),
    TEXT: (".txt", ".csv"),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
}
ACCEPTED = ",".join(ending for endings in ENDINGS.values() for ending in endings)
TAIL = 2048  # bytes at the end in which a PDF says that it ends
# What a browser could run, were it ever shown as a page: refused in any text.
MARKUP = re.compile(
    r"<\s*(?:!doctype|!--|\?xml|\?php|%|/?(?:html|head|body|script|svg|iframe|object|embed|style|"
    r"link|meta|base|form|img|a|video|audio|math|template)\b)",
    re.IGNORECASE,
)
CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")


def kind_of(content: bytes) -> str:
    """Return the media type of a content; raises Refusal with a plain sentence."""
    if not content:
        raise refused("文件是空的", "the file is empty")
    for begins, kind, whole in (
        (b"%PDF-", PDF, _whole_pdf),
        (b"\xff\xd8\xff", JPEG, _whole_jpeg),
        (b"\x89PNG\r\n\x1a\n", PNG, _whole_png),
    ):
        if content.startswith(begins):
            if not whole(content):
                raise refused("文件不完整或已损坏", "the file is incomplete or broken")
            return kind
    if is_zip(content):
        return {"docx": DOCX, "xlsx": XLSX}[office_kind(content)]
    return _text(content)


def _whole_pdf(content: bytes) -> bool:
    return b"%%EOF" in content[-TAIL:]


def _whole_jpeg(content: bytes) -> bool:
    return b"\xff\xd9" in content[3:]


def _whole_png(content: bytes) -> bool:
    """Walk the chunks from the header to the end mark."""
    at = 8
    while at + 12 <= len(content):
        length, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if at == 8 and name != b"IHDR":
            return False
        at += 12 + length
        if name == b"IEND":
            return at == len(content)
    return False


def _text(content: bytes) -> str:
    """Return text/plain for UTF-8 or GB18030 without markup, scripts and control characters."""
    text = _decoded(content)
    if text is None or CONTROL.search(text):
        raise _unknown()
    if text.startswith("#!") or MARKUP.search(text):
        raise refused(
            "内容含有网页或脚本代码（如 HTML、SVG），不能上传",
            "it contains the code of a web page or a script, such as HTML or SVG",
        )
    return TEXT


def _decoded(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _unknown() -> Refusal:
    return refused(
        "只接受 PDF、JPEG、PNG、纯文本或 CSV、DOCX、XLSX 文件",
        "only PDF, JPEG, PNG, plain text or CSV, DOCX and XLSX are accepted",
    )
