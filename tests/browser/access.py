"""What axe-core finds on the page that a window shows."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# All rules are run. Only what a failure needs is carried over: the whole answer, with a piece of
# the page for every rule that passed, cost as much as finding it.
ASK = """axe.run(document, {resultTypes: ['violations']}).then(found => ({
    passed: found.passes.length,
    faults: found.violations.map(one => one.id + ': ' + one.help + ' ' + one.nodes.slice(0, 4)
        .map(node => node.target + ' ' + node.html.slice(0, 160)).join('; ')),
}))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True, slots=True)
class Found:
    """The faults in words, and how many rules found something to approve of."""

    faults: list[str]
    passed: int


@cache
def _axe() -> str:
    # What the last line is worth would be sent back: the whole of axe.
    return AXE.read_text(encoding="utf-8") + ";0"


def ask_axe(page: Page) -> Found:
    """Run axe-core at the present width; Playwright's evaluate runs beside the page's policy."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    return Found(**page.evaluate(ASK))


def sideways(page: Page) -> int:
    """Return by how many pixels the page must be scrolled sideways."""
    return page.evaluate(WIDER)
