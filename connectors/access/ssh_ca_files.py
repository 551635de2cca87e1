"""Files of the authority that several processes share: written whole or not at all, one change after the other."""

import contextlib
import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import ConnectorError
from connectors.access.ssh_ca_wire import Certificate, Malformed, certificate_of

_POLL_SECONDS = 0.02
_ENDING = "-cert.pub"


def write(path: Path, text: bytes, mode: int = 0o644) -> None:
    """All of it under that name, or what was there before; on the disk when this returns."""
    beside = path.with_name(f".{path.name[:64]}.{secrets.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """A name in a folder is on the disk once the folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and where it is kept."""

    path: Path
    certificate: Certificate


class Records:
    """Every certificate that was issued, a folder for each hold. ``OSError`` where the folder is not there."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self.folder = folder

    @contextlib.contextmanager
    def locked(self, ends: float, *, alone: bool) -> Iterator[None]:
        """Nobody changes anything meanwhile; ``alone``: nobody looks either. ``ConnectorError`` if not in time."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            how = (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB
            wait = threading.Event()
            while not _taken(handle, how):
                if time.monotonic() >= ends:
                    raise ConnectorError(
                        f"{self._name} is busy: another process has been at its files all the while"
                    )
                wait.wait(_POLL_SECONDS)
            yield
        finally:
            os.close(handle)

    def of(self, hold: str) -> list[Issued]:
        """Of one hold."""
        try:
            paths = sorted((self.folder / hold).iterdir())
        except FileNotFoundError:
            return []
        return [Issued(path, each) for path in paths if path.name.endswith(_ENDING) if (each := _read(path))]

    def all(self) -> list[tuple[str, Issued]]:
        """Of every hold, with its name."""
        holds = sorted(path.name for path in self.folder.iterdir() if path.is_dir())
        return [(hold, issued) for hold in holds for issued in self.of(hold)]

    def keep(self, hold: str, certificate: Certificate) -> Path:
        """Remember that one; the same serial again takes its place."""
        (self.folder / hold).mkdir(mode=0o755, exist_ok=True)
        path = self.folder / hold / f"{certificate.serial}{_ENDING}"
        write(path, f"{certificate.line}\n".encode())
        return path


def _taken(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> Certificate | None:
    """What is no certificate was not issued here."""
    try:
        return certificate_of(path.read_text(encoding="ascii", errors="replace"))
    except Malformed:
        return None
