"""Connections to one PostgreSQL server: few, kept, and bounded in time whatever the server does.

Not psycopg_pool: there a refused connection is a line in the log and a wait until the time is up; here the
caller, usually a revocation, hears at once what is wrong, and the next one tries at once.
"""

import math
import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, LiteralString

import psycopg
from psycopg import errors, pq, sql
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import namedtuple_row

from app.errors import ConnectorError
from connectors.deadline import within
from connectors.pool import Pool

_RACES = ("XX000", "23505")
"""Two sessions changed the same membership at once ("tuple concurrently updated", a duplicate row)."""
_RACE_ATTEMPTS = 5
_MAX_SENTENCE = 200
_PASSING = ("08", "40", "53", "55", "57", "25006", *_RACES)
"""SQLSTATEs (beginnings) after which another try may work without a human."""
_CONNECT_FAULTS: Sequence[tuple[str, str, bool]] = (
    ("password authentication failed", "refuses the bot's password", True),
    ("no password supplied", "asks for a password, and the DSN has none", True),
    ("no pg_hba.conf entry", "does not let the bot in from here (pg_hba.conf)", True),
    ("authentication failed", "does not accept who the bot says it is", True),
    ("certificate", "shows a certificate that is not accepted", True),
    ("ssl", "and the bot do not agree about TLS (sslmode)", True),
    ('role "', "has no account for the bot, or one that may not log in", True),
    ('database "', "has no database of the DSN's name, or the bot may not connect to it", True),
    ("translate host name", "has a name that cannot be looked up", False),
    ("resolve", "has a name that cannot be looked up", False),
    ("refused", "refused the connection", False),
    ("no such file", "is not listening on its socket", False),
    ("starting up", "is starting up", False),
    ("shutting down", "is shutting down", False),
    ("too many", "has no connection to spare", False),
    ("remaining connection slots", "has no connection to spare", False),
)
"""What libpq says -> what we say. Its own words may quote the DSN, and with it parts of a password."""


class _Bounded(psycopg.Connection[Any]):
    """A connection on which nothing waits past ``ends`` (monotonic seconds), not even for a frozen server."""

    ends = math.inf

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        left = max(0.0, self.ends - monotonic())
        return super().wait(gen, interval, left if timeout is None else min(timeout, left))


class _Kept:
    """One connection, as the pool needs it; psycopg means something else by ``broken``."""

    def __init__(self, connection: _Bounded) -> None:
        self.connection = connection
        self.close = connection.close

    @property
    def broken(self) -> bool:
        """Whether a statement on it has not ended."""
        return self.connection.info.transaction_status != pq.TransactionStatus.IDLE

    def bound(self, ends: float) -> None:
        """Nothing waits longer."""
        self.connection.ends = ends

    def has_something_to_say(self) -> bool:
        """Whether it is readable while nobody asked: the server closed it, or is about to."""
        if self.connection.closed:
            return True
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN | select.POLLHUP)
        return bool(poll.poll(0))


class Link:
    """A pool of at most ``size`` connections; nothing is opened before the first use. Thread-safe.

    ``deadline`` bounds, in seconds, one use as a whole: getting a connection and everything said on it.
    """

    def __init__(self, name: str, dsn: str, *, deadline: float, size: int = 4) -> None:
        self._name = name
        self._dsn = dsn
        self._deadline = deadline
        self._pool = Pool(name, self._connect, deadline=deadline, size=size)

    @contextmanager
    def use(self) -> "Iterator[Session]":
        """A connection of one's own for a while; every fault comes out as ``ConnectorError``."""
        with self._pool.use() as kept:
            yield Session(self._name, kept.connection, kept.connection.ends)

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back. A later use opens anew."""
        self._pool.close()

    def _connect(self, ends: float) -> _Kept:
        try:
            # In a thread of its own: libpq looks names up without any deadline.
            connection = within(max(0.0, ends - monotonic()), self._open, _Bounded.close)
        except (TimeoutError, errors.ConnectionTimeout):
            message = f"{self._name} did not answer within {self._deadline:g} s"
            raise ConnectorError(message) from None
        except psycopg.Error as error:
            raise self._not_connected(str(error)) from None
        return _Kept(connection)

    def _open(self) -> _Bounded:
        return _Bounded.connect(
            self._conninfo(), autocommit=True, prepare_threshold=0, row_factory=namedtuple_row
        )

    def _conninfo(self) -> str:
        """The DSN with our own bounds on top. The search path shuts out functions that others planted."""
        given: dict[str, Any] = dict(conninfo_to_dict(self._dsn))
        milliseconds = int(self._deadline * 1000)
        server_side = {
            "statement_timeout": milliseconds * 8 // 10,
            "lock_timeout": milliseconds // 2,
            "search_path": "pg_catalog,pg_temp",
            "default_transaction_read_only": "off",
            "plan_cache_mode": "force_generic_plan",  # few questions, asked often: planned once a connection
            "jit": "off",
        }
        options = [
            str(given.get("options") or ""),
            *(f"-c {name}={value}" for name, value in server_side.items()),
        ]
        ours = {
            "connect_timeout": max(2, math.ceil(self._deadline)),
            "tcp_user_timeout": milliseconds,
            "client_encoding": "UTF8",
            "options": " ".join(filter(None, options)),
        }
        defaults: dict[str, Any] = {"application_name": "breakglass", "gssencmode": "disable"}
        return make_conninfo("", **(defaults | given | ours))

    def _not_connected(self, words: str) -> ConnectorError:
        said = words.rpartition("failed: ")[2].casefold()  # before it stand names of hosts
        for fragment, sentence, permanent in _CONNECT_FAULTS:
            if fragment in said:
                return ConnectorError(f"{self._name} {sentence}", permanent=permanent)
        return ConnectorError(f"{self._name} cannot be reached")


class Session:
    """What may be said on one connection. Faults of the server come out as ``ConnectorError``."""

    def __init__(self, name: str, connection: _Bounded, ends: float) -> None:
        self._name = name
        self._connection = connection
        self._ends = ends
        self.version = connection.info.server_version // 10_000

    def seconds_left(self) -> float:
        """Until the deadline of this use."""
        return max(0.0, self._ends - monotonic())

    def rows(self, query: LiteralString, params: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """The rows, as named tuples. For questions: a fault is never unclear."""
        with self._translated(unclear=False):
            return self._connection.execute(query, params).fetchall()

    def row(self, query: LiteralString, params: Mapping[str, Any] | None = None) -> Any:
        """The only row of a question that always has one."""
        return self.rows(query, params)[0]

    def act(self, statement: sql.Composed) -> None:
        """Execute what changes something and may be repeated; a fault is unclear where the answer is lost."""
        for attempt in range(1, _RACE_ATTEMPTS + 1):
            try:
                with self._translated(unclear=True):
                    self._connection.execute(statement, prepare=False)  # no two are alike
            except SqlError as error:
                if error.sqlstate not in _RACES or attempt == _RACE_ATTEMPTS:
                    raise
            else:
                return

    @contextmanager
    def _translated(self, *, unclear: bool) -> Iterator[None]:
        try:
            yield
        except UnicodeError:
            raise self._no_text() from None
        except psycopg.Error as error:
            raise self._fault(error, unclear=unclear) from None

    def _no_text(self) -> ConnectorError:
        message = f"{self._name} cannot be asked about a name that is no text or holds NUL"
        return ConnectorError(message, permanent=True)

    def _fault(self, error: psycopg.Error, *, unclear: bool) -> ConnectorError:
        state = error.sqlstate
        lost = self._connection.info.transaction_status != pq.TransactionStatus.IDLE
        if state is None and isinstance(error, psycopg.DataError):
            return self._no_text()
        if state is None:
            what = "did not answer in time" if self.seconds_left() <= 0 else "lost the connection"
            return ConnectorError(f"{self._name} {what}", unclear=unclear)
        words = " ".join((error.diag.message_primary or "failed").split())[:_MAX_SENTENCE]
        passing = state.startswith(_PASSING)
        sentence = f"{self._name}: {words} (SQLSTATE {state})"
        return SqlError(sentence, state, permanent=not passing, unclear=unclear and lost)


class SqlError(ConnectorError):
    """The server said no; ``sqlstate`` says which no."""

    def __init__(self, message: str, sqlstate: str, *, permanent: bool, unclear: bool) -> None:
        super().__init__(message, permanent=permanent, unclear=unclear)
        self.sqlstate = sqlstate
