"""The commands behind make, from outside."""

import os
import socket
import subprocess
import sys

import pytest

from ops import bootstrap
from ops.servers import ROOT, HalfNamedError, outside_postgres, running


def command(*arguments, var, **extra):
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=env | {"REGISTRY_VAR": str(var)} | extra,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_busy_port_is_named_with_the_way_out(open_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = command("ops.run", var=open_folder / "var", PORT=port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} is in use. Choose another: make run PORT=")
    assert not (open_folder / "var" / "postgres").exists()


@pytest.mark.parametrize("wrong", ["eight", "0", "65536", "-1"])
def test_a_port_that_is_none_gets_a_plain_message(open_folder, wrong):
    done = command("ops.run", var=open_folder / "var", PORT=wrong)
    assert (done.returncode, "is not a port" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_command_gets_servers_and_its_stdout_stays_its_own(open_folder):
    program = "import os; print(os.environ['DATABASE_URL'][:26], os.environ['REDIS_URL'][:8])"
    done = command("ops.serve", "python", "-c", program, var=open_folder / "var")
    assert done.stdout == "postgresql://registry_app: redis://\n"
    pid_file = open_folder / "var" / "postgres" / "data" / "postmaster.pid"
    assert not pid_file.exists(), "the last who used the servers stops them"


def test_a_commands_exit_code_is_handed_on(open_folder):
    env = {"DATABASE_URL": "postgresql://a@/x", "MIGRATION_DATABASE_URL": "postgresql://o@/x"}
    exits = ("python", "-c", "raise SystemExit(7)")
    done = command("ops.serve", *exits, var=open_folder / "var", REDIS_URL="redis://x", **env)
    assert done.returncode == 7


def test_named_servers_are_used_instead_of_the_embedded_ones(open_folder, monkeypatch):
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, f"somewhere://{name.lower()}")
    with running(open_folder / "var") as env:
        assert env["DATABASE_URL"] == "somewhere://database_url"
        assert env["REDIS_URL"] == "somewhere://redis_url"
    assert not (open_folder / "var" / "postgres").exists()


def test_one_named_role_without_the_other_is_refused():
    with pytest.raises(HalfNamedError, match="MIGRATION_DATABASE_URL is not"):
        outside_postgres({"DATABASE_URL": "postgresql://registry_app@/registry"})


def test_a_demo_keeps_its_secret_and_production_gets_none_made(open_folder, monkeypatch):
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, "somewhere://else")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("REGISTRY_ENV", raising=False)
    with running(open_folder / "var") as first, running(open_folder / "var") as second:
        assert first["SECRET_KEY"] == second["SECRET_KEY"]
        assert (len(first["SECRET_KEY"]), first["REGISTRY_ENV"]) == (64, "demo")
    monkeypatch.setenv("REGISTRY_ENV", "production")
    with running(open_folder / "var") as env:
        assert "SECRET_KEY" not in env


def test_setup_that_may_not_install_names_the_one_command(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetupError, match="sudo apt-get install -y python3-venv"):
        bootstrap.apt_install(["python3-venv"], "to make a virtual environment")


def test_the_wheels_node_runs_and_bundles():
    done = subprocess.run(
        [bootstrap._node() / "bin" / "node", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("v24")


def test_every_locked_package_carries_a_hash_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    for entry in lock.replace("\\\n", "").splitlines():
        assert entry.startswith("#") or "--hash=sha256:" in entry
