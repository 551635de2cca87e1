"""The crash harness, for a moment (``make chaos`` does it for as long as one likes), and its judge put to the test."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.model import iso
from app.store.step import Steps
from app.store.tables import Grant, Hold, Request
from tests.chaos import run, verdict
from tests.chaos.company import STANDING
from tests.chaos.diary import Diary
from tests.chaos.eyes import LedgerEye, TargetEye
from tests.chaos.plan import make
from tests.chaos.scene import KINDS, Scene, installed
from tests.processes.children import SOON, wait
from tests.processes.company import ROLES
from tests.servers import NoServer

pytestmark = pytest.mark.xdist_group("chaos")

SEED, SECONDS = 21, 6.0
"""Of a stream in which somebody is killed within the first two seconds, on both databases."""


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


def test_the_judge_sees_what_nobody_granted_what_is_gone_and_what_was_taken_from_others(
    tmp_path: Path,
) -> None:
    """Nothing of ours runs: all of it is done behind the back of the ledger, or in the ledger alone."""
    diary = Diary()
    try:
        with installed("sqlite", tmp_path) as scene:
            found = _judged(scene, diary)
    except NoServer as missing:
        pytest.skip(str(missing))
    for sentence in (
        "dev20 was incident_writer at",
        "dev20 is incident_writer for ever",
        "dev30 had a live grant of incident_reader and was none at",
        f"{STANDING[0]} lost what others gave",
        "lost0 (calm) is active for ever",
        "lost0 was given and the security channel has no card of it",
        "dev30 was told 2 times that an ask is stored, and 1 are",
    ):
        assert [each for each in found if each.startswith(sentence)], (sentence, found)


def _judged(scene: Scene, diary: Diary) -> list[str]:
    eye = TargetEye(scene.target.server.dsn(dbname=scene.target.name), diary.now)
    scribe = LedgerEye(scene.database, diary.now)
    eye.start()
    scribe.start()
    wait(lambda: eye.spans, SOON, "the eye to see who stands there")
    scene.target.server.run(f"GRANT {ROLES['quick']} TO dev20", user="bot")
    scene.target.server.run(f"REVOKE {ROLES['quick']} FROM {STANDING[0]}")
    _claim_access(scene)
    looks = eye.looks
    wait(lambda: eye.looks > looks + 1 and scribe.entries, SOON, "both to see it")
    eye.stop()
    scribe.stop()
    seen = verdict.Seen(scene, diary, eye.spans, scribe.entries, Counter(dev30=2))
    return verdict.violations(seen)


def _claim_access(scene: Scene) -> None:
    """The ledger says that access is there, and it is not."""
    now = scene.clock.now()
    who: dict[str, Any] = {"team": "T0ACME", "slack_user": scene.slack.person("dev30").id}
    times: dict[str, Any] = {"state_at": now, "requested_at": now, "granted_at": now, "active_at": now}
    request = Request(id="lost0", policy="calm", state="active", reason="INC-1 lag", **who, **times)
    grant = Grant(
        id="lost1",
        request_id=request.id,
        n=0,
        connector="orders-db",
        access={"role": ROLES["calm"]},
        subject="dev30",
        hold_id="h",
        state="active",
        already_had=False,
        planned_at=now,
        ends_at=now + timedelta(hours=1),
        expiry="worker",
    )
    with Steps(scene.engine, scene.clock.now, lambda *_: None).step() as step:
        step.session.add(Hold(id="h", connector="orders-db", subject="dev30", access_key=iso(now)))
        step.insert(request)
        step.insert(grant)
        step.record("Claimed", "test", request.id)
