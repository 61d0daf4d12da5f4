"""`make manual`: take the pictures of docs/manual anew, while the browser tests walk each flow.

So a picture shows what a test has just seen: no page is arranged for it by hand.
"""

import subprocess
import sys
from pathlib import Path

from ops.servers import ROOT

PICTURES = Path("docs/manual/img")
WALKS = ("tests/browser/pages", "tests/browser/usbkey/registry")


def main() -> int:
    """Run the tests of the pages in a browser; return how they end."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "browser", *WALKS]
    command += [f"--manual-pictures={PICTURES}", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
