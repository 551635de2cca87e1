"""What every source and pager promises, as tests.

A vendor's own test file subclasses the suites that concern it and gives each a ``bench``: the source beside its
stand-in (``tests.sources.published``), and how to put people, shifts and incidents into that. Build the source once a
module, the bench once a test. A bench inherits one of the classes here and says in its class what the vendor cannot
tell; what is special about a vendor is a test of its own.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import pydantic
import pytest

from app.errors import ConnectorError
from app.model import Email
from connectors.http import Http
from connectors.interface import ANSWER_WITHIN, Incident, IncidentSource, OnCall, OnCallSource, Page, Pager
from tests.farside import Asked, FarSide, Fault, breaks_off, hangs, honestly, http, in_turn, says, slowly

AT = datetime(2026, 11, 22, 3, 12, 4, tzinfo=UTC)
BEGAN, ENDS = AT - timedelta(hours=7), AT + timedelta(hours=5)
TOKYO = timezone(timedelta(hours=9))
ADA, ALAN, GRACE = Email("ada@example.com"), Email("alan@example.com"), Email("grace@example.com")
TOKEN = "s0urce-t0ken-that-nobody-may-see"
SLACK_OF_THE_CLOCK = 5.0
"""Seconds that a machine may lose; what hangs, hangs for thirty."""

LOGIN_PAGE = b"<html><title>Please log in</title></html>"
_UNAUTHORIZED = f"Unauthorized: {TOKEN}".encode()
_ECHO = {"error": {"message": f"{TOKEN} is not good enough"}}
BAD_DAYS: Mapping[str, Fault] = {
    "401 as plain text": says(http(401, _UNAUTHORIZED, kind="text/plain")),
    "200 and a login page": says(http(200, LOGIN_PAGE, kind="text/html")),
    "a login page called JSON": says(http(200, LOGIN_PAGE)),
    "403": says(http(403, _ECHO)),
    "429 for a minute": says(http(429, _ECHO, "Retry-After: 60")),
    "429 without a word": says(http(429)),
    "500": says(http(500, _ECHO)),
    "a broken connection": breaks_off,
    "half an answer": says(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"a"'
    ),
    "a redirect": says(http(302, None, "Location: http://127.0.0.1:1/login")),
    "no body": says(http(200)),
    "null": says(http(200, b"null")),
    "a list for an object": says(http(200, [TOKEN])),
    "an object for everything": says(http(200, {"data": TOKEN, "error": TOKEN})),
}
FOR_GOOD = {"401 as plain text", "403", "a redirect"}


def https_of(source: object) -> list[Http]:
    """Its ways out. A test may change how patient they are."""
    return [each for each in vars(source).values() if isinstance(each, Http)]


@dataclass
class Bench(ABC):
    """A source (or pager), with its ``name`` as an attribute, and the far side of it."""

    source: Any
    far_side: FarSide
    secrets: Sequence[str] = (TOKEN,)
    times: list[float] = field(default_factory=list, init=False)
    """The seconds that it gives each of its ways out; while a test runs they have more."""

    within: ClassVar[float] = ANSWER_WITHIN
    """Seconds for one answer."""
    harmless: ClassVar[frozenset[str]] = frozenset()
    """Names of bad days that are none for this vendor, who promises no body."""

    @abstractmethod
    def ask(self) -> Any:
        """The question that the faults are put before."""

    @property
    def name(self) -> str:
        """As it is called in the settings."""
        return str(self.source.name)

    def something(self) -> None:  # noqa: B027 - a pager needs nothing
        """There is something to tell, so that the question takes all of its calls."""

    def fault(self) -> ConnectorError:
        """What the question comes to on a bad day, which says whose it is and no secret."""
        with pytest.raises(ConnectorError) as caught:
            self.ask()
        assert self.name in str(caught.value)
        self.keeps_silent(caught.value)
        return caught.value

    def keeps_silent(self, error: BaseException | None) -> None:
        """No text of an error, nor of what it came from as a traceback would show it, tells a secret."""
        while error is not None:
            assert not [secret for secret in self.secrets if secret in f"{error!r} {error}"]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class BadDays:
    """What must hold of whatever asks over HTTP; see the suites below."""

    @pytest.mark.parametrize("name", BAD_DAYS)
    def test_a_bad_day_is_no_answer_and_tells_no_secret(self, bench: Bench, name: str) -> None:
        bench.far_side.on(".", BAD_DAYS[name])
        if name in bench.harmless:
            bench.ask()
        else:
            assert bench.fault().permanent is (name in FOR_GOOD)

    def test_when_to_ask_again_is_told_on(self, bench: Bench) -> None:
        bench.far_side.on(".", BAD_DAYS["429 for a minute"])
        assert bench.fault().retry_after == 60

    def test_an_answer_has_its_time_and_no_more(self, bench: Bench) -> None:
        assert bench.times
        assert max(bench.times) <= bench.within
        for api in https_of(bench.source):
            api.seconds = 0.2
        bench.far_side.on(".", hangs)
        began = time.monotonic()
        assert not bench.fault().permanent
        assert time.monotonic() - began < SLACK_OF_THE_CLOCK

    def test_all_the_calls_of_one_answer_share_its_time(self, bench: Bench) -> None:
        bench.something()
        bench.ask()
        if len({asked.path + asked.query for asked in bench.far_side.asked}) < 2:
            return  # one call has nobody to share with
        for api in https_of(bench.source):
            api.seconds = 0.35
        bench.far_side.on(".", slowly(0.2))
        bench.fault()

    def test_its_settings_take_no_key_that_does_nothing(self, bench: Bench) -> None:
        assert bench.source.Settings.model_config.get("extra") == "forbid"

    def test_closing_twice_is_closing_once(self, bench: Bench) -> None:
        bench.source.close()
        bench.source.close()
        bench.ask()


class SourceSuite(BadDays):
    """What both kinds of sources promise: one repetition, and an honest ``check``."""

    def test_what_fails_in_passing_is_asked_once_more_and_no_more(self, bench: Bench) -> None:
        bench.something()
        bench.far_side.on(".", BAD_DAYS["500"], times=1)
        bench.ask()
        bench.far_side.on(".", BAD_DAYS["500"])
        bench.far_side.asked.clear()
        bench.fault()
        paths = [asked.path + asked.query for asked in bench.far_side.asked]
        assert max(paths.count(path) for path in paths) == 2

    def test_an_answer_is_used_again_for_a_minute_at_most(self, bench: Bench) -> None:
        assert timedelta() <= bench.source.every <= timedelta(seconds=60)

    def test_check_finds_nothing_wrong_with_what_works(self, bench: Bench) -> None:
        assert list(bench.source.check()) == []

    @pytest.mark.parametrize("name", ["401 as plain text", "403"])
    def test_check_says_what_is_missing_and_what_mends_it(self, bench: Bench, name: str) -> None:
        bench.far_side.on(".", BAD_DAYS[name])
        problems = list(bench.source.check())
        assert problems
        for problem in problems:
            assert bench.name in problem.where
            assert problem.remedy
            assert not [secret for secret in bench.secrets if secret in str(problem)]

    def test_check_raises_where_nobody_can_be_reached(self, bench: Bench) -> None:
        bench.far_side.on(".", breaks_off)
        with pytest.raises(ConnectorError) as caught:
            bench.source.check()
        bench.keeps_silent(caught.value)


# --- who is on call ------------------------------------------------------------------------------------------------


@dataclass
class OnCallBench(Bench):
    """``rota`` is there and empty, ``unknown`` is not there; the stand-in keeps accounts and shifts."""

    source: OnCallSource
    rota: Mapping[str, str] = None  # type: ignore[assignment]
    unknown: Mapping[str, str] = None  # type: ignore[assignment]

    tells_level: ClassVar[bool] = True
    tells_since: ClassVar[bool] = True

    @abstractmethod
    def account(self, key: str, email: str | None) -> None:
        """Somebody has an account; ``key`` is a word of which the stand-in makes an id. None: the address is hidden."""

    @abstractmethod
    def shift(self, key: str, level: int = 1, start: datetime = BEGAN, end: datetime = ENDS) -> None:
        """They are on call in ``rota``; both times are shown in the zone given.

        A vendor's interval may be closed at both ends: a shift that touches the instant asked for is answered.
        """

    @abstractmethod
    def override(self, away: str, instead: str) -> None:
        """Somebody takes over now; where the vendor shows the plain rota as well, that stays as it was."""

    def something(self) -> None:
        self.on_call("ada", ADA)

    def ask(self) -> Sequence[OnCall]:
        return self.source.on_call(self.rota, AT)

    def on_call(self, key: str, email: str | None, **shift: Any) -> None:
        """Somebody with an account and a shift."""
        self.account(key, email)
        self.shift(key, **shift)

    def emails(self) -> list[Email | None]:
        return [each.email for each in self.ask()]


class OnCallContract(SourceSuite):
    """Subclass it, and write a fixture ``bench``."""

    def test_who_is_on_call_is_found_and_who_is_not_is_not(self, bench: OnCallBench) -> None:
        bench.account("alan", ALAN)
        bench.on_call("ada", ADA)
        [found] = bench.ask()
        since = BEGAN if bench.tells_since else None
        assert (found.email, found.level, found.since, found.doubt) == (ADA, 1, since, None)

    def test_addresses_are_compared_casefolded(self, bench: OnCallBench) -> None:
        bench.on_call("ada", "Ada@Example.COM")
        assert bench.emails() == [ADA]

    def test_levels_are_kept_apart(self, bench: OnCallBench) -> None:
        bench.on_call("ada", ADA)
        bench.on_call("alan", ALAN, level=2)
        found = {each.email: each.level for each in bench.ask()}
        assert found == {ADA: 1, ALAN: 2 if bench.tells_level else 1}

    def test_nobody_on_call_is_an_answer(self, bench: OnCallBench) -> None:
        bench.account("ada", ADA)
        assert list(bench.ask()) == []

    def test_an_override_removes_who_would_have_been_on_call(self, bench: OnCallBench) -> None:
        bench.on_call("ada", ADA)
        bench.account("alan", ALAN)
        bench.override(away="ada", instead="alan")
        assert bench.emails() == [ALAN]

    def test_a_rota_that_is_not_there_is_named_with_what_to_do(self, bench: OnCallBench) -> None:
        with pytest.raises(ConnectorError) as caught:
            bench.source.on_call(bench.unknown, AT)
        assert caught.value.permanent
        assert bench.name in str(caught.value)
        assert not [name for name in bench.unknown.values() if name not in str(caught.value)]
        assert ";" in str(caught.value)

    def test_a_bad_day_names_the_rota(self, bench: OnCallBench) -> None:
        bench.far_side.on(".", BAD_DAYS["500"])
        assert [name for name in bench.rota.values() if name in str(bench.fault())]

    def test_a_rota_takes_no_key_that_does_nothing(self, bench: OnCallBench) -> None:
        bench.source.Schedule.model_validate(bench.rota)
        with pytest.raises(pydantic.ValidationError):
            bench.source.Schedule.model_validate({**bench.rota, "rotta": "x"})


class TwinsContract:
    """Of a vendor at which two accounts may have one address."""

    def test_two_accounts_with_one_address_are_a_doubt_that_says_so(self, bench: OnCallBench) -> None:
        bench.on_call("ada", ADA)
        bench.account("ada2", "ADA@example.com")
        [found] = bench.ask()
        assert found.email == ADA
        assert found.doubt
        assert bench.name in found.doubt


class HiddenAddressContract:
    """Of a vendor that may keep an address to itself."""

    def test_a_hidden_address_is_somebody_whom_nobody_knows(self, bench: OnCallBench) -> None:
        bench.on_call("ada", None)
        assert bench.emails() == [None]


class TimedContract:
    """Of a vendor that says from when to when a shift goes."""

    def test_a_shift_that_ends_in_this_second_is_over_and_one_that_begins_has_begun(
        self, bench: OnCallBench
    ) -> None:
        bench.on_call("ada", ADA, end=AT)
        bench.on_call("alan", ALAN, start=AT)
        assert bench.emails() == [ALAN]

    def test_a_shift_that_has_not_begun_is_none(self, bench: OnCallBench) -> None:
        bench.on_call("ada", ADA, start=AT + timedelta(seconds=1))
        assert bench.emails() == []

    def test_times_of_another_zone_are_the_same_instants(self, bench: OnCallBench) -> None:
        bench.on_call("ada", ADA, start=BEGAN.astimezone(TOKYO), end=ENDS.astimezone(TOKYO))
        bench.on_call("alan", ALAN, end=AT.astimezone(TOKYO))
        [found] = bench.ask()
        assert found.email == ADA
        if bench.tells_since:
            assert found.since == BEGAN


# --- what is open --------------------------------------------------------------------------------------------------


@dataclass
class IncidentBench(Bench):
    """``which`` are the keys that leave nothing out; the stand-in keeps incidents."""

    source: IncidentSource
    which: Mapping[str, str] = None  # type: ignore[assignment]

    tells: ClassVar[frozenset[str]] = frozenset(
        {"severity", "service", "url", "acknowledged_by", "declared_by"}
    )
    """Which of an incident's fields the vendor can tell; the others must be None."""
    severities: ClassVar[tuple[str, str]] = ("P1", "P2")
    """Two of the vendor's own names."""

    @abstractmethod
    def incident(
        self,
        number: int,
        *,
        status: str = "open",
        severity: str = "P1",
        service: str = "orders",
        declared_by: Email = ALAN,
        acknowledged_by: Email = ADA,
        at: datetime = BEGAN,
    ) -> Incident:
        """It is there since ``at``: *open*, *acknowledged* or *resolved*. The answer is what must be told of it.

        What the vendor cannot tell may be left as it is in that.
        """

    def something(self) -> None:
        self.incident(1)

    def ask(self) -> Sequence[Incident]:
        return self.source.open_incidents(self.which, AT)


class IncidentContract(SourceSuite):
    """Subclass it, and write a fixture ``bench``."""

    def test_an_open_incident_is_told_as_far_as_the_vendor_tells_it(self, bench: IncidentBench) -> None:
        expected = bench.incident(1, status="acknowledged", severity=bench.severities[0])
        [found] = bench.ask()
        assert (found.id, found.title, found.status) == (expected.id, expected.title, "acknowledged")
        assert found.title
        for name in ("severity", "service", "url", "acknowledged_by", "declared_by"):
            assert getattr(found, name) == (getattr(expected, name) if name in bench.tells else None), name
            assert name not in bench.tells or getattr(found, name), name

    def test_nobody_has_acknowledged_what_is_only_open(self, bench: IncidentBench) -> None:
        bench.incident(1, status="open")
        [found] = bench.ask()
        assert (found.status, found.acknowledged_by) == ("open", None)

    def test_the_newest_comes_first_and_what_is_resolved_not_at_all(self, bench: IncidentBench) -> None:
        first = bench.incident(1, at=AT - timedelta(days=90), severity=bench.severities[1])
        bench.incident(2, status="resolved", at=AT - timedelta(minutes=5))
        last = bench.incident(3, at=AT - timedelta(minutes=1))
        bench.incident(4, status="resolved", at=AT - timedelta(seconds=1))
        between = bench.incident(5, status="acknowledged", at=AT - timedelta(minutes=3))
        assert [each.id for each in bench.ask()] == [last.id, between.id, first.id]

    def test_nothing_open_is_an_answer(self, bench: IncidentBench) -> None:
        assert list(bench.ask()) == []

    def test_the_keys_take_none_that_does_nothing(self, bench: IncidentBench) -> None:
        bench.source.Incidents.model_validate(bench.which)
        with pytest.raises(pydantic.ValidationError):
            bench.source.Incidents.model_validate({**bench.which, "servise": "x"})


# --- answers of several pages ----------------------------------------------------------------------------------------


@dataclass
class Paged:
    """Beside ``OnCallBench`` or ``IncidentBench``: how the vendor cuts its lists."""

    listing: ClassVar[str] = "."
    """What the requests for a page are like, as ``FarSide.on`` takes it."""

    def fill_a_page(self) -> None:
        """One page's worth that comes before whatever the test adds: people on call, or open incidents."""
        raise NotImplementedError

    def add(self) -> str:
        """One more; its address or id."""
        raise NotImplementedError

    def found(self) -> list[str]:
        """Addresses or ids, of everything answered."""
        raise NotImplementedError

    def endless(self) -> Fault:
        """Answers of which each names a next one, for ever."""
        raise NotImplementedError

    def one_goes(self) -> None:
        """The first of the first page is none any more. Only where pages are cut by numbers."""
        raise NotImplementedError


class PagedContract:
    """Of a vendor whose answer may have several pages; ``bench`` inherits ``Paged`` too."""

    def test_the_answer_on_page_two_is_found(self, bench: Any) -> None:
        bench.fill_a_page()
        added = bench.add()
        assert added in bench.found()
        assert len(bench.found()) > 1

    def test_half_an_answer_is_none(self, bench: Any) -> None:
        bench.fill_a_page()
        bench.add()
        bench.far_side.on(bench.listing, in_turn(honestly, BAD_DAYS["500"]))
        bench.fault()

    def test_pages_that_loop_end(self, bench: Any) -> None:
        bench.far_side.on(bench.listing, bench.endless())
        for api in https_of(bench.source):
            api.seconds = 0.5
        began = time.monotonic()
        bench.fault()
        assert time.monotonic() - began < SLACK_OF_THE_CLOCK


class ShiftingContract(PagedContract):
    """Of a vendor that cuts its pages by numbers: what goes meanwhile moves the rest up."""

    def test_what_moves_up_between_two_pages_is_not_lost(self, bench: Any) -> None:
        bench.fill_a_page()
        added = bench.add()
        bench.far_side.on(bench.listing, _and_then(bench.one_goes), times=1)
        assert added in bench.found()


def _and_then(happens: Callable[[], None]) -> Fault:
    """The honest answer, and what happens then."""

    def fault(_asked: Asked, honest: Callable[[], bytes]) -> bytes:
        answer = honest()
        happens()
        return answer

    return fault


# --- waking people ---------------------------------------------------------------------------------------------------

PAGE = Page(
    "breakglass-req1234567",
    "Ada asks for prod-db: INC-1234 replica lag <!channel> & more",
    {"who": "ada@example.com", "what": "orders-db: incident_writer", "why": "INC-1234 <script>\n\N{SNOWMAN}"},
    "https://acme.slack.com/archives/C0SECURITY/p1763781124000100",
)


@dataclass(frozen=True)
class Woken:
    """What somebody who is woken sees, and whether it is still open."""

    key: str
    text: str
    open: bool


@dataclass
class PagerBench(Bench):
    """The stand-in keeps what was opened, in the order in which people were woken."""

    within: ClassVar[float] = 5.0

    source: Pager
    target: Mapping[str, str] = None  # type: ignore[assignment]

    @abstractmethod
    def woken(self) -> Sequence[Woken]:
        """Everything ever opened, each once: ``text`` is all that is shown of it."""

    def ask(self) -> None:
        self.source.page(self.target, PAGE)


class PagerContract(BadDays):
    """Subclass it, and write a fixture ``bench``."""

    def test_a_page_says_who_what_why_and_where(self, bench: PagerBench) -> None:
        bench.source.page(bench.target, PAGE)
        [woken] = bench.woken()
        assert woken.open
        for word in (PAGE.summary, *PAGE.details.values(), PAGE.link):
            assert word is not None
            assert word in woken.text

    def test_a_page_without_link_and_details_is_one(self, bench: PagerBench) -> None:
        bench.source.page(bench.target, Page("k" * 60, "x" * 200))
        assert [woken.open for woken in bench.woken()] == [True]

    def test_the_same_cause_wakes_nobody_anew_and_another_does(self, bench: PagerBench) -> None:
        bench.ask()
        bench.ask()
        bench.source.page(bench.target, Page("another", "Something else"))
        assert len(bench.woken()) == 2

    def test_what_is_answered_is_let_go_of_as_often_as_one_likes(self, bench: PagerBench) -> None:
        bench.ask()
        bench.source.resolve(bench.target, PAGE)
        bench.source.resolve(bench.target, PAGE)
        assert [woken.open for woken in bench.woken()] == [False]

    def test_letting_go_of_what_was_never_opened_succeeds(self, bench: PagerBench) -> None:
        bench.source.resolve(bench.target, PAGE)
        assert not [woken for woken in bench.woken() if woken.open]

    def test_letting_go_fails_aloud(self, bench: PagerBench) -> None:
        bench.far_side.on(".", BAD_DAYS["500"])
        with pytest.raises(ConnectorError) as caught:
            bench.source.resolve(bench.target, PAGE)
        bench.keeps_silent(caught.value)

    def test_a_target_takes_no_key_that_does_nothing(self, bench: PagerBench) -> None:
        bench.source.Target.model_validate(bench.target)
        with pytest.raises(pydantic.ValidationError):
            bench.source.Target.model_validate({**bench.target, "servise": "x"})
