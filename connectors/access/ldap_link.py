"""Connections to one directory: few, kept, bound as the bot, and bounded in time whatever the server does."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from app.errors import ConnectorError
from connectors.access.ldap_wire import PAGED, Answer, Entry, Place, Wire, WireFault
from connectors.pool import Pool

PERMISSIVE = "1.2.840.113556.1.4.1413"
"""Adding what is there and deleting what is not succeed (Active Directory)."""
SHOW_TTL = "1.2.840.113556.1.4.2309"
"""Values of members are shown as ``<TTL=seconds,DN>``."""
_ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"
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
    """The pool of connections; what goes wrong while one is opened comes out as ``ConnectorError``."""

    def __init__(self, name: str, login: Login, *, deadline: float, size: int) -> None:
        self._name = name
        self._login = login
        self._pool = Pool(name, self._connect, deadline=deadline, size=size)

    def use(self) -> AbstractContextManager["Session"]:
        """A connection of one's own for a while; every fault comes out as ``ConnectorError``."""
        return self._pool.use()

    def close(self) -> None:
        """Close the connections. A later use opens them anew."""
        self._pool.close()

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
        session = Session(self._name, wire, self._login.dn)
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

    def __init__(self, name: str, wire: Wire, own_dn: str) -> None:
        self._name = name
        self._wire = wire
        self.broken = False
        self.root = Entry("", {})
        self.own_dn = own_dn
        self.own: Entry | None = None

    def bound(self, ends: float) -> None:
        """Everything said from now on is over at ``ends``."""
        self._wire.ends = ends

    def has_something_to_say(self) -> bool:
        """While nobody asked."""
        return self._wire.has_something_to_say()

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

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
        answer = self.ask(lambda: self._wire.look(dn, attributes, controls))
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
        answer = self.ask(lambda: self._wire.compare(dn, attribute, value))
        if answer.code not in {TRUE, FALSE, NO_ATTRIBUTE}:
            raise self.fault(answer)
        return answer.code == TRUE

    def change(
        self, dn: str, attribute: str, *, delete: Sequence[str] = (), add: Sequence[str] = ()
    ) -> Answer:
        """Take values away and add some; the answer may be a no. A lost answer is unclear."""
        controls = [PERMISSIVE] if self.is_active_directory and self.knows(PERMISSIVE) else []
        return self.ask(
            lambda: self._wire.change(dn, attribute, delete=delete, add=add, controls=controls), unclear=True
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
        return lambda: self._wire.search(base, where, attributes, most=most, page=page)
