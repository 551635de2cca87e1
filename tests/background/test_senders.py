import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from app.senders import MOST_WAYS, SENDERS, Senders
from tests.servers import wait_until

Start = Callable[..., Senders]


class Deliveries:
    """Counts looks, and holds each up for as long as the test says."""

    def __init__(self) -> None:
        self.looks = 0
        self.at_once = 0
        self.most_at_once = 0
        self.answer: timedelta | None = None
        self.hold: threading.Event | None = None
        self._lock = threading.Lock()

    def __call__(self) -> timedelta | None:
        with self._lock:
            self.looks += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if self.hold is not None:
            self.hold.wait(10)
        with self._lock:
            self.at_once -= 1
        return self.answer


@pytest.fixture
def deliveries() -> Deliveries:
    return Deliveries()


@pytest.fixture
def start(deliveries: Deliveries) -> Iterator[Start]:
    started: list[Senders] = []

    def begin(
        *, is_busy: Callable[[], bool] = lambda: False, is_crowded: Callable[[], bool] = lambda: False
    ) -> Senders:
        senders = Senders(deliveries, is_busy, is_crowded)
        senders.start()
        started.append(senders)
        return senders

    yield begin
    if deliveries.hold is not None:
        deliveries.hold.set()
    for senders in started:
        senders.stop()
        senders.join()


def looked(deliveries: Deliveries, times: int) -> None:
    wait_until(lambda: deliveries.looks >= times, 5, f"{times} looks, there were {deliveries.looks}")


def test_what_waits_at_the_start_is_sent_without_a_bell(start: Start, deliveries: Deliveries) -> None:
    start()
    looked(deliveries, 1)


def test_a_bell_wakes_one_sender_where_there_is_nothing_to_send(start: Start, deliveries: Deliveries) -> None:
    senders = start()
    looked(deliveries, 1)
    for bell in range(2, 12):
        senders.wake()
        looked(deliveries, bell)
    assert deliveries.looks == 11
    assert deliveries.most_at_once == 1


def test_a_delivery_that_takes_long_is_helped_by_all_others(start: Start, deliveries: Deliveries) -> None:
    deliveries.hold = threading.Event()
    start()
    wait_until(lambda: deliveries.at_once == SENDERS, 5, "all of them sending")


def test_a_bell_while_everybody_sends_is_heard_afterwards(start: Start, deliveries: Deliveries) -> None:
    deliveries.hold = threading.Event()
    senders = start()
    wait_until(lambda: deliveries.at_once == SENDERS, 5, "all of them sending")
    senders.wake()
    deliveries.hold.set()
    looked(deliveries, SENDERS + 1)


def test_what_comes_due_later_is_looked_for_without_a_bell(start: Start, deliveries: Deliveries) -> None:
    deliveries.answer = timedelta(milliseconds=1)
    start()
    looked(deliveries, 5)


def test_a_delivery_that_fails_is_tried_again() -> None:
    tried: list[int] = []

    def fails_once() -> timedelta | None:
        tried.append(1)
        if len(tried) == 1:
            message = "the database is away"
            raise OSError(message)
        return None

    senders = Senders(fails_once, lambda: False)
    senders.start()
    wait_until(lambda: len(tried) == 2, 5, "a second try")
    senders.stop()
    senders.join()


def test_notices_let_the_work_in_hand_go_first(start: Start, deliveries: Deliveries) -> None:
    asked: list[int] = []

    def is_busy() -> bool:
        asked.append(deliveries.looks)
        return len(asked) < 3

    start(is_busy=is_busy)
    looked(deliveries, 1)
    assert asked[:3] == [0, 0, 0]


def test_notices_do_not_wait_for_work_that_never_ends(start: Start, deliveries: Deliveries) -> None:
    start(is_busy=lambda: True)
    looked(deliveries, 1)


def test_notices_wait_longer_while_very_much_is_taken_back_but_not_for_ever(
    start: Start, deliveries: Deliveries
) -> None:
    asked: list[int] = []

    def is_crowded() -> bool:
        asked.append(deliveries.looks)
        return True

    start(is_busy=lambda: True, is_crowded=is_crowded)
    looked(deliveries, 1)
    assert asked.count(0) > 2 * MOST_WAYS
