"""The people's own public keys: which are taken, and a sentence for each that is not. None quotes what was found."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from connectors.access.ssh_ca_wire import CERTIFICATE, FIELDS, Malformed, Wire, blob_of

LEAST_RSA, MOST_RSA = 2048, 8192
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}")
"""What a person is called here: one file's name, and a part of the certificate's id."""
_MOST_BYTES = 16_384
_ED25519_BYTES = 32
_PRIVATE = ("PRIVATE KEY", "PuTTY-User-Key-File")
_NEW = "make a new one with ssh-keygen -t ed25519"


class Unfit(ValueError):
    """That key gets no certificate; the text says why, behind *the key of ada …*."""


def public_key(text: str) -> str:
    """The one key in that text, without its comment; raises ``Unfit``."""
    if any(each in text for each in _PRIVATE):
        message = f"is a private key, which nobody else may ever see: delete it there, {_NEW}, and paste its .pub file"
        raise Unfit(message)
    if "-----BEGIN" in text or "---- BEGIN" in text:
        message = "is not in OpenSSH's own form: paste what ssh-keygen -i -f FILE prints"
        raise Unfit(message)
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        message = "is missing: there is nothing but blanks and comments"
        raise Unfit(message)
    if len(lines) > 1:
        message = "is not one: there are several, and nobody knows which"
        raise Unfit(message)
    return _fit(lines[0])


def _fit(words: list[str]) -> str:
    kind = words[0]
    if kind.endswith(CERTIFICATE):
        message = "is a certificate: paste the .pub file that it was made of"
        raise Unfit(message)
    if kind == "ssh-dss":
        message = f"is a DSA key, which OpenSSH takes no more: {_NEW}"
        raise Unfit(message)
    if kind not in FIELDS:
        options = any(word in FIELDS or word == "ssh-dss" for word in words)
        message = (
            "has options before it, as in authorized_keys: paste the key alone"
            if options
            else f"is no OpenSSH public key of a kind that is taken ({', '.join(sorted(FIELDS))})"
        )
        raise Unfit(message)
    line = " ".join(words[:2])
    try:
        _look_into(kind, line)
    except Malformed:
        message = "is damaged: paste the whole line of the .pub file again"
        raise Unfit(message) from None
    return line


def _look_into(kind: str, line: str) -> None:
    _, blob = blob_of(line)
    wire = Wire(blob)
    if wire.text() != kind:
        message = "another kind is in it"
        raise Malformed(message)
    fields = [wire.string() for _ in range(FIELDS[kind])]
    wire.end()
    if kind == "ssh-ed25519" and len(fields[0]) != _ED25519_BYTES:
        message = "of another length"
        raise Malformed(message)
    bits = int.from_bytes(fields[-1], "big").bit_length()
    if kind == "ssh-rsa" and bits < LEAST_RSA:
        message = f"is an RSA key of less than {LEAST_RSA} bits: {_NEW}"
        raise Unfit(message)
    if kind == "ssh-rsa" and bits > MOST_RSA:
        message = f"is an RSA key of more than {MOST_RSA} bits: {_NEW}"
        raise Unfit(message)


class People:
    """The keys of everybody: some in the settings, some in a folder with a file ``NAME.pub`` each."""

    def __init__(self, written: Mapping[str, str], folder: Path | None) -> None:
        self._written = written
        self._folder = folder

    def key_of(self, name: str) -> str | None:
        """Their key; None: there is none of that name. Raises ``Unfit``; ``OSError`` where the folder is not there."""
        if not NAME.fullmatch(name):
            return None
        texts = self._texts(name)
        if not texts:
            return None
        if len(texts) > 1:
            message = "is not one: there is one in the settings, and one in the folder"
            raise Unfit(message)
        key = public_key(texts[0])
        if any(self._has(other, key) for other in self.names() if other != name):
            message = "stands under another name as well: one key, one person"
            raise Unfit(message)
        return key

    def _has(self, name: str, key: str) -> bool:
        try:
            return any(key in text for text in self._texts(name))
        except Unfit:
            return False  # their fault, of which they hear themselves

    def names(self) -> Iterator[str]:
        """Everybody of whom there is a key, fit or not."""
        there = {path.name.removesuffix(".pub") for path in self._files()}
        yield from sorted({*self._written, *(name for name in there if NAME.fullmatch(name))})

    def _files(self) -> list[Path]:
        if self._folder is None:
            return []
        return [path for path in self._folder.iterdir() if path.name.endswith(".pub")]

    def _texts(self, name: str) -> list[str]:
        found = [self._written[name]] if name in self._written else []
        if self._folder is not None:
            found += _read(self._folder, f"{name}.pub")
        return found

    def unsafe(self) -> str | None:
        """Why anybody could put a key of their own under another's name; None where nobody can."""
        if self._folder is not None and self._folder.stat().st_mode & stat.S_IWOTH:
            return "everybody may write to the folder of keys"
        return None


def _read(folder: Path, name: str) -> list[str]:
    """What is in that file, if it is there; no link is followed, and nothing but a file is read."""
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        folder.stat()  # a folder that is not there is no answer
        return []
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode) or mode & stat.S_IWOTH:
            message = "is in no file of its own, or in one to which everybody may write"
            raise Unfit(message)
        text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        message = "is in a file that is too long to hold one key"
        raise Unfit(message)
    return [text.decode("utf-8", "replace")]
