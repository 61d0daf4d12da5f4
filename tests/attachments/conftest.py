"""A market whose surrender asks for files, and its people by name."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest

from app.config import ROOT
from app.services.context import Context
from app.services.deployments import deploy_files
from tests.postgres import Database
from tests.services.market import Market, market

IN_BULK = '<spiffworkflow:property name="bulk" value="true" />'
FILES = {
    "field": "files",
    "widget": "attachments",
    "label": {"zh": "证明材料", "en": "Evidence"},
    "hint": {"zh": "如核查报告。", "en": "Such as a verification report."},
}


def deploy_with_files(ctx: Context, folder: Path) -> None:
    """Deploy the surrender with a field for files in the application and in the review."""
    for path in (ROOT / "forms").glob("*.json"):
        form = json.loads(path.read_text(encoding="utf-8"))
        if path.name.startswith("surrender"):
            form["properties"]["files"] = {"type": "array", "items": {"type": "string"}}
            form["layout"].append(FILES)
        (folder / path.name).write_text(json.dumps(form), encoding="utf-8")
    diagrams = folder / "processes"
    copytree(ROOT / "processes", diagrams)
    for path in diagrams.glob("*.bpmn"):  # who asks for a file decides one by one
        path.write_text(path.read_text("utf-8").replace(IN_BULK, ""), encoding="utf-8")
    settings = replace(ctx.settings, forms=folder, processes=diagrams)
    deploy_files(replace(ctx, settings=settings))


def _asks_for_files(made: Market) -> None:
    with TemporaryDirectory() as folder:
        deploy_with_files(made.ctx, Path(folder))


@pytest.fixture
def a_market(database: Database) -> Iterator[Market]:
    with market(database, then=_asks_for_files) as made:
        yield made
