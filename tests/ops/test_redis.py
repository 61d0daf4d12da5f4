"""The embedded Redis."""

import os
import signal
import socket

import pytest
import redis as client_library

from ops import process
from ops.redis import Redis


def client(url: str) -> client_library.Redis:
    return client_library.Redis.from_url(url)


def test_it_starts_in_a_path_with_spaces_behind_a_password(redis):
    url = redis.start()
    with client(url) as ours:
        assert ours.info("server")["redis_version"] >= "6"
    port = url.rsplit(":", 1)[1].split("/")[0]
    stranger = client(f"redis://127.0.0.1:{port}/0")
    with stranger, pytest.raises(client_library.AuthenticationError):
        stranger.ping()


def test_it_keeps_its_port_unless_somebody_took_it(redis):
    first = redis.start()
    redis.stop()
    assert redis.running() is None
    assert Redis(redis.folder.parent).start() == first
    redis.stop()
    port = int(first.rsplit(":", 1)[1].split("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        assert redis.start() != first


def test_after_kill_9_it_starts_again_empty(redis):
    url = redis.start()
    with client(url) as ours:
        ours.set("job", "lost")
    pid = redis.running()
    os.kill(pid, signal.SIGKILL)
    process.wait_until_gone(pid, 5)
    with client(redis.start()) as ours:
        assert ours.get("job") is None
