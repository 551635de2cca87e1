"""Who is on call, out of an iCalendar that a URL answers with: what other calendars publish.

It is asked for anew each time and parsed anew when it says something else. A URL is often a secret itself (who knows it
reads the calendar), so it stands in no error. Parsing goes on beside the question: a calendar that takes longer
than one answer may is there for the next one, and nothing is parsed while the one before still is.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.errors import ConnectorError, Misconfigured, Problem
from connectors.deadline import started
from connectors.http import MEGABYTE, Http
from connectors.interface import ANSWER_WITHIN, OnCall
from connectors.sources.calendar import CalendarSource, Match

if TYPE_CHECKING:
    from concurrent.futures import Future

KINDS = ("text/calendar", "text/plain")
_REMEDY = "its secret address may have been replaced; copy it again from where the calendar is published"
_REMEDIES = dict.fromkeys((301, 302, 303, 307, 308, 401, 403, 404, 410), _REMEDY)


class CalendarFeed:
    """One rota, asked as :class:`CalendarSource` is; ``name`` is the schedule's. Opens nothing before that.

    https (``webcal`` is the same; http to this machine) to a public address unless ``private``, no redirects, within
    :data:`ANSWER_WITHIN` and 1 MiB. Raises ``Misconfigured`` for an address that may not be called at all.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        match: Match = "attendee",
        zone: str = "UTC",
        private: bool = False,
        seconds: float = ANSWER_WITHIN,
        begin: "Callable[[Callable[[], CalendarSource]], Future[CalendarSource]]" = started,
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._begin = begin
        self._match = match
        self._zone = zone
        base, self._path = _parts(name, url)
        self._http = Http(
            f"{name}: its calendar",
            base,
            # Nor may a cache on the way answer with what was so an hour ago.
            headers={"accept": ", ".join(KINDS), "cache-control": "no-cache"},
            private=private,
            seconds=seconds,
            max_bytes=MEGABYTE,
            repeats=1,
            remedies=_REMEDIES,
        )
        self._lock = threading.Lock()
        self._text = ""
        self._parsed: Future[CalendarSource] | None = None

    def on_call(self, at: datetime) -> Sequence[OnCall]:
        """Everybody on call at that instant as the calendar says it now; see ``CalendarSource``."""
        ends = time.monotonic() + self._seconds
        with self._http.one_answer(self._name):
            calendar = self._calendar(self._http.text(self._path, KINDS))
            try:
                source = calendar.result(timeout=max(0.0, ends - time.monotonic()))
            except TimeoutError:
                raise self._still_busy() from None
            return source.on_call(at, seconds=ends - time.monotonic())

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def _calendar(self, text: str) -> "Future[CalendarSource]":
        """What the text says, parsed or being parsed."""
        if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
            message = f"{self._name}: its address answers with something that is no iCalendar; {_REMEDY}"
            raise ConnectorError(message)
        with self._lock:
            if self._parsed is None or text != self._text:
                if self._parsed is not None and not self._parsed.done():
                    raise self._still_busy()
                source = CalendarSource(text, match=self._match, zone=self._zone)
                self._text, self._parsed = text, self._begin(source.parse)
            return self._parsed

    def _still_busy(self) -> ConnectorError:
        message = f"{self._name}: its calendar takes long to read; it is known as soon as that is done"
        return ConnectorError(message)


def _parts(name: str, url: str) -> tuple[str, str]:
    """Where to connect to, and what to ask for there; whether that may be called is judged elsewhere."""
    try:
        found = urlsplit(url)
    except ValueError:
        problem = Problem(name, "its calendar's `url` is none", "an https:// or webcal:// address")
        raise Misconfigured([problem]) from None
    scheme = "https" if found.scheme == "webcal" else found.scheme
    query = f"?{found.query}" if found.query else ""
    return f"{scheme}://{found.netloc}", f"{found.path or '/'}{query}"
