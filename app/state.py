"""``BREAKGLASS_STATE``: the few small files that a host keeps for the night on which its database is not there.

Nothing in them is ever the truth. They are read only where nobody but their owner could have written them.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

LARGEST = 64 * 1024 * 1024
_PRIVATE = 0o600
_OTHERS_MAY_WRITE = 0o022


class Untrusted(OSError):
    """A file that is there and may not be used: others could have written it, or it cannot be read."""


class StateFolder:
    """The folder; made, for its user alone, when the first file is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """What stands in a file, None where there is none; raises ``Untrusted``."""
        try:
            number = os.open(self.folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Untrusted(f"{self.folder / name} cannot be read ({error.strerror})") from None
        with open(number, "rb") as file:  # noqa: PTH123 - opened above, without following a link
            self._must_be_ours(name, os.fstat(number))
            return file.read(LARGEST)

    def _must_be_ours(self, name: str, found: os.stat_result) -> None:
        owners = {os.geteuid(), self.folder.stat().st_uid}
        why = None
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            why = "is no file of ours"
        elif found.st_uid not in owners or found.st_mode & _OTHERS_MAY_WRITE:
            why = "could have been written by others"
        if why:
            raise Untrusted(f"{self.folder / name} {why}")

    def replace(self, name: str, content: bytes) -> None:
        """Put that into a file, wholly or not at all, for its user alone; raises ``OSError``."""
        self._make()
        beside = self.folder / f".{name}.{os.getpid()}"
        number = os.open(
            beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, _PRIVATE
        )
        try:
            with open(number, "wb") as file:  # noqa: PTH123 - opened above, without following a link
                self._give_to_owner(number)
                file.write(content)
                file.flush()
                os.fsync(number)
            beside.replace(self.folder / name)
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def append(self, name: str, line: bytes) -> None:
        """One more line, on the disk when this returns; raises ``OSError``."""
        self._make()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        number = os.open(self.folder / name, flags, _PRIVATE)
        try:
            self._give_to_owner(number)
            os.write(number, line + b"\n")
            os.fsync(number)
        finally:
            os.close(number)

    def remove(self, name: str) -> None:
        """It is not there any more."""
        (self.folder / name).unlink(missing_ok=True)

    def written_at(self, name: str) -> datetime | None:
        """When it was last put there."""
        try:
            return datetime.fromtimestamp((self.folder / name).lstat().st_mtime, UTC)
        except OSError:
            return None

    def has(self, name: str) -> bool:
        """Whether there is something in that file."""
        try:
            return (self.folder / name).lstat().st_size > 0
        except OSError:
            return False

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Keep every other process of this host out of what goes by that name; raises ``OSError``."""
        self._make()
        number = os.open(
            self.folder / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _PRIVATE
        )
        try:
            self._give_to_owner(number)
            fcntl.flock(number, fcntl.LOCK_EX)
            yield
        finally:
            os.close(number)

    def _make(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _give_to_owner(self, number: int) -> None:
        """What root leaves here at a terminal, the service must be able to read."""
        owner = self.folder.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.fchown(number, owner.st_uid, owner.st_gid)
