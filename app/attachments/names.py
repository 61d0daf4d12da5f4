"""Names of files: text from strangers, kept readable and made harmless."""

import re
import unicodedata
from pathlib import PurePosixPath

from app.attachments.kinds import ENDINGS
from app.attachments.refusal import refused

LONGEST = 200  # characters
# Controls, marks that turn the direction of writing (exe.fdp), line ends, lone surrogates.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
UNSAFE = re.compile(r'[<>:"|?*%;]+')


def kept_name(given: str) -> str:
    """Return the name that is kept: the last part of a path, without what cannot be seen."""
    last = re.split(r"[/\\]", given)[-1]
    seen = "".join(c for c in last if unicodedata.category(c) not in INVISIBLE)
    name = " ".join(unicodedata.normalize("NFC", seen).split()).strip(". ")
    stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix[:20]
    return (stem[: LONGEST - len(ending)] + ending) if name else "file"


def download_name(kept: str) -> str:
    """Return the name for a browser's file system, without what some of them act on."""
    return UNSAFE.sub("_", kept) or "file"


def check_ending(name: str, kind: str) -> None:
    """Raise Refusal when the name's ending promises something else than the content is.

    Such a file would be opened by the wrong program on the reader's machine: a script is text.
    """
    endings = ENDINGS[kind]
    if not name.lower().endswith(endings):
        wanted = " / ".join(endings)
        raise refused(
            f"文件名的后缀与内容不符，内容应以 {wanted} 结尾",
            f"its name does not fit its content, which is a {wanted} file",
        )
