"""docs/manual: a page a flow, whose pictures are there, used, and small."""

import re

import pytest

from tests.docs.tables import ROOT

MANUAL = ROOT / "docs" / "manual"
PAGES = sorted(MANUAL.glob("*.md"))
PICTURES = sorted((MANUAL / "img").glob("*.png"))
MOST = 200_000  # bytes


def pictures_of(page) -> list[str]:
    return re.findall(r"\]\(img/([^)]+)\)", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_of_the_manual_shows_what_it_tells(page):
    assert pictures_of(page)
    assert [name for name in pictures_of(page) if not (MANUAL / "img" / name).is_file()] == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_a_picture_of_the_manual_is_small_and_used(picture):
    assert picture.stat().st_size < MOST
    assert any(picture.name in pictures_of(page) for page in PAGES)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_a_picture_of_the_manual_is_taken_by_a_browser_test(picture):
    tests = (ROOT / "tests" / "browser").rglob("test_*.py")
    assert any(f'picture("{picture.stem}"' in test.read_text(encoding="utf-8") for test in tests)


def test_the_readme_leads_to_every_page_of_the_manual():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"docs/manual/{page.name}" not in readme] == []
