"""The way to one target: how many at once, how many a second, who goes first, and what happens when it is silent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from app.errors import ConnectorError, NotAsked, Underway
from app.gates import MOST_FAILURES, MOST_OTHERS, Gate
from app.lifecycle.taking import pause
from connectors.interface import Limits
from tests.clock import MovedClock
from tests.serving import wait

FOUR_AT_ONCE = Limits()


class Target:
    """Answers what it is told to, and knows who is inside."""

    def __init__(self) -> None:
        self.may_go = threading.Event()
        self.inside: list[str] = []
        self.seen: list[str] = []
        self.failure: Exception | None = None
        self._lock = threading.Lock()

    def hangs(self, name: str) -> None:
        with self._lock:
            self.inside.append(name)
            self.seen.append(name)
        assert self.may_go.wait(20)
        with self._lock:
            self.inside.remove(name)

    def says(self, name: str = "") -> str:
        self.seen.append(name)
        if self.failure is not None:
            raise self.failure
        return "here"


class Scene:
    def __init__(self, limits: Limits) -> None:
        self.clock, self.target, self.well = MovedClock(), Target(), list[str]()
        self.gate = Gate("orders-db", limits, self.clock.now, self.well.append)
        self.threads: list[threading.Thread] = []

    def begins(self, *names: str) -> None:
        """Each calls from a thread of its own; those whose name begins with *take* take."""
        for name in names:
            way = self.gate.take if name.startswith("take") else self.gate.call
            self.threads.append(threading.Thread(target=self._safely, args=(way, name), daemon=True))
            self.threads[-1].start()

    def _safely(self, way: object, name: str) -> None:
        try:
            way(self.target.hangs, name)  # type: ignore[operator]
        except NotAsked:
            self.target.seen.append(f"{name} was sent away")

    def waits(self, *, taking: bool, count: int) -> bool:
        return self.gate._waiting[taking] == count  # noqa: SLF001 - seen by nobody else

    def fails(self, times: int, failure: Exception | None = None) -> None:
        self.target.failure = failure or ConnectorError("no answer")
        for _ in range(times):
            with pytest.raises(ConnectorError):
                self.gate.take(self.target.says)


@contextmanager
def scene(limits: Limits = FOUR_AT_ONCE) -> Iterator[Scene]:
    made = Scene(limits)
    yield made
    made.target.may_go.set()
    for thread in made.threads:
        thread.join(20)


# --- at once -------------------------------------------------------------------------------------------------


def test_no_more_calls_at_once_than_the_target_takes() -> None:
    with scene(Limits(concurrency=3)) as at:
        at.begins(*(f"take{number}" for number in range(6)))
        wait(lambda: at.waits(taking=True, count=3))
        assert len(at.target.inside) == 3
    assert sorted(at.target.seen) == [f"take{number}" for number in range(6)]


def test_what_gives_leaves_a_place_to_what_takes_however_long_it_hangs() -> None:
    with scene(Limits(concurrency=3)) as at:
        at.begins("give1", "give2", "give3")
        wait(lambda: len(at.target.inside) == 2)
        at.begins("take1")
        wait(lambda: "take1" in at.target.inside)
        assert len(at.target.inside) == 3


def test_what_waits_for_a_target_that_hangs_is_sent_away_and_its_thread_is_free_again() -> None:
    with scene(Limits(concurrency=20)) as at:
        at.begins(*(f"give{number}" for number in range(8)))
        wait(lambda: sum("sent away" in each for each in at.target.seen) == 8 - MOST_OTHERS)
        assert len(at.target.inside) == MOST_OTHERS


def test_who_takes_goes_first_where_only_one_may_call() -> None:
    with scene(Limits(concurrency=1)) as at:
        at.begins("take0")
        wait(lambda: at.target.inside == ["take0"])
        at.begins(*(f"give{number}" for number in range(8)))
        wait(lambda: at.waits(taking=False, count=8))
        at.begins("take1", "take2")
        wait(lambda: at.waits(taking=True, count=2))
        at.target.may_go.set()
        wait(lambda: len(at.target.seen) == 11)
        assert set(at.target.seen[:3]) == {"take0", "take1", "take2"}


def test_however_much_is_taken_something_is_given() -> None:
    with scene(Limits(concurrency=1)) as at:
        at.begins("take0")
        wait(lambda: at.target.inside == ["take0"])
        at.begins("give", *(f"take{number}" for number in range(1, 9)))
        wait(lambda: at.waits(taking=True, count=8) and at.waits(taking=False, count=1))
        at.target.may_go.set()
        wait(lambda: len(at.target.seen) == 10)
        assert at.target.seen.index("give") == 3


# --- a second ------------------------------------------------------------------------------------------------


def test_no_more_calls_a_second_than_the_target_takes() -> None:
    with scene(Limits(concurrency=5, rate=2.0)) as at:
        assert at.gate.call(at.target.says) == "here"
        with pytest.raises(NotAsked, match="busy"):
            at.gate.call(at.target.says)
        at.clock.advance(seconds=0.5)
        assert at.gate.call(at.target.says) == "here"
        at.clock.advance(seconds=10)
        assert at.gate.call(at.target.says) == "here"
        with pytest.raises(NotAsked):
            at.gate.call(at.target.says)
        assert len(at.target.seen) == 3, "what nobody used is not saved up"


def test_a_target_that_asks_for_patience_gets_it_from_everybody() -> None:
    with scene() as at:
        at.fails(1, ConnectorError("too many requests", retry_after=20))
        with pytest.raises(NotAsked, match="too many requests") as later:
            at.gate.take(at.target.says)
        assert later.value.retry_after == 20
        at.target.failure = None
        at.clock.advance(seconds=20)
        assert at.gate.call(at.target.says) == "here"


@pytest.mark.parametrize(("asked", "granted"), [(3600, 60), (-5, 0)])
def test_patience_is_bounded(asked: float, granted: float) -> None:
    with scene() as at:
        at.fails(1, ConnectorError("too many requests", retry_after=asked))
        assert (at.gate.until_look() or timedelta()).total_seconds() == granted


# --- silence -------------------------------------------------------------------------------------------------


def test_who_does_not_answer_three_times_is_asked_by_one_at_a_time() -> None:
    with scene() as at:
        at.fails(MOST_FAILURES)
        assert not at.gate.is_well
        for way in (at.gate.call, at.gate.take):
            with pytest.raises(NotAsked, match="orders-db has not answered since 02:10 UTC"):
                way(at.target.says)
        assert len(at.target.seen) == MOST_FAILURES
        at.clock.advance(seconds=1)
        at.begins("take1")
        wait(lambda: at.target.inside == ["take1"])
        with pytest.raises(NotAsked):
            at.gate.take(at.target.says)


def test_the_one_that_looks_opens_the_way_for_everybody_and_tells_it_once() -> None:
    with scene() as at:
        at.fails(MOST_FAILURES)
        at.target.failure = None
        at.clock.advance(seconds=1)
        assert at.gate.call(at.target.says) == "here"
        assert at.gate.take(at.target.says) == "here"
        assert (at.well, at.gate.unwell(), at.gate.until_look()) == (["orders-db"], None, None)


def pauses(at: Scene, looks: int) -> list[float]:
    found = []
    for _ in range(looks):
        left = at.gate.until_look()
        assert left is not None
        found.append(left.total_seconds())
        at.clock.advance(seconds=found[-1])
        at.fails(1)
    return found


def test_within_an_hour_it_is_looked_at_every_four_seconds_and_then_every_half_minute() -> None:
    with scene() as at:
        at.fails(MOST_FAILURES)
        first = pauses(at, 8)
        assert first[0] <= 0.5
        assert first[-1] > first[0]
        assert 3 <= first[-1] <= 4
        at.clock.advance(hours=1)
        at.fails(1)
        half_minutes = pauses(at, 5)
        assert all(22 < pause <= 30 for pause in half_minutes)
        assert len(set(half_minutes)) > 1, "several processes do not all look at the same moment"


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 0.5), (1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (7, 30), (10_000, 30)]
)
def test_each_failure_doubles_the_pause_up_to_half_a_minute_and_no_two_are_alike(
    attempts: int, seconds: float
) -> None:
    found = [pause(attempts).total_seconds() for _ in range(20)]
    assert all(0.75 * seconds <= each <= 1.25 * seconds for each in found)
    assert len(set(found)) > 1


@pytest.mark.parametrize(("asked", "granted"), [(45.0, 45.0), (3600.0, 60.0)])
def test_a_target_that_asks_for_a_longer_pause_gets_it_up_to_a_minute(asked: float, granted: float) -> None:
    assert pause(0, asked) == timedelta(seconds=granted)


@pytest.mark.parametrize("asked", [0.0, -5.0])
def test_no_target_is_asked_sooner_than_without_its_word(asked: float) -> None:
    assert pause(6, asked) >= timedelta(seconds=22.5)


def test_a_refusal_is_an_answer() -> None:
    with scene() as at:
        at.fails(MOST_FAILURES * 2, ConnectorError("permission denied", permanent=True))
        assert at.gate.is_well


def test_who_is_still_at_it_answers_however_often_that_is_heard() -> None:
    with scene() as at:
        at.fails(MOST_FAILURES - 1)
        at.fails(MOST_FAILURES, Underway("an earlier change is not finished", unclear=True))
        at.fails(1)
        assert (at.gate.is_well, at.gate.unwell(), at.gate.until_look()) == (True, None, None)


def test_a_connector_that_fails_in_its_own_way_did_not_answer() -> None:
    with scene() as at:
        at.target.failure = KeyError("x")
        for _ in range(MOST_FAILURES):
            with pytest.raises(KeyError):
                at.gate.call(at.target.says)
        assert not at.gate.is_well


def test_what_is_asked_after_the_end_says_nothing_of_the_target() -> None:
    with scene() as at:
        at.target.failure = ConnectorError("no answer")
        for _ in range(MOST_FAILURES):
            with pytest.raises(ConnectorError):
                at.gate.after(at.target.says)
        assert at.gate.is_well
