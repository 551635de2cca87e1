"""The crash harness, for a moment (``make chaos`` does it for as long as one likes), and its judge put to the test."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.model import iso
from app.store.step import Steps
from app.store.tables import Grant, Hold, Request
from tests.chaos import deeds, run, verdict
from tests.chaos.company import STANDING
from tests.chaos.diary import Diary
from tests.chaos.eyes import LedgerEye, TargetEye
from tests.chaos.plan import BACK, FEW, WEB, Aims, make
from tests.chaos.scene import KINDS, Scene, installed
from tests.processes.children import SOON, wait
from tests.processes.company import ROLES
from tests.servers import NoServer

pytestmark = pytest.mark.xdist_group("chaos")

SEED, SECONDS = 21, 6.0
"""Of a stream in which somebody is killed within the first two seconds, on both databases."""
CLAIMS = 5
"""Entries that the judge's ledger tells."""


def test_whoever_is_killed_wherever_nothing_is_lost_and_nothing_stays_open(tmp_path: Path) -> None:
    """Both databases at the same time: most of it is waiting for ends."""

    def judged(kind: str) -> run.Outcome:
        (folder := tmp_path / kind).mkdir()
        return run.on(kind, SEED, SECONDS, folder)

    try:
        with ThreadPoolExecutor(len(KINDS)) as threads:
            outcomes = list(threads.map(judged, KINDS))
    except NoServer as missing:
        pytest.skip(str(missing))
    for outcome in outcomes:
        assert not outcome.violations, outcome.report()
        assert outcome.diary.kills, outcome.report()
        assert sum(outcome.states.values()) > 1, outcome.report()


def test_the_same_seed_makes_the_same_stream_and_another_one_another() -> None:
    assert make(SEED, 60, "sqlite") == make(SEED, 60, "sqlite") != make(SEED + 1, 60, "sqlite")


def test_whoever_is_to_die_dies_where_nobody_did_and_more_often_as_time_runs_out() -> None:
    plan = make(SEED, 60, "sqlite")
    aims, plain = Aims(plan), [each for each in plan.walk if each.about is None]
    assert aims.sides() == (BACK,)
    assert set(aims.next(BACK)) == set(plain)
    assert aims.pause(0) > aims.pause(50)
    for death in plain[FEW:]:
        aims.hit(death)
    assert set(plain[:FEW]) < set(aims.next(BACK)) < set(plan.walk)
    for death in plan.walk:
        aims.hit(death)
    assert [len(aims.next(where)) for where in (BACK, WEB)] == [1, 1]


def test_a_run_in_which_something_never_happened_says_so() -> None:
    done = deeds.by_the_ledger([])
    assert "nothing was denied" in deeds.missing(done)
    assert not deeds.missing(dict.fromkeys(done, 2))


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
        "dev41 had a live grant of incident_reader and was none at",
        "grant-dev42 was ended",
        f"{STANDING[0]} lost what others gave",
        "ask-dev30 (calm) is active for ever",
        "ask-dev30 was given and the security channel has no card of it",
        "dev30 was told 2 times that an ask is stored, and 1 are",
    ):
        assert [each for each in found if each.startswith(sentence)], (sentence, found)
    assert not [each for each in found if each.startswith("dev40 had a live grant")], found


def _judged(scene: Scene, diary: Diary) -> list[str]:
    eye = TargetEye(scene.target.server.dsn(dbname=scene.target.name), diary.now)
    scribe = LedgerEye(scene.database, diary.now)
    eye.start()
    scribe.start()
    wait(lambda: eye.spans, SOON, "the eye to see who stands there")
    scene.target.server.run(f"GRANT {ROLES['quick']} TO dev20", user="bot")
    scene.target.server.run(f"REVOKE {ROLES['quick']} FROM {STANDING[0]}")
    _claim_access(scene, "dev30")
    _take_early(scene, diary, eye, scribe)
    looks = eye.looks
    wait(lambda: eye.looks > looks + 1 and len(scribe.entries) == CLAIMS, SOON, "both to see it")
    eye.stop()
    scribe.stop()
    seen = verdict.Seen(scene, diary, eye.spans, scribe.entries, Counter(dev30=2))
    return verdict.violations(seen)


def _take_early(scene: Scene, diary: Diary, eye: TargetEye, scribe: LedgerEye) -> None:
    """From dev40 by one whose clock was set ahead, from dev41 by another; dev42's end is said to have come."""
    diary.set_clock("clock7", 600)
    by = {"dev40": "clock7", "dev41": "clock8"}
    for name in by:
        scene.target.server.run(f"GRANT {ROLES['calm']} TO {name}", user="bot")
        _claim_access(scene, name)
    wait(lambda: {access.person for access in eye.spans} >= by.keys(), SOON, "the eye to see both")
    for name, process in by.items():
        dsn = scene.target.server.dsn("bot", scene.target.name)
        with psycopg.connect(dsn, autocommit=True, application_name=process) as connection:
            connection.execute(f"REVOKE {ROLES['calm']} FROM {name}".encode())
    diary.died("clock7")
    _claim_access(scene, "dev42")
    wait(lambda: len(scribe.entries) == CLAIMS - 1, SOON, "the scribe to see it, and so to have looked since")
    with Steps(scene.engine, scene.clock.now, lambda *_: None).step() as step:
        grant = step.lock(Grant, "grant-dev42")
        assert grant is not None
        step.change(grant, state="revoking")
        step.record("EndBegun", "clock", "ask-dev42", because="expired", reason=None)


def _claim_access(scene: Scene, name: str) -> None:
    """The ledger says that access is there, whether it is or not."""
    now = scene.clock.now()
    who: dict[str, Any] = {"team": "T0ACME", "slack_user": scene.slack.person(name).id}
    times: dict[str, Any] = {"state_at": now, "requested_at": now, "granted_at": now, "active_at": now}
    request = Request(id=f"ask-{name}", policy="calm", state="active", reason="INC-1 lag", **who, **times)
    grant = Grant(
        id=f"grant-{name}",
        request_id=request.id,
        n=0,
        connector="orders-db",
        access={"role": ROLES["calm"]},
        subject=name,
        hold_id=f"hold-{name}",
        state="active",
        already_had=False,
        planned_at=now,
        ends_at=now + timedelta(hours=1),
        expiry="worker",
    )
    with Steps(scene.engine, scene.clock.now, lambda *_: None).step() as step:
        step.session.add(Hold(id=f"hold-{name}", connector="orders-db", subject=name, access_key=iso(now)))
        step.insert(request)
        step.insert(grant)
        step.record("Claimed", "test", request.id)
