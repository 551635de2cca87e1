"""Connections to one MySQL or MariaDB server: few, kept, and bounded in time whatever the server does.

PyMySQL's own time-outs begin anew with each byte, and it looks names up without any: it is given a socket of ours,
and reads and writes within what is left. This is the only module that knows the library.
"""

import ipaddress
import select
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from pymysql import err
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from app.errors import ConnectorError
from connectors.deadline import within
from connectors.pool import Pool

_MAX_SENTENCE = 200
_LOST = frozenset({0, 2002, 2003, 2006, 2013, 2014, 2027})
"""Codes of the client, not of the server: no answer, or half of one."""
_PASSING = frozenset(
    {1040, 1053, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1290, 1317, 1836, 1927, 1969, 3024}
)
"""Too many connections, shutting down, locks, read-only, out of time: another try may work without a human."""
DENIED = frozenset({1044, 1142, 1143, 1227, 1370, 1698})
"""The bot lacks a right."""
NOT_GRANTED = frozenset({1141, 1962, 3530})
_NO_ANSWER = (OSError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError, struct.error)
"""What the library raises where the other side says what no such server says."""
UNKNOWN_THREAD, NOT_THE_OWNER = 1094, 1095
_CONNECT_FAULTS: Mapping[int, tuple[str, bool]] = {
    1040: ("has no connection to spare", False),
    1044: ("does not let the bot in", True),
    1045: ("refuses the bot's name or password", True),
    1129: ("does not let anybody in from here after too many faults (FLUSH HOSTS)", True),
    1130: ("does not let the bot in from here", True),
    1820: ("wants the bot to change its password", True),
    1862: ("says that the bot's password has expired", True),
    2026: ("and the bot cannot agree about TLS", True),
    3118: ("says that the bot's account is locked", True),
    3159: ("lets nobody in without TLS", True),
    4151: ("says that the bot's account is locked", True),
}


@dataclass(frozen=True, slots=True)
class Login:
    """Where to, and as whom. ``tls`` None: in the clear, which reaches this very machine alone."""

    host: str
    port: int
    socket: str | None
    user: str
    password: str
    tls: ssl.SSLContext | None

    def __repr__(self) -> str:
        """Without the password."""
        return f"Login({self.user!r})"


class SqlError(ConnectorError):
    """The server said no; ``code`` says which no."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, permanent=code not in _PASSING)
        self.code = code


if TYPE_CHECKING:
    _Connection = Connection[DictCursor]  # the class itself knows no type of rows
else:
    _Connection = Connection


class _Bounded(_Connection):
    """A connection on which nothing waits past ``ends`` (monotonic seconds), not even byte by byte."""

    ends = 0.0

    def _read_bytes(self, num_bytes: int) -> bytes:
        data = b""
        raw: Any = self
        while len(data) < num_bytes:
            self._patience()
            try:
                more = raw._rfile.read1(num_bytes - len(data))  # noqa: SLF001 - our own parent's
            except OSError:
                more = b""
            if not more:
                raw._force_close()  # noqa: SLF001
                raise err.OperationalError(2013, "lost")
            data += more
        return data

    def _write_bytes(self, data: bytes) -> None:
        self._patience()
        raw: Any = self
        try:
            raw._sock.sendall(data)  # noqa: SLF001
        except OSError:
            raw._force_close()  # noqa: SLF001
            raise err.OperationalError(2006, "lost") from None

    def _patience(self) -> None:
        left = self.ends - monotonic()
        raw: Any = self
        if left <= 0 or raw._sock is None:  # noqa: SLF001
            raw._force_close()  # noqa: SLF001
            raise err.OperationalError(2013, "late")
        raw._sock.settimeout(left)  # noqa: SLF001


class Link:
    """The pool of connections; what goes wrong while one is opened comes out as ``ConnectorError``."""

    def __init__(self, name: str, login: Login, *, deadline: float, size: int) -> None:
        self._name = name
        self._login = login
        self._seconds = deadline
        self._pool = Pool(name, self._connect, deadline=deadline, size=size)

    def use(self) -> AbstractContextManager["Session"]:
        """A connection of one's own for a while; every fault comes out as ``ConnectorError``."""
        return self._pool.use()

    def close(self) -> None:
        """Close the connections. A later use opens them anew."""
        self._pool.close()

    def _connect(self, ends: float) -> "Session":
        reached = self._reach(ends)
        try:
            connection = self._greeted(reached, ends)
        except BaseException:
            reached.close()
            raise
        return Session(self._name, connection)

    def _greeted(self, reached: socket.socket, ends: float) -> _Bounded:
        login = self._login
        connection = _Bounded(
            host=login.host,
            user=login.user,
            password=login.password,
            charset="utf8mb4",
            sql_mode="",
            init_command=f"SET SESSION lock_wait_timeout={max(1, int(self._seconds) // 2)}",
            autocommit=True,
            cursorclass=DictCursor,
            defer_connect=True,
            ssl=login.tls,
            ssl_disabled=login.tls is None,
            client_flag=0,
        )
        connection.ends = ends
        try:
            connection.connect(reached)
        except (err.Error, *_NO_ANSWER) as error:
            raise self._not_connected(error, ends) from None
        return connection

    def _reach(self, ends: float) -> socket.socket:
        try:
            if self._login.socket:
                return _connected(socket.AF_UNIX, self._login.socket, ends)
            return self._over_the_network(ends)
        except TimeoutError:
            message = f"{self._name} did not answer in time"
        except socket.gaierror:
            message = f"{self._name} has a name that cannot be looked up"
        except (OSError, UnicodeError):
            message = f"{self._name} refused the connection"
        raise ConnectorError(message)

    def _over_the_network(self, ends: float) -> socket.socket:
        place = (self._login.host, self._login.port)
        found = within(
            max(0.0, ends - monotonic()), lambda: socket.getaddrinfo(*place, type=socket.SOCK_STREAM)
        )
        refused: OSError = ConnectionRefusedError()
        for family, _, _, _, address in found:
            here = ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
            if self._login.tls is None and not here:
                message = f"{self._name} is not this machine, and nothing is said to another in the clear"
                raise ConnectorError(message, permanent=True)
            try:
                connection = _connected(family, address, ends)
            except OSError as error:
                refused = error
            else:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
        raise refused

    def _not_connected(self, error: BaseException, ends: float) -> ConnectorError:
        cause = getattr(error, "original_exception", error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            message = f"{self._name} shows a certificate that is not accepted ({cause.verify_message})"
            return ConnectorError(message, permanent=True)
        code = _code(error)
        if code in _CONNECT_FAULTS:
            words, permanent = _CONNECT_FAULTS[code]
            return ConnectorError(f"{self._name} {words}", permanent=permanent)
        if code not in _LOST:
            return ConnectorError(f"{self._name} does not let the bot in (error {code})", permanent=True)
        late = monotonic() >= ends
        return ConnectorError(f"{self._name} {'did not answer in time' if late else 'cannot be reached'}")


class Session:
    """What may be said on one connection. Faults of the server come out as ``ConnectorError``."""

    def __init__(self, name: str, connection: _Bounded) -> None:
        self._name = name
        self._connection = connection
        self.broken = False
        raw: Any = connection
        version = str(raw.server_version)
        self.is_mariadb = "mariadb" in version.casefold()
        self.version = _version(version)

    def bound(self, ends: float) -> None:
        """Everything said from now on is over at ``ends``."""
        self._connection.ends = ends

    def has_something_to_say(self) -> bool:
        """While nobody asked."""
        raw: Any = self._connection
        poll = select.poll()
        poll.register(raw._sock.fileno(), select.POLLIN | select.POLLHUP)  # noqa: SLF001
        return bool(poll.poll(0))

    def close(self) -> None:
        """Hang up, without a word: nobody waits for one."""
        raw: Any = self._connection
        raw._force_close()  # noqa: SLF001

    def seconds_left(self) -> float:
        """Until the deadline of this use."""
        return max(0.0, self._connection.ends - monotonic())

    def rows(self, question: str, *values: object) -> Sequence[Mapping[str, Any]]:
        """The rows by the names of their columns. For questions: a fault is never unclear."""
        with self._translated(unclear=False), self._connection.cursor() as cursor:
            cursor.execute(question, values or None)
            return list(cursor.fetchall())

    def act(self, statement: str) -> None:
        """Execute what changes something and may be repeated; a fault is unclear where the answer is lost."""
        with self._translated(unclear=True), self._connection.cursor() as cursor:
            cursor.execute(statement)

    @contextmanager
    def _translated(self, *, unclear: bool) -> Iterator[None]:
        self.broken = True
        try:
            yield
        except err.Error as error:
            code = _code(error)
            if code in _LOST:
                late = self.seconds_left() <= 0
                message = f"{self._name} {'did not answer in time' if late else 'lost the connection'}"
                raise ConnectorError(message, unclear=unclear) from None
            self.broken = False
            words = " ".join(str(error.args[1] if len(error.args) > 1 else "").split())[:_MAX_SENTENCE]
            message = f"{self._name}: {words} (error {code})"
            raise SqlError(message, code) from None
        except UnicodeError:
            message = f"{self._name} cannot be asked about a name that is no text"
            raise ConnectorError(message, permanent=True) from None
        except _NO_ANSWER:
            message = f"{self._name} said something that is no answer"
            raise ConnectorError(message, unclear=unclear) from None
        self.broken = False


def _connected(family: socket.AddressFamily, address: Any, ends: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(max(0.001, ends - monotonic()))
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _code(error: BaseException) -> int:
    """0: none, so that it is the library's own."""
    first = error.args[0] if isinstance(error, err.Error) and error.args else 0
    return first if isinstance(first, int) else 0


def _version(text: str) -> tuple[int, int]:
    """``5.5.5-10.11.4-MariaDB`` is 10.11: the front is for old replicas."""
    parts = text.removeprefix("5.5.5-").split("-")[0].split(".")
    numbers = [int(part) for part in parts[:2] if part.isdecimal()]
    return (numbers[0], numbers[1]) if len(numbers) > 1 else (0, 0)
