"""The far side of HTTP: a server on loopback that answers honestly, until a test gives it a bad day.

What stands in for a vendor is a subclass with an ``honest`` answer to each request. What does not fit the vendor's
contract goes into ``complaints``; ``faults`` put something else in the place of the honest answer.
"""

import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


Raw = Callable[[socket.socket, threading.Event], object]
"""What to do with the connection itself."""
Honest = Callable[[], bytes]
"""Does what was asked, and is the true answer."""
Fault = Callable[[Asked, Honest], bytes | Raw]


def http(status: int, body: Any = None, *more: str, kind: str = "application/json") -> bytes:
    """An answer; a body that is not bytes is sent as JSON."""
    text = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(text)}", "Connection: close", *more]
    lines += [f"Content-Type: {kind}"] if text else []
    return "\r\n".join([*lines, "", ""]).encode() + text


@dataclass
class FarSide:
    """The server, and what it was asked."""

    listener: socket.socket
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    faults: list[tuple[re.Pattern[str], Fault, int]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    def on(self, what: str, fault: Fault, times: int = 1_000_000) -> None:
        """The next ``times`` requests like ``METHOD /path`` (a regular expression) get that instead."""
        self.faults.append((re.compile(what), fault, times))

    def well(self) -> None:
        """The bad day is over."""
        self.faults.clear()

    @property
    def faults_left(self) -> int:
        """How many answers will still be none of the honest ones."""
        return sum(times for _, _, times in self.faults)

    def calls(self, method: str) -> int:
        return sum(1 for asked in self.asked if asked.method == method)

    def hears(self, asked: Asked) -> None:
        """Whatever is answered: this was asked."""
        self.asked.append(asked)

    def honest(self, asked: Asked) -> bytes:
        raise NotImplementedError

    # --- serving ---------------------------------------------------------------------------------------------
    def serve(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.settimeout(10)
            with self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as line:
                asked = _read(line)
                if asked is None:
                    return
                self.hears(asked)
                found = self._fault(asked)
                answer = found(asked, lambda: self.honest(asked)) if found else self.honest(asked)
                if isinstance(answer, bytes):
                    line.sendall(answer)
                else:
                    answer(line, self.over)

    def _fault(self, asked: Asked) -> Fault | None:
        for place, (pattern, fault, times) in enumerate(self.faults):
            if times and pattern.match(f"{asked.method} {asked.path}"):
                self.faults[place] = (pattern, fault, times - 1)
                return fault
        return None


def _read(line: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = line.recv(65_536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}
    while len(body) < int(headers.get("content-length", 0)):
        body += line.recv(65_536)
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    return Asked(method, path, query, headers, body)


Serving = TypeVar("Serving", bound=FarSide)


@contextlib.contextmanager
def serving(make: Callable[[socket.socket], Serving]) -> Iterator[Serving]:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        far_side = make(listener)
        thread = threading.Thread(target=far_side.serve, daemon=True)
        thread.start()
        try:
            yield far_side
        finally:
            far_side.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


# --- bad days --------------------------------------------------------------------------------------------------


def says(*answers: bytes) -> Fault:
    """These answers in turn, the last one again and again, and nothing is done."""
    left = list(answers)
    return lambda _asked, _honest: left.pop(0) if len(left) > 1 else left[0]


def does_and_says(answer: bytes) -> Fault:
    """What was asked is done, and that is the answer."""

    def fault(_asked: Asked, honest: Honest) -> bytes:
        honest()
        return answer

    return fault


def does_and_hangs(_asked: Asked, honest: Honest) -> Raw:
    """What was asked is done, and no answer ever comes."""
    honest()
    return lambda _line, over: over.wait(30)


def hangs(_asked: Asked, _honest: Honest) -> Raw:
    """Nothing is done, and no answer ever comes."""
    return lambda _line, over: over.wait(30)


def breaks_off(_asked: Asked, _honest: Honest) -> bytes:
    """The connection is closed without a word."""
    return b""


def does_and_breaks_off(_asked: Asked, honest: Honest) -> bytes:
    """What was asked is done, and the connection is closed without a word."""
    honest()
    return b""


def trickles(first: bytes, drop: bytes, every: float = 0.05) -> Fault:
    """``first``, and then ``drop`` again and again, for ever."""

    def talk(line: socket.socket, over: threading.Event) -> None:
        line.sendall(first)
        while not over.wait(every):
            line.sendall(drop)

    return lambda _asked, _honest: talk


def honestly(_asked: Asked, honest: Honest) -> bytes:
    """No fault at all: what comes first where only a later answer is bad."""
    return honest()


def in_turn(*faults: Fault) -> Fault:
    """One after another, the last one again and again."""
    left = list(faults)

    def fault(asked: Asked, honest: Honest) -> bytes | Raw:
        now = left.pop(0) if len(left) > 1 else left[0]
        return now(asked, honest)

    return fault


def slowly(seconds: float) -> Fault:
    """The honest answer, after a while."""

    def fault(_asked: Asked, honest: Honest) -> Raw:
        answer = honest()

        def talk(line: socket.socket, over: threading.Event) -> None:
            over.wait(seconds)
            line.sendall(answer)

        return talk

    return fault
