"""Health in detail and metrics, for operators: any process may serve them beside its work."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from typing import Any, Self

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Readiness = Callable[[], tuple[bool, list[str]]]
"""Whether anything could be given now, and what is worse than it should be."""

_PATIENCE_SECONDS = 5


class OpsServer:
    """Serves ``/readyz`` and ``/metrics`` in daemon threads; ``close`` it, or use it as a context."""

    def __init__(self, host: str, port: int, ready: Readiness, registry: CollectorRegistry) -> None:
        """Bind at once, so that a taken port is known at start; raises ``OSError``. Port 0: any free one."""
        server = _V6 if ":" in host else _V4
        self._server = server((host, port), _handler(ready, registry))
        self._thread = threading.Thread(target=self._server.serve_forever, name="ops", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop answering and let go of the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(_PATIENCE_SECONDS)
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.close()


class _V4(ThreadingHTTPServer):
    daemon_threads = True


class _V6(_V4):
    address_family = AF_INET6


def _handler(ready: Readiness, registry: CollectorRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_SECONDS
        server_version = "breakglass"
        sys_version = ""

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/readyz":
                    self._say_ready()
                case "/metrics":
                    self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
                case _:
                    self._answer(404, "text/plain", b"")

        def _say_ready(self) -> None:
            good, degraded = ready()
            body = json.dumps({"ready": good, "degraded": degraded}).encode()
            self._answer(200 if good else 503, "application/json", body)

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            headers = {
                "Content-Type": content_type,
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            }
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            """Nobody's log needs a line for each look."""

    return Handler
