"""Pictures for docs/manual, of what a browser test has just seen."""

from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page


def keep(page: Page, folder: Path | None, name: str) -> None:
    """Keep what the window shows, when `make manual` asks for it."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(150)
    shown = Image.open(BytesIO(page.screenshot()))
    # Few colours: a page is text on flat grounds, and the repository stays small.
    small = shown.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(folder / f"{name}.png", optimize=True)
