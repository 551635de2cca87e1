"""A real MariaDB for tests: private, in a folder of its own, gone afterwards (see ``tests.servers``)."""

import atexit
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from typing import Any

import pymysql

from tests.certificates import write_certificates
from tests.servers import NoServer, _as_ordinary_user, _free_port, _new_folder, _Tied, wait_until

_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin"
_FAST = (
    "--innodb-buffer-pool-size=8M",
    "--innodb-log-file-size=4M",
    "--innodb-flush-log-at-trx-commit=0",
    "--performance-schema=OFF",
    "--skip-log-bin",
    "--aria-pagecache-buffer-size=8M",
    "--key-buffer-size=1M",
    "--skip-name-resolve",
)
_RIGHTS = ("global_priv", "db", "tables_priv", "columns_priv", "procs_priv", "roles_mapping")


class MariaDbServer:
    """One server, on a socket and on loopback with a certificate by ``ca``; ``root`` has no password."""

    def __init__(self, *more: str) -> None:
        """``more``: further options, such as ``--version=8.0.36`` for one that calls itself so."""
        self._more = more
        self._program = _program("mariadbd")
        self._folder = _new_folder("maria")
        self.port = _free_port()
        self.socket = str(self._folder / "sock")
        self.ca = write_certificates(self._folder)
        self._process = _Tied("KILL")
        self._install()
        self.start()

    def _install(self) -> None:
        if user := _as_ordinary_user():
            for path in self._folder.rglob("*"):
                shutil.chown(path, user["user"], user["group"])
        options = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        command = [
            _program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self._folder}/data",
            f"--tmpdir={self._folder}",  # in /tmp, somebody else's cleaning takes its tables away
            *options,
        ]
        made = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self._folder, **_as_ordinary_user()
        )
        assert made.returncode == 0, f"{made.stdout}{made.stderr}"[-4_000:]

    def start(self) -> None:
        own = self._folder
        options = [
            "--no-defaults",
            f"--datadir={own}/data",
            f"--tmpdir={own}",
            f"--socket={self.socket}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--ssl-ca={own}/ca.pem",
            f"--ssl-cert={own}/server.pem",
            f"--ssl-key={own}/server.key",
            f"--pid-file={own}/pid",
        ]
        self._process.start([self._program, *options, *_FAST, *self._more], own)
        wait_until(self._answers, 60, f"MariaDB starting in {own}")

    def _answers(self) -> bool:
        self._process.check_alive(self._folder)
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(self.socket)  # the library leaves its own open where nobody listens
            return probe.recv(1) != b""
        return False

    def session(self, user: str, password: str = "") -> "pymysql.Connection[Any]":
        """A connection of that account, on the socket."""
        return pymysql.connect(unix_socket=self.socket, user=user, password=password, autocommit=True)

    def run(self, *statements: str) -> list[Any]:
        """Execute each as root; the rows of the last."""
        with self.session("root") as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def remember(self) -> None:
        """The accounts and rights as they are now, for ``restore``."""
        self.run("CREATE DATABASE remembered")
        for table in _RIGHTS:
            self.run(f"CREATE TABLE remembered.{table} ENGINE=MyISAM AS SELECT * FROM mysql.{table}")  # noqa: S608 - constants

    def restore(self) -> None:
        """Only what differs is written: each change of an account costs this server a dozen waits for the disk."""
        pairs = ", ".join(f"mysql.{table}, remembered.{table}" for table in _RIGHTS)
        sums = [value for _, value in self.run(f"CHECKSUM TABLE {pairs} EXTENDED")]
        changed = [t for t, now, then in zip(_RIGHTS, sums[::2], sums[1::2], strict=True) if now != then]
        for table in changed:
            again = f"INSERT INTO mysql.{table} SELECT * FROM remembered.{table}"  # noqa: S608 - constants
            self.run(f"DELETE FROM mysql.{table}", again)  # noqa: S608 - constants
        if changed:
            self.run("FLUSH PRIVILEGES")

    def close(self) -> None:
        self._process.stop(signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)


def start_mariadb(*more: str) -> MariaDbServer:
    """A new, empty server; ``NoServer`` where there is none. ``close()`` it; at exit it closes itself."""
    server = MariaDbServer(*more)
    atexit.register(server.close)
    return server


def needs_mariadb() -> None:
    """Raises ``NoServer`` where its programs are not on this machine."""
    _program("mariadbd")
    _program("mariadb-install-db")


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_PATH)
    if found is None:
        message = f"no {name} on this machine (Debian: mariadb-server)"
        raise NoServer(message)
    return found
