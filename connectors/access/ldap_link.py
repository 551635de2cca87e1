"""Connections to one directory: few, kept, bound as the bot, and bounded in time whatever the server does."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from app.errors import ConnectorError
from connectors.access.ldap_wire import PAGED, Answer, Entry, Place, Wire, WireFault

PERMISSIVE = "1.2.840.113556.1.4.1413"
"""Adding what is there and deleting what is not succeed (Active Directory)."""
SHOW_TTL = "1.2.840.113556.1.4.2309"
"""Values of members are shown as ``<TTL=seconds,DN>``."""
_ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"
_KEPT_SECONDS = 60.0
"""An idle connection is not used again after that: firewalls forget such connections without a word."""
_MAX_SENTENCE = 200
_MOST_PAGES = 1_000
_PAGE = 1_000
OK, TRUE, FALSE = 0, 6, 5
_REFERRAL, _TOO_MANY, NO_ATTRIBUTE, ALREADY, NO_OBJECT = 10, 4, 16, 20, 32
_BAD_PASSWORD, DENIED, UNWILLING, LAST_MEMBER, EXISTS = 49, 50, 53, 65, 68
_PASSING = frozenset({1, 3, 11, 51, 52, 80})
"""Operations error, time limit, admin limit, busy, unavailable, other: another try may work without a human."""
_CODES: Mapping[int, str] = {
    8: "wants a safer connection (LDAPS or StartTLS)",
    13: "wants a safer connection (LDAPS or StartTLS)",
    _REFERRAL: "sends us to another server: put the one that may write into `url`",
    _TOO_MANY: "has more entries than it tells (size limit)",
    19: "says that a value is not allowed (constraint violation)",
    21: "says that a value is no DN (invalid syntax)",
    NO_OBJECT: "has no such entry, or does not show it to the bot",
    34: "says that a name is no DN",
    DENIED: "does not let the bot do that (insufficient access)",
    UNWILLING: "is unwilling to do that",
    LAST_MEMBER: "says that the entry would break its schema (object class violation)",
}
_SHUT: Mapping[str, str] = {
    "532": "says that the bot's password has expired",
    "533": "says that the bot's account is disabled",
    "701": "says that the bot's account has expired",
    "773": "wants the bot to change its password",
    "775": "says that the bot's account is locked",
}
"""Active Directory's ``data NNN`` behind *invalid credentials*."""
_FACTS = (
    "supportedCapabilities",
    "supportedControl",
    "defaultNamingContext",
    "configurationNamingContext",
)
_OF_THE_BOT = ("entryUUID", "objectGUID", "adminCount")


class LdapError(ConnectorError):
    """The server said no; ``code`` says which no (RFC 4511, A.1)."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, permanent=code not in _PASSING)
        self.code = code


@dataclass(frozen=True, slots=True)
class Login:
    """Where to, and as whom."""

    place: Place
    dn: str
    password: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"Login({self.dn!r})"


class Link:
    """A pool of at most ``size`` connections; nothing is opened before the first use. Thread-safe.

    ``deadline`` bounds, in seconds, one use as a whole: getting a connection and everything said on it.
    """

    def __init__(self, name: str, login: Login, *, deadline: float, size: int) -> None:
        self._name = name
        self._login = login
        self._deadline = deadline
        self._slots = threading.BoundedSemaphore(size)
        self._idle: deque[Session] = deque()
        self._generation = 0

    @contextmanager
    def use(self) -> "Iterator[Session]":
        """A connection of one's own for a while; every fault comes out as ``ConnectorError``."""
        ends = monotonic() + self._deadline
        if not self._slots.acquire(timeout=self._deadline):
            message = f"{self._name}: all connections were busy for {self._deadline:g} s"
            raise ConnectorError(message)
        try:
            session = self._kept() or self._connect(ends)
            session.wire.ends = ends
            try:
                yield session
            finally:
                self._keep(session)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back. A later use opens anew."""
        self._generation += 1
        while self._idle:
            self._idle.pop().wire.close()

    def _kept(self) -> "Session | None":
        while self._idle:
            try:
                session = self._idle.pop()
            except IndexError:
                return None
            if monotonic() - session.idle_since < _KEPT_SECONDS and not session.wire.has_something_to_say():
                return session
            session.wire.close()
        return None

    def _keep(self, session: "Session") -> None:
        if session.broken or session.generation != self._generation:
            session.wire.close()
        else:
            session.idle_since = monotonic()
            self._idle.append(session)

    def _connect(self, ends: float) -> "Session":
        try:
            wire = Wire(self._login.place, ends)
        except WireFault as fault:
            raise ConnectorError(f"{self._name} {fault}", permanent=fault.permanent) from None
        try:
            return self._bound(wire)
        except BaseException:
            wire.close()
            raise

    def _bound(self, wire: Wire) -> "Session":
        session = Session(self._name, wire, self._generation, self._login.dn)
        answer = session.ask(lambda: wire.bind(self._login.dn, self._login.password))
        if answer.code == _BAD_PASSWORD:
            data = answer.words.partition("data ")[2].partition(",")[0].strip()
            words = _SHUT.get(data, "refuses the bot's name or password")
            message = f"{self._name} {words}"
            raise LdapError(message, _BAD_PASSWORD)
        if answer.code != OK:
            raise session.fault(answer)
        session.learn()
        return session


class Session:
    """What may be said on one connection. Faults of the server come out as ``ConnectorError``."""

    def __init__(self, name: str, wire: Wire, generation: int, own_dn: str) -> None:
        self._name = name
        self.wire = wire
        self.generation = generation
        self.idle_since = 0.0
        self.broken = False
        self.root = Entry("", {})
        self.own_dn = own_dn
        self.own: Entry | None = None

    @property
    def is_active_directory(self) -> bool:
        """By what the server says of itself."""
        return _ACTIVE_DIRECTORY in self.root.texts("supportedCapabilities")

    def learn(self) -> None:
        """Read what the server says of itself, and of the bot."""
        self.root = self.look("", _FACTS) or Entry("", {})
        self.own = self.look(self.own_dn, _OF_THE_BOT)

    def clock(self) -> str:
        """The server's own time, where it tells it (Active Directory); else nothing."""
        root = self.look("", ["currentTime"])
        return root.text("currentTime") if root else ""

    def knows(self, control: str) -> bool:
        """Whether the server has that control."""
        return control in self.root.texts("supportedControl")

    def look(self, dn: str, attributes: Sequence[str], controls: Sequence[str] = ()) -> Entry | None:
        """That entry; None where there is none, or where the bot may not know of it."""
        answer = self.ask(lambda: self.wire.look(dn, attributes, controls))
        if answer.code == NO_OBJECT:
            return None
        if answer.code != OK:
            raise self.fault(answer)
        return next(iter(answer.entries), None)

    def search(self, base: str, where: str, attributes: Sequence[str], *, most: int = 0) -> Sequence[Entry]:
        """What is below ``base``, page by page where the server has pages; at most ``most`` where that is said."""
        found: list[Entry] = []
        cookie = b""
        for _ in range(_MOST_PAGES):
            page = (_PAGE, cookie) if self.knows(PAGED) and not most else None
            answer = self.ask(self._one_page(base, where, attributes, most, page))
            if answer.code != OK and not (most and answer.code == _TOO_MANY):
                raise self.fault(answer)
            found += answer.entries
            cookie = answer.cookie
            if not cookie:
                return found
        message = f"{self._name} has no end of pages"
        raise ConnectorError(message)

    def has(self, dn: str, attribute: str, value: str) -> bool:
        """Whether the entry has that value. Not being allowed to know is a fault, never a no."""
        answer = self.ask(lambda: self.wire.compare(dn, attribute, value))
        if answer.code not in {TRUE, FALSE, NO_ATTRIBUTE}:
            raise self.fault(answer)
        return answer.code == TRUE

    def change(
        self, dn: str, attribute: str, *, delete: Sequence[str] = (), add: Sequence[str] = ()
    ) -> Answer:
        """Take values away and add some; the answer may be a no. A lost answer is unclear."""
        controls = [PERMISSIVE] if self.is_active_directory and self.knows(PERMISSIVE) else []
        return self.ask(
            lambda: self.wire.change(dn, attribute, delete=delete, add=add, controls=controls), unclear=True
        )

    def ask(self, call: Callable[[], Answer], *, unclear: bool = False) -> Answer:
        """The answer, whatever it is; none is a ``ConnectorError``, and the connection is done with."""
        self.broken = True
        try:
            answer = call()
        except WireFault as fault:
            raise ConnectorError(
                f"{self._name} {fault}", permanent=fault.permanent, unclear=unclear and not fault.permanent
            ) from None
        except UnicodeError:
            self.broken = False
            message = f"{self._name} cannot be asked about a name that is no text"
            raise ConnectorError(message, permanent=True) from None
        self.broken = False
        return answer

    def fault(self, answer: Answer) -> LdapError:
        """What that no means, with the server's own words where we have none."""
        words = " ".join(answer.words.split())[:_MAX_SENTENCE]
        said = _CODES.get(answer.code) or f"said no: {words or 'without a word'}"
        return LdapError(f"{self._name} {said} (LDAP result {answer.code})", answer.code)

    def _one_page(
        self, base: str, where: str, attributes: Sequence[str], most: int, page: tuple[int, bytes] | None
    ) -> Callable[[], Answer]:
        return lambda: self.wire.search(base, where, attributes, most=most, page=page)
