"""LDAP on a socket of our own, on which nothing waits past one end; ldap3 writes and reads the messages.

ldap3's own connections are not used: their time-outs begin anew with each byte, and their answers follow
referrals. This is the only module that knows the library.
"""

import ipaddress
import math
import select
import socket
import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from connectors.deadline import within

with warnings.catch_warnings():
    # pyasn1 has renamed two tables that ldap3, which is quiet since 2021, imports by their old names.
    warnings.filterwarnings("ignore", "(tagMap|typeMap) is deprecated", DeprecationWarning)
    from ldap3.core.exceptions import LDAPExceptionError
    from ldap3.operation.search import search_operation
    from ldap3.protocol import rfc4511
    from ldap3.protocol.controls import build_control
    from ldap3.protocol.rfc2696 import paged_search_control
    from ldap3.strategy.base import BaseStrategy
    from ldap3.utils import asn1
    from ldap3.utils.conv import escape_filter_chars
    from ldap3.utils.dn import parse_dn

_CODEC: Any = asn1
_STRATEGY: Any = BaseStrategy
"""Both are written without types."""

PAGED = "1.2.840.113556.1.4.319"
_START_TLS = "1.3.6.1.4.1.1466.20037"
_BASE, _SUBTREE = 0, 2
_ENTRY, _REFERENCE, _NOTICE = 4, 19, 24
_MOST_BYTES = 16 * 2**20
"""Of one message; the largest is a page of a group's members."""
_CHUNK = 65_536
_ADD, _DELETE = 0, 1


class WireFault(Exception):
    """No answer, or none that is LDAP; ``str()`` goes behind the target's name. ``permanent`` as everywhere."""

    def __init__(self, words: str, *, permanent: bool = False) -> None:
        super().__init__(words)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is. ``tls``: ``from the start``, ``by StartTLS`` or None, which reaches loopback alone."""

    host: str
    port: int
    tls: str | None
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; the names of attributes in lower case, their options included."""

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def texts(self, attribute: str) -> Sequence[str]:
        """All values of that attribute, none where it is not there (or may not be seen)."""
        return [value.decode("utf-8", "replace") for value in self.values.get(attribute.lower(), ())]

    def text(self, attribute: str) -> str:
        """Its first value, or nothing."""
        return next(iter(self.texts(attribute)), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What ended an operation: the result code (RFC 4511, A.1), the server's words, what was found, the next page."""

    code: int
    words: str = ""
    entries: Sequence[Entry] = ()
    cookie: bytes = b""


def escaped(text: str) -> str:
    """As a value in a filter (RFC 4515)."""
    return str(escape_filter_chars(text))


def parts_of(dn: str) -> Sequence[tuple[str, str]] | None:
    """``[("cn", "ada"), ("dc", "example")]`` in lower case, to compare; None where it is no DN (RFC 4514)."""
    try:
        dn.encode()
        parts = parse_dn(dn, escape=False, strip=True) if dn.isprintable() else []
    except (LDAPExceptionError, LookupError, ValueError):
        return None
    return [(name.casefold(), value.casefold()) for name, value, _ in parts] or None


class Wire:
    """One connection. Before each use ``ends`` (monotonic seconds) says when all of it must be over."""

    def __init__(self, place: Place, ends: float) -> None:
        self.ends = ends
        self._unread = b""
        self._number = 0
        self._socket: socket.socket = _reach(place, ends)
        try:
            if place.tls == "by StartTLS":
                self._start_tls()
            if place.tls:
                self._socket = self._encrypted(place)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up, without a word: nobody waits for one."""
        self._socket.close()

    def has_something_to_say(self) -> bool:
        """Whether an idle connection is readable: the server closed it, or is about to."""
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN | select.POLLHUP)
        return bool(self._unread or poll.poll(0))

    def bind(self, dn: str, password: str) -> Answer:
        """Say who we are. An empty password would be a bind as nobody that the server lets pass (RFC 4513, 5.1.2)."""
        request = rfc4511.BindRequest()
        request["version"] = rfc4511.Version(3)
        request["name"] = rfc4511.LDAPDN(dn)
        simple = rfc4511.Simple(password.encode())
        request["authentication"] = rfc4511.AuthenticationChoice().setComponentByName("simple", simple)
        return self._call("bindRequest", request)

    def look(self, dn: str, attributes: Sequence[str], controls: Sequence[str] = ()) -> Answer:
        """One entry."""
        return self._search(dn, _BASE, "(objectClass=*)", attributes, [_control(oid) for oid in controls])

    def search(
        self,
        base: str,
        where: str,
        attributes: Sequence[str],
        *,
        most: int = 0,
        page: tuple[int, bytes] | None,
    ) -> Answer:
        """Entries below ``base``; ``page``: how many at once, and where the last answer stopped."""
        paged = [paged_search_control(True, page[0], page[1])] if page else []  # noqa: FBT003 - not ours
        return self._search(base, _SUBTREE, where, attributes, paged, most)

    def compare(self, dn: str, attribute: str, value: str) -> Answer:
        """Whether the entry has that value; says, other than a search, when we may not know."""
        request = rfc4511.CompareRequest()
        request["entry"] = rfc4511.LDAPDN(dn)
        claim = rfc4511.AttributeValueAssertion()
        claim["attributeDesc"] = rfc4511.AttributeDescription(attribute)
        claim["assertionValue"] = rfc4511.AssertionValue(value.encode())
        request["ava"] = claim
        return self._call("compareRequest", request)

    def change(
        self,
        dn: str,
        attribute: str,
        *,
        delete: Sequence[str] = (),
        add: Sequence[str] = (),
        controls: Sequence[str] = (),
    ) -> Answer:
        """Take values away, then add some: all of it or nothing."""
        changes = rfc4511.Changes()
        for kind, values in ((_DELETE, delete), (_ADD, add)):
            if values:
                changes[len(changes)] = _one_change(kind, attribute, values)
        request = rfc4511.ModifyRequest()
        request["object"] = rfc4511.LDAPDN(dn)
        request["changes"] = changes
        return self._call("modifyRequest", request, [_control(oid) for oid in controls])

    def _search(
        self,
        base: str,
        scope: int,
        where: str,
        attributes: Sequence[str],
        controls: Sequence[Any],
        most: int = 0,
    ) -> Answer:
        seconds = max(1, math.ceil(self.ends - monotonic()))
        try:
            request = search_operation(
                base,
                where,
                scope,
                0,
                list(attributes),
                most,
                seconds,
                types_only=False,
                auto_escape=False,
                auto_encode=True,
            )
        except LDAPExceptionError:
            message = "cannot be asked that: it is no filter"
            raise WireFault(message, permanent=True) from None
        return self._call("searchRequest", request, controls)

    def _start_tls(self) -> None:
        request = rfc4511.ExtendedRequest()
        request["requestName"] = rfc4511.RequestName(_START_TLS)
        answer = self._call("extendedReq", request)
        if answer.code or self._unread:  # what came already came in the clear, from whomever
            message = "does not offer StartTLS, and nothing is said to it in the clear"
            raise WireFault(message, permanent=True)

    def _encrypted(self, place: Place) -> socket.socket:
        try:
            context = ssl.create_default_context(cafile=place.ca)
        except (OSError, ssl.SSLError):
            message = "has certificates that cannot be checked: the file of `ca` cannot be read"
            raise WireFault(message, permanent=True) from None
        self._patience()
        try:
            return context.wrap_socket(self._socket, server_hostname=place.host)
        except ssl.SSLCertVerificationError as error:
            message = f"shows a certificate that is not accepted ({error.verify_message})"
            raise WireFault(message, permanent=True) from None
        except TimeoutError:
            raise WireFault(_SILENT) from None
        except (OSError, ValueError):
            message = "and the bot cannot agree about TLS"
            raise WireFault(message) from None

    def _call(self, kind: str, request: Any, controls: Sequence[Any] = ()) -> Answer:
        self._number += 1
        message = rfc4511.LDAPMessage()
        message["messageID"] = rfc4511.MessageID(self._number)
        message["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(kind, request)
        if controls:
            listed = rfc4511.Controls()
            for control in controls:
                listed.setComponentByPosition(len(listed), control)
            message["controls"] = listed
        try:
            self._patience()
            self._socket.sendall(_CODEC.encode(message))
            return self._answer()
        except TimeoutError:
            raise WireFault(_SILENT) from None
        except OSError:
            raise WireFault(_LOST) from None

    def _answer(self) -> Answer:
        entries: list[Entry] = []
        while True:
            heard = self._message()
            try:
                number, kind, payload = (heard[key] for key in ("messageID", "protocolOp", "payload"))
                if number == 0 and kind == _NOTICE:
                    raise WireFault(_LOST)
                if number != self._number:
                    raise WireFault(_NOT_LDAP)
                if kind == _ENTRY:
                    entries.append(_entry(payload))
                elif kind != _REFERENCE:
                    return Answer(
                        payload[0][3], _words(payload[2][3]), entries, _cookie(heard["controls"] or ())
                    )
            except (LookupError, TypeError, ValueError, AttributeError):
                raise WireFault(_NOT_LDAP) from None

    def _message(self) -> Mapping[str, Any]:
        size = self._size()
        while size < 0 or len(self._unread) < size:
            self._patience()
            more = self._socket.recv(_CHUNK)
            if not more:
                raise WireFault(_LOST)
            self._unread += more
            size = self._size()
        message, self._unread = self._unread[:size], self._unread[size:]
        try:
            heard: Mapping[str, Any] = _CODEC.decode_message_fast(message)
        except (LookupError, TypeError, ValueError, RecursionError):
            raise WireFault(_NOT_LDAP) from None
        return heard

    def _size(self) -> int:
        """Of the next message, its head included; -1 while too little of it is there."""
        if self._unread and self._unread[0] != 0x30:  # noqa: PLR2004 - a SEQUENCE
            raise WireFault(_NOT_LDAP)
        size = int(_STRATEGY.compute_ldap_message_size(self._unread[:16]))
        if size > _MOST_BYTES:
            raise WireFault(_NOT_LDAP)
        return size

    def _patience(self) -> None:
        left = self.ends - monotonic()
        if left <= 0:
            raise WireFault(_SILENT)
        self._socket.settimeout(left)


_SILENT = "did not answer in time"
_LOST = "lost the connection"
_NOT_LDAP = "said something that is no LDAP"


def _reach(place: Place, ends: float) -> socket.socket:
    """The first of its addresses that takes a connection; in the clear none but this very machine's."""
    for family, address in _addresses(place, ends):
        if not place.tls and not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
            message = "is not this machine, and nothing is said to another in the clear"
            raise WireFault(message, permanent=True)
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(max(0.001, ends - monotonic()))
        try:
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            connection.close()
            continue
        return connection
    raise WireFault(_SILENT if ends <= monotonic() else "refused the connection")


def _addresses(place: Place, ends: float) -> Iterator[tuple[socket.AddressFamily, Any]]:
    try:
        found = within(
            max(0.0, ends - monotonic()),
            lambda: socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM),
        )
    except TimeoutError:
        raise WireFault(_SILENT) from None
    except (OSError, UnicodeError):
        message = "has a name that cannot be looked up"
        raise WireFault(message) from None
    for family, _, _, _, address in found:
        yield family, address


def _control(oid: str) -> Any:
    return build_control(oid, True, None)  # noqa: FBT003 - not ours


def _one_change(kind: int, attribute: str, values: Sequence[str]) -> Any:
    modification = rfc4511.PartialAttribute()
    modification["type"] = rfc4511.AttributeDescription(attribute)
    modification["vals"] = rfc4511.Vals()
    for position, value in enumerate(values):
        modification["vals"].setComponentByPosition(position, rfc4511.AttributeValue(value.encode()))
    change = rfc4511.Change()
    change["operation"] = rfc4511.Operation(kind)
    change["modification"] = modification
    return change


def _entry(payload: Any) -> Entry:
    named = {
        parts[0][3].decode("utf-8", "replace").lower(): [bytes(value[3]) for value in parts[1][3]]
        for _, _, _, parts in payload[1][3]
    }
    return Entry(payload[0][3].decode("utf-8", "replace"), named)


def _words(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip("\0")


def _cookie(controls: Sequence[Any]) -> bytes:
    """Where the next page begins; nothing after the last one."""
    for _, _, _, parts in controls:
        if parts[0][3] == PAGED.encode():
            value = parts[-1][3]
            return bytes(_CODEC.decode_sequence(value, 0, len(value))[0][3][1][3])
    return b""
