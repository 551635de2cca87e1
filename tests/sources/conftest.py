from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody waits between repetitions, and each test begins with all of the time that the source gives itself."""
    apis = request.getfixturevalue("bench").https() if "bench" in request.fixturenames else []
    times = [api.seconds for api in apis]
    for api in apis:
        api.pause = lambda _seconds: None
    yield
    for api, seconds in zip(apis, times, strict=True):
        api.seconds = seconds
