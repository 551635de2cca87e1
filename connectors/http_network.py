"""The network below ``connectors.http``: which addresses are called, and until when."""

import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import lru_cache

import httpcore
import httpx
from httpcore import SOCKET_OPTION

from connectors.deadline import within

_ENDS: ContextVar[float] = ContextVar("ends")
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
)
"""Where cloud machines (AWS, Google, Alibaba, Azure, Oracle) ask for their own credentials, outside of link-local."""
_CARRIES_IPV4 = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
"""NAT64, NAT64 of one's own, and the form of old: the last 32 bits are the address that is meant."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp = Callable[[str, int, float], Sequence[Address]]
"""Host, port, seconds -> addresses; raises ``httpcore.ConnectError`` where there are none."""


class NotAllowed(Exception):
    """The name leads to an address that is not called; the text names neither."""


@contextlib.contextmanager
def deadline(ends: float) -> Iterator[None]:
    """Everything on the network within ends at that monotonic instant, however slowly it trickles in."""
    token = _ENDS.set(ends)
    try:
        yield
    finally:
        _ENDS.reset(token)


def is_this_machine(host: str) -> bool:
    """Whether a host as written in a URL is loopback."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return False


def may_call(address: Address, *, private: bool) -> bool:
    """Public addresses; with ``private`` those of one's own networks too; never link-local ones."""
    address = _meant(address)
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA:
        return False
    return private or address.is_global


@lru_cache(maxsize=4)
def _trusting(_places: ssl.DefaultVerifyPaths) -> ssl.SSLContext:
    """Whom TLS believes; honours ``SSL_CERT_FILE``, an authority of one's own, which is one of the places.

    Read once: it takes 50 ms, and each connector and source asks for it.
    """
    return httpx.create_ssl_context()


class Transport(httpx.BaseTransport):
    """HTTP/1.1 with the checks of this module on every connection.

    ``tls`` False: nothing will be called over https, so that no authorities are read, which takes its time. A context:
    authorities, and a certificate of our own, that hold for this one alone.
    """

    def __init__(
        self, *, private: bool, look_up: LookUp | None = None, tls: bool | ssl.SSLContext = True
    ) -> None:
        context = _trusting(ssl.get_default_verify_paths()) if tls is True else tls or None
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=8,
            keepalive_expiry=30.0,
            network_backend=_Network(private=private, look_up=look_up or addresses_of),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, one answer whose body is read as it comes."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions={"timeout": {"pool": _left(None)}},
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), request=request)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Network(httpcore.NetworkBackend):
    """Looks a name up once, checks every address found, and connects to one of just those."""

    def __init__(self, *, private: bool, look_up: LookUp) -> None:
        self._private = private
        self._look_up = look_up
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError("no address")
        for address in self._allowed(host, port, timeout):
            try:
                stream = self._sockets.connect_tcp(
                    str(address), port, _left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream)
        raise failed

    def _allowed(self, host: str, port: int, timeout: float | None) -> Sequence[Address]:
        addresses = self._look_up(host, port, _left(timeout))
        private = self._private
        if is_this_machine(host):
            addresses = [address for address in addresses if address.is_loopback]
            private = True
        if not addresses or not all(may_call(address, private=private) for address in addresses):
            message = "is not at a public address (settings: private)"
            raise NotAllowed(message)
        return addresses


class _Stream(httpcore.NetworkStream):
    """A connection on which each single wait ends with the call's deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None) -> float:
    """Seconds that one wait may take; at the end the wait fails as any that took too long."""
    left = _ENDS.get() - time.monotonic()
    if left <= 0:
        message = "the call's deadline"
        raise httpcore.ReadTimeout(message)
    return left if timeout is None else min(left, timeout)


def addresses_of(host: str, port: int, seconds: float) -> Sequence[Address]:
    """Where a name leads, asked once."""
    try:
        found = within(seconds, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):  # TimeoutError is an OSError
        message = "the name cannot be looked up"
        raise httpcore.ConnectError(message) from None
    return [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, NAT64), or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if not address.is_loopback and any(address in network for network in _CARRIES_IPV4):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
