"""Who may look at the page: this machine, by its own address, with the token that was printed at start."""

import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def _is_loopback(name: str | None) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name or "").is_loopback
    except ValueError:
        return False


class Guard:
    """Loopback, Host, Origin and the page's token; each refusal says what to do."""

    def __init__(self, token: str) -> None:
        self._token = token

    def matches(self, given: str | None) -> bool:
        """Whether that is the page's token, in constant time."""
        return hmac.compare_digest((given or "").encode(), self._token.encode())

    def cookie(self, request: HTTPConnection) -> str:
        """The cookie's name: browsers share cookies between the ports of one host."""
        return f"sandbox_{request.url.port or 0}"

    def admit(self, response: Response, request: HTTPConnection) -> None:
        """Put the token where only our own page sends it along."""
        path = request.scope.get("root_path") or "/"
        response.set_cookie(self.cookie(request), self._token, path=path, httponly=True, samesite="strict")

    def refusal(self, request: HTTPConnection, *, needs_token: bool = True) -> Response | None:
        """Why this request is not answered, or None."""
        client = request.client.host if request.client else None
        if not _is_loopback(client) or not _is_loopback(request.url.hostname):
            return PlainTextResponse("The sandbox answers only on this machine.", 403)
        if not self._same_origin(request):
            return PlainTextResponse("The sandbox answers only its own page.", 403)
        if needs_token and not self.matches(request.cookies.get(self.cookie(request))):
            return PlainTextResponse("Open the address that was printed at start: it carries a token.", 403)
        return None

    def _same_origin(self, request: HTTPConnection) -> bool:
        origin = request.headers.get("origin")
        if origin is None:
            return request.scope["method"] in ("GET", "HEAD")
        parts = urlsplit(origin)
        return (parts.scheme, parts.netloc) == (request.url.scheme, request.headers.get("host"))
