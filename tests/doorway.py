"""The way from the bot to a target, which a test can shut, or leave open with nobody behind it."""

import contextlib
import socket
import tempfile
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg

from tests.house import Target


class Doorway:
    """A folder with the target's socket in it, as the bot's DSN names it. ``knocks`` counts who came while it hung."""

    def __init__(self, target: Target) -> None:
        self._target = target
        real = parse_qs(urlsplit(target.server.dsn()).query)["host"][0]
        self._real = next(Path(real).glob(".s.PGSQL.*[0-9]"))
        self._folder = Path(tempfile.mkdtemp(prefix="door"))
        self._listener: socket.socket | None = None
        self.knocks = 0
        self.open()

    @property
    def dsn(self) -> str:
        """The bot's way in."""
        return f"postgresql://bot@/{self._target.name}?{urlencode({'host': str(self._folder)})}"

    @property
    def _door(self) -> Path:
        return self._folder / self._real.name

    def open(self) -> None:
        """The target answers (again)."""
        self._take_away()
        self._door.symlink_to(self._real)

    def shut(self) -> None:
        """Nobody is there: what is connected is cut off, and nobody gets in."""
        self._take_away()
        query = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bot' AND datname = %s"
        )
        with psycopg.connect(self._target.server.dsn()) as connection:
            connection.execute(query, [self._target.name])

    def hang(self) -> None:
        """Somebody is there, takes every connection, and never says a word."""
        self.shut()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._door))
        self._listener.listen(100)
        threading.Thread(target=self._let_them_wait, args=(self._listener,), daemon=True).start()

    def _let_them_wait(self, listener: socket.socket) -> None:
        held = []
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                break
            self.knocks += 1
        for connection in held:
            connection.close()

    def _take_away(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self._door.unlink(missing_ok=True)

    def close(self) -> None:
        """Nobody comes any more."""
        self._take_away()
        self._folder.rmdir()
