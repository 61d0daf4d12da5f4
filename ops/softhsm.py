"""Where SoftHSM lies, the software token of the tests, and how a machine gets it (BSD-2-Clause).

Root installs Debian's package; without root it is downloaded and unpacked under var/, which needs
only that apt knows its package lists. Where neither works, the tests that need a token are named
as left out.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ops.bootstrap import ROOT, SetupError, apt_install

PACKAGE, LIBRARY = "softhsm2", "libsofthsm2"
GET_OPENSSL = "sudo apt-get install -y openssl"
GET_SOFTHSM = "sudo apt-get install -y softhsm2"
UNPACKED = ROOT / "var" / "softhsm"
PLACES = (
    "usr/lib/*/softhsm/libsofthsm2.so",
    "usr/lib/softhsm/libsofthsm2.so",
    "usr/lib64/pkcs11/libsofthsm2.so",
    "usr/local/lib/softhsm/libsofthsm2.so",
)


def module() -> Path | None:
    """The PKCS#11 module of SoftHSM, if there is one; SOFTHSM2_MODULE names another place."""
    named = os.environ.get("SOFTHSM2_MODULE")
    if named:
        return Path(named) if Path(named).exists() else None
    for root in (Path("/"), UNPACKED):
        for place in PLACES:
            for found in sorted(root.glob(place)):
                return found
    return None


def get() -> None:
    """Get it where we may; says on stderr what a person can do where we may not."""
    if module():
        return
    try:
        apt_install([PACKAGE], "for the tests of the USBKey")
    except SetupError as error:
        if not _unpack():
            print(error, file=sys.stderr)


def _unpack() -> bool:
    """Download the library and unpack it without root; whether it now is there and loads."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return False
    UNPACKED.mkdir(parents=True, exist_ok=True)
    download = ["apt-get", "-qq", "download", LIBRARY]
    if subprocess.run(download, cwd=UNPACKED, stdout=2, check=False).returncode != 0:
        return False
    for package in UNPACKED.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, UNPACKED], check=True)
        package.unlink()
    found = module()
    if found and not _loads(found):
        shutil.rmtree(UNPACKED)
        return False
    return found is not None


def _loads(library: Path) -> bool:
    """Whether what it needs itself is on this machine: libssl and libstdc++."""
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        print(error, file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    get()
    print(module() or GET_SOFTHSM)
