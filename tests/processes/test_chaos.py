"""The crash harness, for a moment: ``make chaos`` does this for as long as one likes."""

from pathlib import Path

import pytest

from tests.chaos import run
from tests.chaos.plan import make
from tests.chaos.scene import KINDS
from tests.servers import NoServer

pytestmark = pytest.mark.xdist_group("chaos")

SEED, SECONDS = 7, 6.0


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_killed_wherever_nothing_is_lost_and_nothing_stays_open(kind: str, tmp_path: Path) -> None:
    try:
        outcome = run.on(kind, SEED, SECONDS, tmp_path)
    except NoServer as missing:
        pytest.skip(str(missing))
    assert not outcome.violations, outcome.report()
    assert outcome.diary.kills, outcome.report()
    assert sum(outcome.states.values()) > 1, outcome.report()


def test_the_same_seed_makes_the_same_stream_and_another_one_another() -> None:
    assert make(SEED, 60, "sqlite") == make(SEED, 60, "sqlite") != make(SEED + 1, 60, "sqlite")
