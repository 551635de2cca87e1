"""What Active Directory does otherwise, as its published specification ([MS-ADTS]) says it, on loopback.

Not Active Directory: a stand-in for its result codes, ranges of members, members with an end, nested groups, pages and
rights as it tells them. It reads and writes the bytes of RFC 4511 itself, with nothing of the library that we use.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

DOMAIN = "DC=corp,DC=example"
FEATURE = (
    "CN=Privileged Access Management Feature,CN=Optional Features,CN=Directory Service,CN=Windows NT,CN=Services,"
    f"CN=Configuration,{DOMAIN}"
)
PERMISSIVE, SHOW_TTL, PAGED = "1.2.840.113556.1.4.1413", "1.2.840.113556.1.4.2309", "1.2.840.113556.1.4.319"
IN_CHAIN = "1.2.840.113556.1.4.1941"
_TTL = re.compile(r"<TTL=(\d+),(.*)>")


@dataclass
class ActiveDirectory:
    """``entries``: DN -> attributes; ``members``: DN of a group -> DN of a member -> until when, or None."""

    password: str
    entries: dict[str, dict[str, list[bytes]]] = field(default_factory=dict)
    members: dict[str, dict[str, datetime | None]] = field(default_factory=dict)
    now: datetime = datetime(2026, 11, 29, 17, tzinfo=UTC)
    permissive: bool = True
    may_write: bool = True
    bind_words: str = ""
    range_size: int = 1500
    page_size: int = 1000
    asked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, dn: str, **attributes: Any) -> str:
        """An entry; each value text, bytes, or a sequence of them."""
        self.entries[dn] = {
            name.replace("_", "-").lower(): _values(given) for name, given in attributes.items()
        }
        return dn

    def group(self, dn: str, *members: str, **attributes: Any) -> str:
        self.members[dn] = dict.fromkeys(members)
        return self.put(dn, objectClass=["top", "group"], **attributes)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        heard = b""
        with connection, contextlib.suppress(OSError):
            while more := connection.recv(65_536):
                heard += more
                while (whole := _whole(heard)) is not None:
                    message, heard = heard[:whole], heard[whole:]
                    with self.lock:
                        answers = list(self._answers(_parsed(message)[0][1]))
                    connection.sendall(b"".join(answers))

    def _answers(self, message: Any) -> Iterator[bytes]:
        number, (kind, request) = _number(message[0][1]), message[1]
        given = message[2][1] if len(message) > 2 else []
        controls = {control[0][1].decode(): control[-1][1] for _, control in given}
        self._forget_what_ended()
        match kind:
            case 0x60:  # bind
                right = request[2] == (0x80, self.password.encode()) and not self.bind_words
                yield _done(number, 0x61, 0 if right else 49, self.bind_words)
            case 0x63:  # search
                yield from self._search(number, request, controls)
            case 0x6E:  # compare
                group, claim = request[0][1].decode(), request[1][1]
                yield _done(number, 0x6F, self._compare(group, claim[1][1].decode()))
            case 0x66:  # modify
                yield _done(number, 0x67, self._modify(request[0][1].decode(), request[1][1], controls))
            case _:
                raise AssertionError(kind)

    # --- looking ------------------------------------------------------------------------------

    def _search(self, number: int, request: Any, controls: Mapping[str, bytes]) -> Iterator[bytes]:
        base, scope, most = request[0][1].decode(), _number(request[1][1]), _number(request[3][1])
        where, wanted = request[6], [name.decode() for _, name in request[7][1]]
        if base and not any(_is(dn, base) or _below(dn, base) for dn in self.entries):
            yield _done(number, 0x65, 32)
            return
        found = [dn for dn in self.entries if _is(dn, base) or (scope and _below(dn, base))] if base else [""]
        found = [dn for dn in found if dn == "" or self._fits(dn, where)]
        page = []
        if PAGED in controls:
            start = int(_parsed(controls[PAGED])[0][1][1][1] or b"0")
            more = start + self.page_size < len(found)
            page = [_page(str(start + self.page_size).encode() if more else b"")]
            found = found[start : start + self.page_size]
        for dn in found[: most or None]:
            yield self._entry(number, dn, wanted, with_ttl=SHOW_TTL in controls)
        yield _done(number, 0x65, 4 if most and len(found) > most else 0, controls=page)

    def _entry(self, number: int, dn: str, wanted: Sequence[str], *, with_ttl: bool) -> bytes:
        told = [self._told(dn, name, with_ttl=with_ttl) for name in wanted]
        attributes = [
            _tlv(0x30, _text(name), _tlv(0x31, *(_text(value) for value in values)))
            for name, values in told
            if values
        ]
        return _message(number, _tlv(0x64, _text(dn), _tlv(0x30, *attributes)))

    def _told(self, dn: str, name: str, *, with_ttl: bool) -> tuple[str, list[bytes]]:
        if dn == "":
            return name, [value.encode() for value in self._root().get(name, [])]
        plain, _, span = name.partition(";range=")
        if plain == "member":
            values = [
                _shown(who, end, self.now, with_ttl=with_ttl) for who, end in self.members.get(dn, {}).items()
            ]
            return _ranged(values, int(span.partition("-")[0] or 0), self.range_size)
        if name == "allowedAttributesEffective":
            return name, [b"member"] if self.may_write else []
        return name, self.entries[dn].get(name.lower(), [])

    def _root(self) -> Mapping[str, list[str]]:
        return {
            "supportedCapabilities": ["1.2.840.113556.1.4.800"],
            "supportedControl": [PAGED, SHOW_TTL, *([PERMISSIVE] if self.permissive else [])],
            "defaultNamingContext": [DOMAIN],
            "configurationNamingContext": [f"CN=Configuration,{DOMAIN}"],
            "currentTime": [f"{self.now:%Y%m%d%H%M%S}.0Z"],
        }

    def _fits(self, dn: str, where: Any) -> bool:
        kind, part = where
        match kind:
            case 0xA0:  # and
                return all(self._fits(dn, each) for each in part)
            case 0x87:  # present
                name = part.decode().lower()
                return name == "objectclass" or bool(self.entries[dn].get(name))
            case 0xA3:  # equal
                return self._equals(dn, part[0][1].decode().lower(), part[1][1])
            case 0xA9:  # extensible
                told = dict(part)
                assert told[0x81].decode() == IN_CHAIN
                value = told[0x83].decode()
                above, below = (value, dn) if told[0x82].lower() == b"memberof" else (dn, value)
                return self._in_chain(below, above, set())
            case _:
                raise AssertionError(kind)

    def _equals(self, dn: str, name: str, value: bytes) -> bool:
        if name == "distinguishedname":
            return _is(dn, value.decode())
        if name == "member":
            return any(_is(who, value.decode()) for who in self.members.get(dn, {}))
        if name == "objectguid":
            return value in self.entries[dn].get(name, [])
        return value.lower() in [own.lower() for own in self.entries[dn].get(name, [])]

    def _in_chain(self, member: str, group: str, seen: set[str]) -> bool:
        if group in seen:
            return False
        inside = self.members.get(group, {})
        return any(_is(who, member) or self._in_chain(member, who, seen | {group}) for who in inside)

    # --- changing -----------------------------------------------------------------------------

    def _compare(self, group: str, value: str) -> int:
        if group not in self.members:
            return 32
        if not self.may_write or not self.members[group]:
            return 16
        return 6 if any(_is(who, value) for who in self.members[group]) else 5

    def _modify(self, dn: str, changes: Any, controls: Mapping[str, bytes]) -> int:
        if dn not in self.members:
            return 32
        if not self.may_write:
            return 50
        after = dict(self.members[dn])
        for _, ((_, operation), (_, (name, (_, values)))) in changes:
            assert name[1] == b"member"
            for _, value in values:
                self.asked.append(f"{'-' if _number(operation) else '+'}{value.decode()}")
                code = self._one(after, value.decode(), _number(operation), permissive=PERMISSIVE in controls)
                if code:
                    return code
        self.members[dn] = after
        return 0

    def _one(self, after: dict[str, datetime | None], text: str, operation: int, *, permissive: bool) -> int:
        ttl = _TTL.fullmatch(text)
        dn = ttl[2] if ttl else text
        there = next((who for who in after if _is(who, dn)), None)
        if operation:
            if there is None:
                return 0 if permissive else 53
            del after[there]
            return 0
        if not any(_is(entry, dn) for entry in self.entries):
            return 32
        if there is not None:
            return 0 if permissive else 68
        after[dn] = self.now + timedelta(seconds=int(ttl[1])) if ttl else None
        return 0

    def _forget_what_ended(self) -> None:
        for inside in self.members.values():
            for who in [who for who, end in inside.items() if end is not None and end <= self.now]:
                del inside[who]


@contextlib.contextmanager
def active_directory(password: str) -> Iterator[tuple[ActiveDirectory, int]]:
    """One, and its port."""
    directory = ActiveDirectory(password)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        threading.Thread(target=directory.serve, args=(listener,), daemon=True).start()
        yield directory, int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def _values(given: Any) -> list[bytes]:
    several = given if isinstance(given, list | tuple) else [given]
    return [one if isinstance(one, bytes) else str(one).encode() for one in several]


def _shown(who: str, end: datetime | None, now: datetime, *, with_ttl: bool) -> bytes:
    left = f"<TTL={int((end - now).total_seconds())},{who}>" if end and with_ttl else who
    return left.encode()


def _ranged(values: list[bytes], start: int, size: int) -> tuple[str, list[bytes]]:
    if start == 0 and len(values) <= size:
        return "member", values
    last = "*" if start + size >= len(values) else str(start + size - 1)
    return f"member;range={start}-{last}", values[start : start + size]


def _is(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _below(dn: str, base: str) -> bool:
    return dn.lower().endswith("," + base.lower())


# --- RFC 4511, 5.1: the basic encoding rules ------------------------------------------------------


def _whole(heard: bytes) -> int | None:
    """How long the first message is, once all of it is there."""
    if len(heard) < 2 or (heard[1] > 127 and len(heard) < 2 + heard[1] - 128):
        return None
    start, size = _extent(heard, 0)
    return start + size if len(heard) >= start + size else None


def _extent(data: bytes, at: int) -> tuple[int, int]:
    if data[at + 1] <= 127:
        return at + 2, data[at + 1]
    more = data[at + 1] - 128
    return at + 2 + more, int.from_bytes(data[at + 2 : at + 2 + more])


def _parsed(data: bytes) -> list[tuple[int, Any]]:
    """Tags and values, those that are made of others in turn."""
    found: list[tuple[int, Any]] = []
    at = 0
    while at < len(data):
        start, size = _extent(data, at)
        value = data[start : start + size]
        assert len(value) == size
        found.append((data[at], _parsed(value) if data[at] & 0x20 else value))
        at = start + size
    return found


def _number(value: bytes) -> int:
    return int.from_bytes(value, signed=True)


def _tlv(tag: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    size = len(value)
    length = bytes([size]) if size < 128 else b"\x84" + size.to_bytes(4)  # as Active Directory writes it
    return bytes([tag]) + length + value


def _text(value: str | bytes) -> bytes:
    return _tlv(0x04, value.encode() if isinstance(value, str) else value)


def _message(number: int, operation: bytes, controls: Sequence[bytes] = ()) -> bytes:
    listed = [_tlv(0xA0, *controls)] if controls else []
    return _tlv(0x30, _tlv(0x02, number.to_bytes(4)), operation, *listed)


def _done(number: int, kind: int, code: int, words: str = "", controls: Sequence[bytes] = ()) -> bytes:
    result = _tlv(kind, _tlv(0x0A, bytes([code])), _text(""), _text(words))
    return _message(number, result, controls)


def _page(cookie: bytes) -> bytes:
    return _tlv(0x30, _text(PAGED), _text(_tlv(0x30, _tlv(0x02, b"\0"), _text(cookie))))
