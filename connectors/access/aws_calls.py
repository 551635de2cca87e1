"""Calls of AWS: deadlines, repetitions, pages; one way for every AWS connector."""

import contextlib
import math
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import botocore
from botocore import exceptions as aws

from app.errors import ConnectorError, Problem
from connectors.access.aws_faults import AwsFault, Unreachable, as_read, fault_of, is_gone
from connectors.access.aws_session import ONE_REQUEST, AwsSettings, Wire
from connectors.http_network import deadline

MOST_PAGES = 200
REPEATS = 3
_SAFE = ("Get", "List", "Describe", "Is", "Lookup", "Simulate")
_ENDS: ContextVar[float] = ContextVar("aws_ends", default=math.inf)
"""The monotonic instant at which the connector's call ends, whose requests these are."""


class Aws:
    """One connector's way to AWS. Thread-safe; nothing is built before the first call."""

    def __init__(self, name: str, settings: AwsSettings, region: str) -> None:
        self.name = name
        self._seconds = float(settings.deadline.removesuffix("s"))
        self._wire = Wire(name, settings, region)
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._building = threading.Lock()
        self._closed = threading.Event()

    @contextlib.contextmanager
    def one_call(self) -> Iterator[None]:
        """Everything inside ends within the settings' ``deadline`` together."""
        token = _ENDS.set(min(_ENDS.get(), time.monotonic() + self._seconds))
        try:
            yield
        finally:
            _ENDS.reset(token)

    def seconds_left(self) -> float:
        """Of the call that goes on in this thread."""
        return min(_ENDS.get() - time.monotonic(), self._seconds)

    def pause(self, seconds: float) -> bool:
        """Wait, unless that would take longer than the call may; False where it would. ``close`` ends the wait."""
        if self.seconds_left() <= seconds:
            return False
        self._closed.wait(seconds)
        return True

    def close(self) -> None:
        """Close connections and end waits; a later call opens them anew."""
        closed, self._closed = self._closed, threading.Event()
        closed.set()
        with self._building:
            self._session, self._clients = None, {}
        self._wire.close()

    def call(self, service: str, operation: str, **given: Any) -> Mapping[str, Any]:
        """The answer. Operations that only read and failed in passing are repeated within the deadline, others never.

        Raises ``AwsFault`` where AWS says no, and ``ConnectorError`` for everything else.
        """
        safe = operation.startswith(_SAFE)
        attempt = 0
        while True:
            try:
                return self._once(service, operation, given, safe=safe)
            except ConnectorError as error:
                attempt += 1
                hopeless = error.permanent or isinstance(error, Unreachable) or not safe or attempt >= REPEATS
                if hopeless or not self.pause(max(error.retry_after or 0.0, _back_off(attempt))):
                    raise

    def pages(
        self,
        service: str,
        operation: str,
        key: str,
        *,
        following: str = "NextToken",
        may_lack: bool = False,
        **given: Any,
    ) -> Sequence[Any]:
        """All of a list; ``following`` names what leads to the next page. ``may_lack``: no list is an empty one.

        One that comes back to a page, or has no end, is a fault: half a list says who is on it, never who is not.
        """
        found: list[Any] = []
        seen: set[str] = set()
        more: dict[str, str] = {}
        while True:
            answer = self.call(service, operation, **given, **more)
            found += [] if may_lack and answer.get(key) is None else self.part(answer, key, list)
            mark = answer.get(following)
            if not mark:
                return found
            if mark in seen or len(seen) >= MOST_PAGES:
                message = f"{self.name}: AWS lists its pages in a circle, or without end"
                raise ConnectorError(message)
            seen.add(mark)
            more = {following: mark}

    def part(self, answer: Mapping[str, Any], key: str, kind: type[Any] = str) -> Any:
        """What must be in an answer; where it is not, nobody knows what was done."""
        value = answer.get(key)
        if not isinstance(value, kind):
            raise ConnectorError(f"{self.name}: AWS left `{key}` out of its answer", unclear=True)
        return value

    def refusal(
        self, service: str, operation: str, *, gone_is_fine: bool = False, **given: Any
    ) -> Problem | None:
        """What our credentials lack for that, with what mends it; None where nothing is lacking."""
        try:
            self.call(service, operation, **given)
        except AwsFault as fault:
            if not fault.permanent:
                raise
            if gone_is_fine and is_gone(fault):
                return None
            what, _, remedy = str(fault).removeprefix(f"{self.name}: ").partition("; ")
            return Problem(f"connectors.{self.name}", what, remedy or "look at what the settings name")
        return None

    def _once(
        self, service: str, operation: str, given: Mapping[str, Any], *, safe: bool
    ) -> Mapping[str, Any]:
        left = self.seconds_left()
        if left <= 0:
            raise ConnectorError(f"{self.name}: AWS did not do it within {self._seconds:g} s")
        try:
            with deadline(time.monotonic() + min(left, ONE_REQUEST)), as_read(self.name, safe=safe):
                client = self._client(service)
                answer: Mapping[str, Any] = getattr(client, botocore.xform_name(operation))(**given)
                return answer
        except aws.ClientError as error:
            raise fault_of(self.name, service, error, safe=safe) from None

    def _client(self, service: str) -> Any:
        with self._building:
            if service not in self._clients:
                self._session = self._session or self._wire.session()
                self._clients[service] = self._wire.client(self._session, service)
            return self._clients[service]


def same(one: str, other: str) -> bool:
    """Names as AWS compares them, which keeps their case and asks for none; beyond ASCII only what is equal."""
    return one == other or (one.isascii() and other.isascii() and one.casefold() == other.casefold())


def _back_off(attempt: int) -> float:
    return float(0.1 * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - spreads calls, guards nothing
