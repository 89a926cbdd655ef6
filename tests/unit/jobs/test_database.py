from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from workstation.jobs import database
from workstation.jobs.database import NewerSchema, is_damaged, open_database, transaction

FIRST = "CREATE TABLE one (a);\nCREATE TRIGGER t AFTER INSERT ON one BEGIN\n  DELETE FROM one;\nEND;\n"
SECOND = "CREATE TABLE two (b);"


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_migrations_are_applied_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(open_database(path, [FIRST], "NORMAL")) as connection:
        assert tables(connection) == {"one"}
    with closing(open_database(path, [FIRST, SECOND], "NORMAL")) as connection:
        assert tables(connection) == {"one", "two"}
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    open_database(path, [FIRST], "NORMAL").close()

    with pytest.raises(sqlite3.OperationalError):
        open_database(path, [FIRST, SECOND, "CREATE TABLE one (a);"], "NORMAL")

    with closing(open_database(path, [FIRST], "NORMAL")) as connection:
        assert tables(connection) == {"one"}


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    open_database(path, [FIRST, SECOND], "FULL").close()

    with pytest.raises(NewerSchema):
        open_database(path, [FIRST], "FULL")


def test_a_read_only_connection_refuses_to_write(tmp_path: Path) -> None:
    with (
        closing(open_database(tmp_path / "x.sqlite", [FIRST], "NORMAL", read_only=True)) as connection,
        pytest.raises(sqlite3.OperationalError),
    ):
        connection.execute("INSERT INTO one VALUES (1)")


def test_a_transaction_is_rolled_back_on_any_exception(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "x.sqlite", [SECOND], "NORMAL")) as connection:
        with pytest.raises(KeyboardInterrupt), transaction(connection):
            connection.execute("INSERT INTO two VALUES (1)")
            raise KeyboardInterrupt
        assert connection.execute("SELECT count(*) FROM two").fetchone() == (0,)


def test_several_threads_may_make_the_same_new_file(tmp_path: Path) -> None:
    path, failures = tmp_path / "x.sqlite", []
    barrier = threading.Barrier(6)

    def opening() -> None:
        barrier.wait()
        try:
            open_database(path, [FIRST, SECOND], "NORMAL").close()
        except sqlite3.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=opening) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_switch_to_wal_waits_for_others_and_gives_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE x (a)")
        other.execute("BEGIN")
        other.execute("SELECT * FROM x").fetchall()
        monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
        with pytest.raises(sqlite3.OperationalError):
            open_database(path, [FIRST], "NORMAL")


def test_a_file_of_something_else_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"no database" * 200)

    with pytest.raises(sqlite3.DatabaseError) as caught:
        open_database(path, [FIRST], "NORMAL")

    assert is_damaged(caught.value)
    assert not is_damaged(sqlite3.Error())
