"""A deadline for calls that have none of their own, such as looking up a name."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T], discard: Callable[[T], object] = lambda _late: None) -> T:
    """``call()``, or ``TimeoutError`` after that many seconds; what comes later is given to ``discard``.

    The call goes on in a thread that nobody waits for: use it only where the call ends by itself some day.
    """
    outcome = started(call)
    try:
        return outcome.result(timeout=seconds)
    except TimeoutError:
        outcome.add_done_callback(lambda late: None if late.exception() else discard(late.result()))
        raise


def started(call: Callable[[], T]) -> "Future[T]":
    """``call()``, going on in a thread that no end of the process waits for."""
    outcome: Future[T] = Future()
    Thread(target=_run, args=(call, outcome), daemon=True).start()
    return outcome


def _run(call: Callable[[], T], outcome: "Future[T]") -> None:
    try:
        outcome.set_result(call())
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the thread that waits
        outcome.set_exception(error)
