import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from app.embedded import EmbeddedPostgres, EmbeddedValkey, hold, postgres_programs
from app.errors import Unavailable
from app.supervisor import spawn

ROOT = Path(__file__).parents[2]
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL needs another user only under root")


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One for all tests: whoever stops it starts it again."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), options={"fsync": "off"})
    try:
        server.start()
        yield server
    finally:
        server.destroy()


def client(valkey: EmbeddedValkey) -> redis.Redis:
    return redis.Redis.from_url(valkey.url)


def value_of(valkey: EmbeddedValkey, name: str) -> object:
    with client(valkey) as connection:
        return connection.get(name)


def test_valkey_keeps_what_it_was_told_when_it_is_killed(valkey: EmbeddedValkey) -> None:
    with client(valkey) as connection:
        connection.set("job", "revoke")
    valkey.kill()
    assert not valkey.answers()
    valkey.start()
    assert value_of(valkey, "job") == b"revoke"


def test_valkey_keeps_what_it_was_told_when_it_is_stopped(valkey: EmbeddedValkey) -> None:
    with client(valkey) as connection:
        connection.set("job", "revoke")
    valkey.stop()
    valkey.start()
    assert value_of(valkey, "job") == b"revoke"


def test_valkey_listens_on_no_port_and_its_socket_is_private(valkey: EmbeddedValkey, tmp_path: Path) -> None:
    with client(valkey) as connection:
        settings = connection.config_get()
    assert settings["port"] == "0"
    assert settings["appendonly"] == "yes"
    assert settings["maxmemory-policy"] == "noeviction"
    assert (tmp_path / "valkey").stat().st_mode & 0o077 == 0
    assert Path(settings["unixsocket"]).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("folder", ["a folder with spaces %20", "f" * 120])
def test_valkey_starts_in_a_folder_of_any_name(tmp_path: Path, folder: str) -> None:
    with EmbeddedValkey(tmp_path / folder) as valkey, client(valkey) as connection:
        socket = Path(connection.config_get("unixsocket")["unixsocket"])
        assert socket.parent.stat().st_mode & 0o077 == 0
    assert any((tmp_path / folder).iterdir())
    shutil.rmtree(socket.parent)


def test_the_same_folder_has_the_same_address_each_time(tmp_path: Path) -> None:
    deep = tmp_path / ("f" * 120)
    assert EmbeddedValkey(deep).url == EmbeddedValkey(deep).url != EmbeddedValkey(tmp_path).url


def test_a_second_valkey_on_a_folder_is_refused_and_the_first_goes_on(
    valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match="runs already"):
        EmbeddedValkey(tmp_path / "valkey").start()
    assert valkey.answers()


def test_a_supervisor_can_run_valkey(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path)
    child = valkey.child()
    assert child.serves
    process = spawn(child)
    try:
        while not valkey.answers():
            assert process.poll() is None
        process.terminate()
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()


def test_a_server_that_cannot_start_says_its_last_words(tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    (folder / "appendonlydir").mkdir(parents=True)
    (folder / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(Unavailable, match=r"^the embedded Valkey did not start: .+valkey\.log\)$") as caught:
        EmbeddedValkey(folder).start()
    assert "\n" not in str(caught.value)


def test_without_any_server_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    """In a Python without our libraries, and with an empty PATH."""
    code = (
        "import pathlib, sys; sys.path[:0] = sys.argv[2:]\n"
        "import structlog\n"
        "from app.embedded import EmbeddedPostgres, EmbeddedValkey\n"
        "from app.errors import Unavailable\n"
        "import importlib.util; importlib.util.find_spec = lambda name: None\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "for server in (EmbeddedValkey(folder), EmbeddedPostgres(folder, version=99)):\n"
        "    try: server.child()\n"
        "    except Unavailable as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(ROOT)],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("no valkey-server or redis-server is on this machine; set REDIS_URL, or install")
    assert second.startswith("no PostgreSQL 99 is on this machine; install breakglass with its extra")


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "valkey").symlink_to(elsewhere)
    with pytest.raises(Unavailable, match="belongs to somebody else; remove it"):
        EmbeddedValkey(tmp_path / "valkey").start()
    assert not list(elsewhere.iterdir())


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=r"^the folder .* cannot be made: (Not a directory|File exists)$"):
        EmbeddedValkey(tmp_path / "file" / "valkey").start()


def test_one_folder_is_held_by_one_process(tmp_path: Path) -> None:
    code = "import sys, pathlib, app.embedded as e\nwith e.hold(pathlib.Path(sys.argv[1])): print('held')"
    argv = [sys.executable, "-c", code, str(tmp_path / "state")]
    with hold(tmp_path / "state"):
        second = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        assert second.returncode == 1
        assert "another breakglass runs on" in second.stderr
    third = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert third.stdout == "held\n"


def test_postgres_is_prepared_by_sql_and_lets_people_in_by_name(postgres: EmbeddedPostgres) -> None:
    postgres.run(["CREATE ROLE ada LOGIN", "CREATE DATABASE orders"])
    postgres.run(["CREATE TABLE orders (id int)", "GRANT SELECT ON orders TO ada"], dbname="orders")
    with psycopg.connect(postgres.dsn(user="ada", dbname="orders")) as connection:
        assert connection.execute("SELECT current_user, count(*) FROM orders").fetchone() == ("ada", 0)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO orders VALUES (1)")


def test_postgres_listens_on_a_private_socket_alone(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.dsn()) as connection:
        shown = connection.execute("SHOW listen_addresses").fetchone()
        folder = connection.execute("SHOW unix_socket_directories").fetchone()
    assert shown == ("",)
    assert folder
    assert Path(folder[0]).stat().st_mode & 0o077 == 0


def test_postgres_keeps_what_it_was_told_when_it_is_killed(postgres: EmbeddedPostgres) -> None:
    postgres.run(["CREATE TABLE kept (id int)"])
    postgres.kill()
    assert not postgres.answers()
    postgres.start()
    postgres.run(["SELECT * FROM kept"])


def test_postgres_stops_though_somebody_is_connected(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.dsn()):
        postgres.stop()
        assert not postgres.answers()
    postgres.start()


@pytest.mark.parametrize("version", sorted(postgres_programs()))
def test_every_postgres_of_this_machine_can_be_embedded(tmp_path: Path, version: int) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", version=version, options={"fsync": "off"})
    try:
        server.start()
        with psycopg.connect(server.dsn()) as connection:
            assert connection.info.server_version // 10_000 == version
    finally:
        server.destroy()


def test_the_two_versions_that_come_along_are_there() -> None:
    assert {16, 18} <= set(postgres_programs())


@root_only
def test_root_hands_postgres_to_somebody_with_fewer_rights(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.dsn()) as connection:
        pid = connection.info.backend_pid
        assert Path(f"/proc/{pid}").stat().st_uid not in (0, None)


@root_only
def test_programs_that_only_root_can_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = next(folder for folder in postgres_programs().values() if "pgserver" in str(folder)).parents[1]
    hidden = tmp_path / "site"
    shutil.copytree(package, hidden / package.name, ignore=shutil.ignore_patterns("pginstall", "include"))
    shutil.copytree(package.with_name(f"{package.name}.libs"), hidden / f"{package.name}.libs")
    hidden.chmod(0o700)
    monkeypatch.syspath_prepend(hidden)
    server = EmbeddedPostgres(tmp_path / "postgres", version=18, options={"fsync": "off"})
    try:
        assert postgres_programs()[18].is_relative_to(hidden)
        server.start()
        assert not str(server.child().argv[0]).startswith(str(hidden))
        server.run(["SELECT 1"])
    finally:
        server.destroy()
