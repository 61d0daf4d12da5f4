"""Without a root of the reader's own, the command takes those that the registry believes."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.db import Database
from app.evidence import bundle, program
from app.evidence.verify import verified
from app.trust import anchors
from tests.evidence.papers import decision
from tests.evidence.pki import authority, case, der


@pytest.fixture
def environment(database):
    return {
        "DATABASE_URL": database.app_url,
        "MIGRATION_DATABASE_URL": database.owner_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "for the tests of the command line",
        "REGISTRY_ENV": "test",
    }


def test_the_registrys_own_roots_judge_until_it_believes_them_no_more(
    database, environment, tmp_path: Path
):
    given = case(decision())
    found = verified(given.document, given.cms, given.anchors, given.crls, given.at)
    file = tmp_path / "evidence.json"
    file.write_bytes(bundle.encode_verified(given.document, given.cms, found, given.crls))

    def judged() -> int:
        return CliRunner().invoke(main, ["verify-decision", str(file)], env=environment).exit_code

    assert judged() == program.REFUSED
    root, now = der(authority().root), datetime(2026, 11, 21, tzinfo=UTC)
    owner = Database.connect(database.owner_url, pool_size=1)
    with owner.transaction() as tx:
        anchors.add(tx, "root", "the root of the test", root, now)
    assert judged() == program.STANDS
    with owner.transaction() as tx:
        anchors.end(tx, hashlib.sha256(root).digest(), now)
    assert judged() == program.REFUSED
    owner.dispose()
