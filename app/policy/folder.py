"""Where the texts of a folder come from: the disk, refusing what is not plainly the folder's own."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Protocol

from app.policy.names import Wrong
from app.policy.yaml_text import MAX_BYTES

SETTINGS = "settings.yaml"
MOST_FILES = 2_000
MOST_BYTES = 32 * MAX_BYTES
"""Of a whole folder: what is larger is no policies, and would keep the loader from those that are."""


class Texts(Protocol):
    """Files by their path inside the folder."""

    def names(self) -> Iterable[str]:
        """The YAML files at the top, and what is named so nearly like one that it would be missed."""

    def read(self, name: str) -> str:
        """One file's text; raises ``Wrong``."""


class Stored:
    """Texts that were read before."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def names(self) -> Iterable[str]:
        """Those at the top."""
        return [name for name in self.files if "/" not in name and name.endswith(".yaml")]

    def read(self, name: str) -> str:
        """One of them."""
        if name not in self.files:
            what = f"there is no file `{name}`"
            raise Wrong(what, "")
        return self.files[name]


class Disk:
    """A folder on this machine. Rights are those of the file that was opened, not of its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._left = MOST_BYTES

    def refuse(self) -> None:
        """Raises ``Wrong`` where the folder itself cannot be trusted."""
        if not self.folder.is_dir():
            what = f"there is no folder `{self.folder}`"
            raise Wrong(what, "set BREAKGLASS_POLICIES to the folder that holds settings.yaml")
        _refuse_world_writable(self.folder.stat().st_mode, "the folder")
        if len(list(islice(self._yaml(), MOST_FILES + 1))) > MOST_FILES:
            what = f"the folder holds more than {MOST_FILES} policies"
            raise Wrong(what, "is this the right folder? see BREAKGLASS_POLICIES")

    def names(self) -> Iterable[str]:
        """Visible files at the top that end in .yaml or .yml, sorted."""
        return sorted(self._yaml())

    def _yaml(self) -> Iterator[str]:
        found = (path.name for path in self.folder.iterdir() if path.suffix in {".yaml", ".yml"})
        return (name for name in found if not name.startswith("."))

    def read(self, name: str) -> str:
        """One regular file inside the folder, at most 1 MiB of UTF-8."""
        data = self._bytes(self._inside(name), name)
        if len(data) > MAX_BYTES:
            what = f"`{name}` is larger than 1 MiB"
            raise Wrong(what, "a policy needs a few kB")
        self._left -= len(data)
        if self._left < 0:
            what = f"the folder's files are together larger than {MOST_BYTES // MAX_BYTES} MiB"
            raise Wrong(what, "a policy needs a few kB")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            what = f"`{name}` is not UTF-8 (byte {error.start + 1})"
            raise Wrong(what, "save it as UTF-8") from None

    def _inside(self, name: str) -> Path:
        root = self.folder.resolve()
        try:
            real = (self.folder / name).resolve(strict=True)
        except (OSError, RuntimeError):
            what = f"there is no file `{name}`"
            raise Wrong(what, "check its name, or the link's target") from None
        if not real.is_relative_to(root):
            what = f"`{name}` is a link that leaves the folder"
            raise Wrong(what, "put the file itself here")
        for parent in real.relative_to(root).parents:
            _refuse_world_writable((root / parent).stat().st_mode, f"the folder `{parent}`")
        return real

    @staticmethod
    def _bytes(path: Path, name: str) -> bytes:
        try:
            # Not blocking: a pipe in the folder must not hold up the loader.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            what = f"`{name}` cannot be read"
            raise Wrong(what, "check its rights") from None
        try:
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                what = f"`{name}` is not a regular file"
                raise Wrong(what, "put a file here")
            _refuse_world_writable(mode, f"`{name}`")
            with open(handle, "rb", closefd=False) as file:
                return file.read(MAX_BYTES + 1)
        finally:
            os.close(handle)


def _refuse_world_writable(mode: int, what: str) -> None:
    if mode & stat.S_IWOTH:
        message = f"{what} can be written by everybody on this machine"
        raise Wrong(message, "chmod o-w: whoever writes here decides who may break the glass")
