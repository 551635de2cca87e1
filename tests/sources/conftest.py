from collections.abc import Iterator

import pytest

from tests.serving import PATIENCE
from tests.sources.contract import https_of


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody waits between repetitions, and a machine that is slow for a moment is no fault.

    The time that a source gives itself is kept in ``bench.times``, and its own again after the test.
    """
    things = [
        request.getfixturevalue(name) for name in ("bench", "source", "pager") if name in request.fixturenames
    ]
    apis = [api for thing in things for api in https_of(getattr(thing, "source", thing))]
    before = [(api, api.seconds) for api in dict.fromkeys(apis)]
    for thing in things:
        if hasattr(thing, "times"):
            thing.times = [seconds for _, seconds in before]
    for api, _ in before:
        api.pause, api.seconds = (lambda _seconds: None), PATIENCE
    yield
    for api, seconds in before:
        api.seconds = seconds
