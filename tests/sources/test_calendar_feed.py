"""A rota at a URL: fetched within bounds, never older than the question, and its address in no error."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from app.errors import ConnectorError, Misconfigured
from connectors.sources import calendar
from connectors.sources.calendar import CalendarSource
from connectors.sources.calendar_feed import CalendarFeed
from tests.connectors.badserver import BadServer, answer, bad_server

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SECRET = "private-7f3a9c"
PATH = f"/ical/{SECRET}/basic.ics"


def rota(who: str, *more: str) -> bytes:
    lines = [
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261124T090000Z",
        f"DTEND:20261124T180000Z\r\nATTENDEE:mailto:{who}@example.com",
        *more,
        "END:VEVENT\r\nEND:VCALENDAR\r\n",
    ]
    return "\r\n".join(lines).encode()


def feed_of(body: bytes, kind: str = "text/calendar; charset=utf-8") -> bytes:
    return answer(body, "200 OK", kind)


@pytest.fixture
def server() -> Iterator[BadServer]:
    with bad_server() as server:
        yield server


@pytest.fixture
def feed(server: BadServer) -> Iterator[CalendarFeed]:
    feed = CalendarFeed("dba", f"{server.url}{PATH}?key=abc#top")
    yield feed
    feed.close()


def emails(feed: CalendarFeed) -> list[str]:
    return [str(entry.email) for entry in feed.on_call(AT)]


def fault(feed: CalendarFeed) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        feed.on_call(AT)
    assert SECRET not in f"{caught.value!r}"
    assert str(caught.value).startswith("dba: ")
    return caught.value


def test_who_is_on_call_stands_at_the_address(server: BadServer, feed: CalendarFeed) -> None:
    server.says(PATH, feed_of(rota("ada")))
    assert emails(feed) == ["ada@example.com"]
    assert server.heard[0].startswith(f"GET {PATH}?key=abc HTTP/1.1\r\n")
    assert "cache-control: no-cache" in server.heard[0].lower()


def test_each_question_is_answered_by_what_the_calendar_says_then(
    server: BadServer, feed: CalendarFeed
) -> None:
    server.says(PATH, feed_of(rota("ada")), feed_of(rota("alan"), "text/plain"), feed_of(rota("ada")))
    assert [emails(feed) for _ in range(3)] == [
        ["ada@example.com"],
        ["alan@example.com"],
        ["ada@example.com"],
    ]


def test_the_same_text_is_parsed_once(
    server: BadServer, feed: CalendarFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says(PATH, feed_of(rota("ada")))
    emails(feed)
    monkeypatch.setattr(calendar, "MAX_EVENTS", 0)  # a second parsing would find one too many
    assert emails(feed) == ["ada@example.com"]
    server.says(PATH, feed_of(rota("alan")))
    assert "more than 0 events" in str(fault(feed))


def test_titles_and_the_zone_are_those_that_the_schedule_says(server: BadServer) -> None:
    feed = CalendarFeed("dba", f"{server.url}{PATH}", match="summary", zone="America/New_York")
    text = rota("x", "SUMMARY:ada@example.com").replace(b"20261124T090000Z", b"20261124T050000")
    server.says(PATH, feed_of(text.replace(b"20261124T180000Z", b"20261124T053000")))
    assert emails(feed) == ["ada@example.com"]
    feed.close()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(b"<html>Please log in</html>", kind="text/html"), "is not text/calendar or text/plain"),
        (feed_of(b"<html>Please log in</html>", "text/plain"), "is no iCalendar; its secret address may"),
        (feed_of(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"), "the calendar cannot be read"),
        (feed_of(b""), "answered with nothing"),
        (feed_of(b"\xff\xfe"), "is not text/calendar"),
        (feed_of(rota("ada") + b"\r\n" * 600_000), "more than 1048576 bytes"),
        (
            answer(b"no", "401 Unauthorized", "text/plain"),
            r"refuses our credentials \(HTTP 401\); its secret",
        ),
        (answer(b"", "404 Not Found"), r"\(HTTP 404\); its secret address may have been replaced"),
        (answer(b"", "302 Found", "text/html", f"Location: https://evil.example/{SECRET}"), "not followed"),
        (answer(b"", "429 Slow", "text/html", "Retry-After: 3600"), "we ask too often"),
        (feed_of(rota("ada", "RRULE:FREQ=SECONDLY")), "repeats neither daily"),
        (feed_of(rota("ada", *["EXDATE:" + ",".join(["20261125T090000Z"] * 50)] * 700)), "than a rota needs"),
    ],
    ids=[
        "html",
        "html as text",
        "half",
        "empty",
        "no text",
        "large",
        "401",
        "404",
        "redirect",
        "429",
        "endless",
        "too much",
    ],
)
def test_what_is_no_rota_is_no_answer(server: BadServer, feed: CalendarFeed, said: bytes, why: str) -> None:
    server.says(PATH, said)
    with pytest.raises(ConnectorError, match=why):
        feed.on_call(AT)
    fault(feed)


def test_an_endless_calendar_ends_with_the_answer_s_time(server: BadServer) -> None:
    feed = CalendarFeed("dba", f"{server.url}{PATH}", seconds=0.3)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\nConnection: close\r\n\r\nBEGIN:VCALENDAR\r\n"
    server.trickles(PATH, head, b"X-A:b\r\n")
    began = time.monotonic()
    assert "did not answer within 0.3 s" in str(fault(feed))
    assert time.monotonic() - began < 2
    feed.close()


def test_a_calendar_that_takes_long_to_read_is_there_for_a_later_question(server: BadServer) -> None:
    begun: list[tuple[Callable[[], CalendarSource], Future[CalendarSource]]] = []

    def begin(parse: Callable[[], CalendarSource]) -> Future[CalendarSource]:
        begun.append((parse, Future()))
        return begun[-1][1]

    feed = CalendarFeed("dba", f"{server.url}{PATH}", seconds=0.3, begin=begin)
    server.says(PATH, feed_of(rota("ada")), feed_of(rota("alan")), feed_of(rota("ada")))
    assert "takes long to read" in str(fault(feed))
    assert "takes long to read" in str(fault(feed))  # it says something else meanwhile: one after the other
    assert len(begun) == 1
    parse, parsed = begun[0]
    parsed.set_result(parse())
    assert emails(feed) == ["ada@example.com"]
    feed.close()


def test_a_calendar_on_one_s_own_network_needs_to_be_allowed() -> None:
    feed = CalendarFeed("dba", f"https://10.0.0.1{PATH}")
    assert "private" in str(fault(feed))
    feed.close()


@pytest.mark.parametrize(
    "url",
    [
        f"http://calendars.example.com{PATH}",
        f"https://user:{SECRET}@calendars.example.com/",
        f"file:///{SECRET}",
        f"https://[::1{PATH}",
        SECRET,
        "",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        CalendarFeed("dba", url)
    assert SECRET not in str(caught.value)
    assert "dba" in str(caught.value)


def test_webcal_means_https() -> None:
    CalendarFeed("dba", f"webcal://calendars.example.com{PATH}").close()
