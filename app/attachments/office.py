"""DOCX and XLSX: a zip with the right content types and nothing in it that runs.

What a zip says of its sizes may be a lie, so no more than a bound is ever unpacked.
"""

import lzma
import re
import zipfile
import zlib
from io import BytesIO

from app.attachments.refusal import Refusal, refused

TYPES = "[Content_Types].xml"
MAIN = {
    "docx": b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "xlsx": b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}
BODY = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
MOST_PARTS = 5_000
BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError,
)  # fmt: skip
LONGEST_TYPES = 1024 * 1024  # bytes of the list of content types
LARGEST_UNPACKED = 300 * 1024 * 1024  # bytes that the whole file says it unpacks to
RUNS = re.compile(
    r"vbaproject|vbadata|(?:^|/)activex/|macrosheets/|/embeddings/"
    r"|\.(?:exe|dll|js|jse|vbs|vbe|wsf|bat|cmd|com|scr|ps1|class|jar|hta|html?|svg|swf)$",
    re.IGNORECASE,
)
RUNNING_TYPES = re.compile(rb"macroEnabled|vbaProject|activeX|macrosheet", re.IGNORECASE)


def is_zip(content: bytes) -> bool:
    """Whether a content begins as a zip."""
    return content.startswith(b"PK\x03\x04")


def office_kind(content: bytes) -> str:
    """Return docx or xlsx; raises Refusal for any other zip, and for one that could run."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as file:
            parts = file.infolist()
            names = {part.filename for part in parts}
            _refuse_huge_or_locked(parts)
            types = _types(file) if TYPES in names else b""
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as e:
        if isinstance(e, Refusal):
            raise
        raise refused("文件不完整或已损坏", "the file is incomplete or broken") from e
    if RUNNING_TYPES.search(types) or any(RUNS.search(name) for name in names):
        raise refused(
            "文件含有宏、控件或嵌入的程序，请另存为不含宏的 DOCX 或 XLSX",
            "it has macros, controls or embedded programs; save it as DOCX or XLSX without them",
        )
    for kind, main in MAIN.items():
        if main in types and BODY[kind] in names:
            return kind
    raise refused(
        "压缩文件不能上传；办公文档只接受 DOCX 和 XLSX",
        "archives are not accepted; of office files only DOCX and XLSX are",
    )


def _types(file: zipfile.ZipFile) -> bytes:
    with file.open(TYPES) as part:
        types = part.read(LONGEST_TYPES + 1)
    if len(types) > LONGEST_TYPES:
        raise refused("文件不完整或已损坏", "the file is incomplete or broken")
    return types


def _refuse_huge_or_locked(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise refused("文件展开后过大", "it unpacks to too much")
    if any(part.flag_bits & 1 for part in parts):
        raise refused(
            "文件设有密码，请解除后再上传", "it is locked with a password; unlock it first"
        )
