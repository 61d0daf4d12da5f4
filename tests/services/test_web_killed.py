"""kill -9 of the web server in the middle of a decision: whoever asks again gets one answer."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.ledger.verify import verify
from app.services.tokens import make_token_for_member
from tests.postgres import ROOT
from tests.services.market import APPROVE, Market

GONE = (ConnectionError, TimeoutError, urllib.error.URLError)


@contextmanager
def web(market: Market, redis_url: str, log: Path, failpoint: str = "") -> Iterator[str]:
    """A real web server on the market's database; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": market.database.app_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "for the tests of the web server only, not secret",
        "REGISTRY_ENV": "test",
        "REGISTRY_FAILPOINT": failpoint,
    }
    command = [sys.executable, "-m", "gunicorn", "app:create_app()", "-b", f"127.0.0.1:{port}"]
    with log.open("ab") as file:
        server = subprocess.Popen(
            [*command, "--workers", "1", "--threads", "2", "--no-control-socket"],
            env=env,
            cwd=ROOT,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        _wait_until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the web server did not start")


def approve(address: str, token: str, instance: int, key: int) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{address}/api/v1/applications/{instance}/tasks/{key}/decision",
        data=json.dumps({"form": APPROVE}).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": "the-approval",
        },
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize(
    ("failpoint", "committed"),
    [("before_step", False), ("after_step", False), ("after_commit", True)],
)
def test_a_web_server_killed_in_the_middle_of_a_decision_decides_once(
    a_market: Market,
    a_submitted_application: int,
    redis_url: str,
    tmp_path: Path,
    failpoint: str,
    committed: bool,
) -> None:
    a_market.clock.set(datetime.now(UTC))
    member = a_market.holders["province"].members[0]
    token = make_token_for_member(a_market.ctx, member, (), 1, "test")
    key = a_market.key(a_submitted_application)
    log = tmp_path / "web.log"

    # Which commit of the request is the decision's: the first after which a decision is there.
    for passing in range(1, 9) if committed else (1,):
        armed = web(a_market, redis_url, log, f"{failpoint}:{passing}")
        with armed as address, pytest.raises(GONE):
            approve(address, token, a_submitted_application, key)
        decided = a_market.instance(a_submitted_application)["status"] == "ended"
        if decided:
            break
    assert decided == committed, log.read_text()[-2000:]

    with web(a_market, redis_url, log) as address:
        status, answer = approve(address, token, a_submitted_application, key)
        assert (status, answer["replayed"]) == (200, committed)
        again = approve(address, token, a_submitted_application, key)
        assert again == (200, answer | {"replayed": True})
    assert a_market.held(a_market.account("registry", "surrender")) == 250
    assert a_market.rows(
        "SELECT count(*) FROM workflow.decision WHERE element_id = 'review_surrender'"
    ) == [(1,)]
    assert verify(a_market.ctx.database).ok
