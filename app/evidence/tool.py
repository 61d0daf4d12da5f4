"""The verifier as one file, which needs Python and `cryptography` and nothing of the registry.

The same sources give the same bytes: entries in order, one fixed date, nothing compressed; so its
SHA-256 can be published and compared, and anybody can read the code inside.
"""

import zipfile
from io import BytesIO
from pathlib import Path

_SHEBANG = b"#!/usr/bin/env python3\n"
_HERE = Path(__file__).parent
_LEFT_OUT = {"tool.py"}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PLAIN_FILE = 0o100644 << 16

_START = '''"""Says offline whether the evidence of a decision stands; run it with --help."""

import sys

if sys.version_info < (3, 11):
    sys.exit("This program needs Python 3.11 or newer.")
try:
    import cryptography
except ImportError:
    sys.stderr.write("This program needs the package cryptography (43 or newer).\\n")
    sys.exit(2)
if int(cryptography.__version__.split(".")[0]) < 43:
    sys.stderr.write("This program needs the package cryptography 43 or newer.\\n")
    sys.exit(2)

from app.evidence.program import main

sys.exit(main())
'''


def contents() -> bytes:
    """Return the bytes of the single file."""
    entries = {
        "__main__.py": _START.encode(),
        "app/__init__.py": b"",
        **{
            f"app/evidence/{each.name}": each.read_bytes()
            for each in _HERE.glob("*.py")
            if each.name not in _LEFT_OUT
        },
    }
    out = BytesIO()
    out.write(_SHEBANG)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
            archive.writestr(entry, data)
    return out.getvalue()
