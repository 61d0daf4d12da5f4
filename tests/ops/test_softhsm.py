"""SoftHSM is found, fetched without root, and named where it is not."""

import _ctypes
import os
import subprocess
import sys

import pytest

from ops import softhsm
from ops.servers import ROOT

A_LIBRARY = _ctypes.__file__
TESTS = "tests/usbkey/test_pins.py", "tests/usbkey/test_token.py"


def run_without(**more):
    """A run of two files of tests on a machine without SoftHSM."""
    env = {name: value for name, value in os.environ.items() if name != "NOTHING_LEFT_OUT"}
    env |= {"SOFTHSM2_MODULE": "/nowhere/libsofthsm2.so", **more}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run(
        [*command, *TESTS], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


def test_without_it_a_run_names_what_it_left_out():
    ended = run_without()

    assert ended.returncode == 0, ended.stdout
    assert "Left out: tests with a token" in ended.stdout
    assert softhsm.GET_SOFTHSM in ended.stdout


def test_where_nothing_may_be_left_out_the_run_fails():
    assert run_without(NOTHING_LEFT_OUT="1").returncode == 1


@pytest.fixture
def a_machine_without_root(tmp_path, monkeypatch):
    """apt-get knows one package, dpkg unpacks it; nothing is installed."""
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.delenv("SOFTHSM2_MODULE", raising=False)
    monkeypatch.setattr(softhsm, "UNPACKED", tmp_path / "softhsm")
    monkeypatch.setattr(softhsm, "PLACES", ("usr/lib/*/softhsm/of-this-test.so",))
    monkeypatch.setattr(softhsm.os, "geteuid", lambda: 1000)

    def tool(name, script):
        (tools / name).write_text(f"#!/bin/sh\nset -e\n{script}\n")
        (tools / name).chmod(0o755)

    tool("apt-get", 'test "$2" = download; touch "$3_1_all.deb"')
    return tool


def test_without_root_it_is_unpacked_under_var(a_machine_without_root, capfd):
    place = "usr/lib/here/softhsm"
    a_machine_without_root(
        "dpkg", f'mkdir -p "$3/{place}"; cp {A_LIBRARY} "$3/{place}/of-this-test.so"'
    )

    softhsm.get()

    assert softhsm.module() == softhsm.UNPACKED / place / "of-this-test.so"
    assert not list(softhsm.UNPACKED.glob("*.deb"))
    assert capfd.readouterr().err == ""


def test_what_cannot_be_loaded_is_not_kept(a_machine_without_root, capfd):
    a_machine_without_root(
        "dpkg", 'mkdir -p "$3/usr/lib/x/softhsm"; echo no > "$3/usr/lib/x/softhsm/of-this-test.so"'
    )

    softhsm.get()

    assert softhsm.module() is None
    assert not softhsm.UNPACKED.exists()
    assert "sudo apt-get install -y softhsm2" in capfd.readouterr().err


def test_where_nothing_works_the_one_command_is_named(a_machine_without_root, capfd):
    a_machine_without_root("apt-get", "exit 100")

    softhsm.get()

    assert softhsm.module() is None
    assert "sudo apt-get install -y softhsm2" in capfd.readouterr().err
