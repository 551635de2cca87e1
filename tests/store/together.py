"""Several callers at the same instant, each in a thread of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Answer = TypeVar("Answer")
PATIENCE = 30.0


def together(count: int, call: Callable[[int], Answer]) -> list[Answer]:
    """What ``call(0)`` to ``call(count - 1)`` answer, started at once; raises what any of them raises."""
    start = Barrier(count)

    def one(number: int) -> Answer:
        start.wait(PATIENCE)
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return [running.result(PATIENCE) for running in [pool.submit(one, number) for number in range(count)]]
