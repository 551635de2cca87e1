"""An HTTP server on loopback that misbehaves as told: each path has a script of raw bytes and pauses."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Script = Callable[[socket.socket, threading.Event], None]


@dataclass
class BadServer:
    """``scripts``: path -> what to do with the connection; ``heard``: each request as it came."""

    listener: socket.socket
    scripts: dict[str, Script] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, path: str, *answers: bytes) -> None:
        """Each call of the path gets the next answer, the last one again and again."""
        left = list(answers)

        def script(connection: socket.socket, _over: threading.Event) -> None:
            connection.sendall(left.pop(0) if len(left) > 1 else left[0])

        self.scripts[path] = script

    def trickles(self, path: str, first: bytes, drop: bytes, seconds: float = 0.1) -> None:
        """``first``, and then ``drop`` again and again, for ever."""

        def script(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(first)
            while not over.wait(seconds):
                connection.sendall(drop)

        self.scripts[path] = script

    def serve(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(65_536)
                if not more:
                    return
                head += more
            self.heard.append(head.decode("latin-1"))
            path = head.split(b" ")[1].decode("latin-1").partition("?")[0]
            self.scripts.get(path, _hang)(connection, self.over)


def _hang(_connection: socket.socket, over: threading.Event) -> None:
    over.wait(30)


def answer(body: bytes = b"{}", status: str = "200 OK", kind: str = "application/json", *more: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def bad_server() -> Iterator[BadServer]:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        server = BadServer(listener)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
