"""What dies is started again."""

import os
import signal
import sys
import time

import psycopg2
import pytest

from ops.supervisor import Supervisor, postgres_part, program_part, redis_part


@pytest.fixture
def supervisor():
    made = Supervisor()
    yield made
    made.stop()


def watch_until(supervisor, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        supervisor.watch()


def sleeper(folder, seconds):
    code = f"import time; time.sleep({seconds})"
    return program_part(
        "Sleeper", [sys.executable, "-c", code], dict(os.environ), folder / "sleeper.log", folder
    )


def test_postgresql_killed_with_kill_9_comes_back_with_its_data(supervisor, postgres, capsys):
    part = postgres_part(postgres)
    supervisor.add(part)
    postgres.wait_ready(part.child)
    postgres.ensure_roles()
    session = psycopg2.connect(postgres.urls().owner)
    session.cursor().execute("CREATE TABLE kept ()")
    session.commit()
    first = postgres.running()
    os.kill(first, signal.SIGKILL)
    watch_until(supervisor, lambda: postgres.running() not in {None, first})
    postgres.wait_ready(part.child)
    session.close()
    after = psycopg2.connect(postgres.urls().owner)
    after.cursor().execute("TABLE kept")
    after.close()
    assert "PostgreSQL ended (killed by SIGKILL)" in capsys.readouterr().out


def test_redis_killed_with_kill_9_comes_back_on_its_port(supervisor, redis):
    redis.prepare()
    supervisor.add(redis_part(redis))
    redis.wait_ready(supervisor.parts[0].child)
    url, first = redis.url(), redis.running()
    os.kill(first, signal.SIGKILL)
    watch_until(supervisor, lambda: redis.running() not in {None, first})
    assert redis.url() == url


def test_a_program_that_keeps_dying_waits_longer_each_time(supervisor, open_folder, capsys):
    supervisor.add(sleeper(open_folder, 0))
    watch_until(supervisor, lambda: supervisor.parts[0].failures >= 3)
    told = capsys.readouterr().out
    assert all(f"again in {pause} s" in told for pause in ("0.5", "1", "2"))


def test_stopping_ends_every_process_that_a_part_started(supervisor, open_folder):
    supervisor.add(sleeper(open_folder, 60))
    pid = supervisor.parts[0].child.pid
    supervisor.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_runs_already_is_taken_over_and_left_running(supervisor, postgres):
    postgres.start()
    pid = postgres.running()
    supervisor.add(postgres_part(postgres))
    supervisor.watch()
    assert supervisor.parts[0].adopted == pid
    supervisor.stop()
    assert postgres.running() == pid
