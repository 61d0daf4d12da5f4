"""Files of every kind, made by hand: small, and what each claims to be."""

import io
import struct
import zipfile
import zlib

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 40 + b"\xff\xd9"
TEXT = "核查报告：共 3 份。\n".encode()
CSV = "编号,数量\n1,250\n".encode("gb18030")
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
EXECUTABLE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 64


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\x00" * 13) + chunk(b"IDAT") + chunk(b"IEND")


def office(kind: str, body: str, **more: bytes) -> bytes:
    """A zip with the parts that make it an office file, and more of them."""
    types = f'<Types><Override PartName="/{body}" ContentType="{kind}"/></Types>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("[Content_Types].xml", types)
        file.writestr(body, "<x/>")
        for name, content in more.items():
            file.writestr(name, content)
    return made.getvalue()


DOCX = office(WORD, "word/document.xml")
XLSX = office(SHEET, "xl/workbook.xml")
