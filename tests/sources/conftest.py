import pytest

from connectors.interface import ANSWER_WITHIN


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest) -> None:
    """Nobody waits between repetitions, and each test begins with all of its time."""
    if "bench" in request.fixturenames:
        for api in request.getfixturevalue("bench").https():
            api.pause, api.seconds = (lambda _seconds: None), ANSWER_WITHIN
