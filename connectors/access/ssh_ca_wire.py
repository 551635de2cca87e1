"""OpenSSH's own form of public keys and certificates, read and never written.

Source: PROTOCOL.certkeys of OpenSSH, and RFC 4253 section 6.6 for the keys in it.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

FIELDS = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,
}
"""The kinds of keys that get a certificate, and how many strings each has after its name."""
CERTIFICATE = "-cert-v01@openssh.com"
_USER = 1
_LAST_SECOND = 253_402_300_799
"""Of the year 9999; a certificate without an end says more."""


class Malformed(ValueError):
    """It is not what it says it is; the text says nothing of it."""


class Wire:
    """Bytes read one field after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many bytes; raises ``Malformed`` where there are fewer."""
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            message = "it ends too early"
            raise Malformed(message)
        self._at += count
        return taken

    def number(self, size: int) -> int:
        """An unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def string(self) -> bytes:
        """Bytes with their length before them."""
        return self.take(self.number(4))

    def text(self) -> str:
        """The same in UTF-8."""
        try:
            return self.string().decode()
        except UnicodeDecodeError:
            message = "a text in it is none"
            raise Malformed(message) from None

    def strings(self) -> Iterator[bytes]:
        """All that is left, as strings."""
        while self._at < len(self._data):
            yield self.string()

    def end(self) -> None:
        """Raises ``Malformed`` where more follows."""
        if self._at != len(self._data):
            message = "more follows than belongs to it"
            raise Malformed(message)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a user's certificate says; ``key`` is the person's public key as they have it, ``line`` all of it."""

    line: str
    key: str
    serial: int
    id: str
    principals: tuple[str, ...]
    ends_at: datetime
    begins_at: datetime
    extensions: tuple[str, ...]
    authority: str


def blob_of(line: str) -> tuple[str, bytes]:
    """A line's kind and the bytes of the key behind it; raises ``Malformed``."""
    kind, _, rest = line.strip().partition(" ")
    try:
        return kind, base64.b64decode(rest.partition(" ")[0], validate=True)
    except (binascii.Error, ValueError):
        message = "it is not base64"
        raise Malformed(message) from None


def certificate_of(line: str) -> Certificate:
    """A user's certificate; raises ``Malformed``. Whether its signature is good is for sshd and ssh-keygen to say."""
    kind, blob = blob_of(line)
    plain = _plain(kind)
    wire = Wire(blob)
    if wire.text() != kind or plain not in FIELDS:
        message = "it is no certificate of a kind that is known"
        raise Malformed(message)
    wire.string()  # nonce
    fields = [wire.string() for _ in range(FIELDS[plain])]
    serial, sort, name, principals = wire.number(8), wire.number(4), wire.text(), wire.string()
    begins, ends = wire.number(8), wire.number(8)
    wire.string()  # critical options: we set none
    extensions, _, authority, _ = wire.string(), wire.string(), wire.string(), wire.string()
    wire.end()
    if sort != _USER:
        message = "it is not a user's"
        raise Malformed(message)
    return Certificate(
        line=line.strip(),
        key=f"{plain} {_packed(plain.encode(), *fields)}",
        serial=serial,
        id=name,
        principals=tuple(each.decode(errors="replace") for each in Wire(principals).strings()),
        begins_at=_instant(begins),
        ends_at=_instant(ends),
        extensions=tuple(each.decode(errors="replace") for each in list(Wire(extensions).strings())[::2]),
        authority=f"{Wire(authority).text()} {base64.b64encode(authority).decode()}",
    )


def _plain(kind: str) -> str:
    """The kind of the key in a certificate of that kind; those of security keys have their own ending."""
    name = kind.removesuffix(CERTIFICATE)
    if name == kind:
        return ""
    return f"{name}@openssh.com" if name.startswith("sk-") else name


def _packed(*strings: bytes) -> str:
    return base64.b64encode(b"".join(len(each).to_bytes(4, "big") + each for each in strings)).decode()


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC)
