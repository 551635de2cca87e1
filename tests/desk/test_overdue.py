"""A target that does not answer: nothing is given up, people are told once, and others do not wait for it."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col

from app import wiring
from app.lifecycle import taking
from app.pools import Pools
from app.store import due as timetable
from app.store.engine import writing
from app.store.tables import Due, Grant, LedgerEntry
from tests import siren
from tests.doorway import Doorway
from tests.house import EACH, ORDERS_DB, SETTINGS, Target, TestHouse
from tests.serving import wait

Build = Callable[..., TestHouse]
LINE = "orders-db 30m INC-1 replica lag"
FREELY = ORDERS_DB.replace("{on_call: {schedule: sre-primary}}", "{group: engineering}")
TWO_TARGETS = SETTINGS.replace(
    "connectors:\n", 'connectors:\n  books-db: {kind: postgres, dsn: "${BOOKS_DB_DSN}", subject: "{local}"}\n'
)


class TargetBehindADoor(Target):
    """The same target; the bot comes to it by a way that the test can shut."""

    def __init__(self, target: Target) -> None:
        self.server, self.name = target.server, target.name
        self.straight, self.door = target.dsn, Doorway(self)

    @property
    def dsn(self) -> str:
        return self.door.dsn


@pytest.fixture
def target(target_database: Target) -> Iterator[TargetBehindADoor]:
    behind = TargetBehindADoor(target_database)
    yield behind
    behind.door.close()
    target_database.clean()


@pytest.fixture
def door(target: TargetBehindADoor) -> Doorway:
    return target.door


def entries(at: TestHouse, action: str) -> list[dict[str, Any]]:
    return [json.loads(row.data) for row in at.rows(LedgerEntry, LedgerEntry.action == action)]


def alerts(at: TestHouse) -> list[str]:
    """What the security channel was told of what is late, oldest first."""
    said = [message.text for message in at.slack.channel("C0SECURITY").cards()]
    return [text for text in said if text.startswith("LATE") or "nothing is late there" in text]


def measured(at: TestHouse) -> dict[str, float]:
    """What an operator's dashboard shows."""
    return {sample.name: sample.value for sample in at.measured()}


def until(at: TestHouse, minutes: float, step: float = 10) -> None:
    """Let time pass in small steps, as it does."""
    for _ in range(int(minutes * 60 / step)):
        at.clock.advance(seconds=step)
        at.work(notices=False)
    at.deliver()


# --- told ----------------------------------------------------------------------------------------------------


def test_many_that_are_late_at_one_target_are_one_message_each_time(build: Build, door: Doorway) -> None:
    house = build(orders_db=FREELY)
    for name in ("ada", "alan", "grace", "heidi"):
        house.asks(name, LINE)
    house.clock.advance(minutes=29, seconds=50)
    door.shut()
    until(house, 0.9)
    assert alerts(house) == []
    until(house, 0.5)
    (first,) = alerts(house)
    assert first.startswith("LATE: orders-db has not taken back 4 accesses yet, the oldest since 02:40 UTC.")
    assert "Ada Lovelace …" in first
    assert "By hand" not in first
    assert measured(house)["breakglass_overdue"] == 4
    until(house, 3, step=30)
    assert len(alerts(house)) == 1
    until(house, 2, step=15)
    _, second = alerts(house)
    assert "LATE: orders-db has not taken back 4 accesses yet" in second
    assert "By hand: -- as a superuser" in second
    assert second.count('REVOKE "incident_writer" FROM') == 3, (
        "for the first few, and where the others are found"
    )
    assert "breakglass list --state revoking" in second
    until(house, 3, step=30)
    assert len(alerts(house)) == 2
    assert {request["state"] for request in house.requests()} == {"revoking"}
    for name in ("ada", "alan"):
        assert sum("LATE" in message.text for message in house.person(name).dm()) == 1
        assert "Still open until the target says that it is gone" in house.person(name).dm()[0].text
    door.open()
    until(house, 1.5)
    assert {request["state"] for request in house.requests()} == {"revoked"}
    assert alerts(house)[2:] == [alerts(house)[-1]]
    assert alerts(house)[-1].startswith(
        "orders-db: 4 accesses that were late are over now; nothing is late there."
    )
    assert house.target.members() == set()
    assert not house.rows(Due, Due.kind == "overdue")
    assert house.ledger_is_clean()


def test_who_becomes_late_later_is_told_too_with_those_of_the_same_half_minute(
    build: Build, door: Doorway
) -> None:
    house = build(orders_db=FREELY)
    house.asks("ada", LINE)
    house.clock.advance(minutes=2)
    house.asks("alan", LINE)
    house.asks("grace", LINE)
    house.clock.advance(minutes=27, seconds=50)
    door.shut()
    until(house, 1.5)
    (first,) = alerts(house)
    assert "1 access yet" in first
    until(house, 2)
    _, second = alerts(house)
    assert "3 accesses yet" in second
    assert "New: Alan Turing …" in second
    assert "Ada" not in second.partition("New:")[2]


def test_what_is_taken_back_within_a_minute_alarms_nobody(house: TestHouse, door: Doorway) -> None:
    house.asks("ada", LINE)
    house.clock.advance(minutes=30)
    door.shut()
    until(house, 0.7)
    door.open()
    until(house, 1)
    assert house.latest()["state"] == "revoked"
    assert alerts(house) == []
    assert not house.rows(Due, Due.kind == "overdue")


def test_what_is_late_for_a_minute_wakes_somebody_once_until_it_is_read_back(
    build: Build, door: Doorway
) -> None:
    with siren.quiet():
        house = build(settings=SETTINGS + siren.SETTINGS, orders_db=FREELY, pagers=siren.KINDS, env=siren.ENV)
        for name in ("ada", "alan"):
            house.asks(name, LINE)
        house.clock.advance(minutes=29, seconds=50)
        door.shut()
        until(house, 1)
        assert siren.HEARD == []
        until(house, 6)
        (heard,) = siren.HEARD
        assert heard.page.summary == "LATE: orders-db has not taken back 2 accesses, due since 02:40 UTC"
        assert "Ada Lovelace" in heard.page.details["whose"]
        door.open()
        until(house, 1.5)
        assert [each.did for each in siren.HEARD] == ["page", "resolve"]
        assert len({each.page.key for each in siren.HEARD}) == 1
        assert not house.rows(Due, Due.kind == "page")


# --- not given up, and not for ever in the ledger --------------------------------------------------------------


def test_while_a_target_is_away_one_at_a_time_looks_whether_it_is_back(build: Build, door: Doorway) -> None:
    house = build(orders_db=FREELY)
    for name in ("ada", "alan", "grace", "heidi"):
        house.asks(name, LINE)
    house.clock.advance(minutes=30)
    door.shut()
    until(house, 1, step=1)
    tried = len(entries(house, "RevokeAttemptFailed"))
    assert 15 < tried < 30, "every three or four seconds, however many wait"
    assert house.house.targets.unwell()[0].startswith("orders-db has not answered since 02:40 UTC")
    assert sum(grant.attempts for grant in house.rows(Grant)) == tried
    degraded = wiring.readiness(house.house)[1]
    assert [each for each in degraded if each.startswith("target: orders-db has not answered")]


@EACH
def test_what_a_target_kept_back_is_due_as_soon_as_it_answers(build: Build, door: Doorway) -> None:
    house = build(orders_db=FREELY)
    for name in ("ada", "alan", "grace", "heidi"):
        house.asks(name, LINE)
    house.clock.advance(minutes=30)
    door.shut()
    until(house, 1, step=5)
    pools = house.pools()
    door.open()
    pools.start()
    try:
        for _ in range(4):  # the longest pause of the one that looks
            house.clock.advance(seconds=1)
            pools.wake(["take:orders-db"])
            # No lease runs out in anybody's hands.
            wait(
                lambda: not house.rows(Due, col(Due.lease_by).is_not(None)), what="what was begun to be over"
            )
        little = iter(range(5))

        def are_revoked() -> bool:
            if (
                next(little, None) is not None
            ):  # who came while it was looked at was sent away for half a second
                house.clock.advance(milliseconds=110)
                pools.wake(["take:orders-db"])
            return {request["state"] for request in house.requests()} == {"revoked"}

        wait(are_revoked)
    finally:
        pools.stop()


def test_what_waits_is_tried_again_soon_whichever_process_hears_that_the_target_is_back(
    build: Build, door: Doorway
) -> None:
    """Each process has a gate of its own: the one that put something off may never hear of it."""
    house = build(orders_db=FREELY)
    house.asks("ada", LINE)
    house.asks("alan", LINE)
    other = wiring.build(house.house.settings, env={"ORDERS_DB_DSN": house.target.dsn}, clock=house.clock)
    other.shelf.open(must_be_good=True)
    house.clock.advance(minutes=30)
    door.shut()
    for _ in range(10):
        for row in claimed(house):
            taking.take(house.house.desk, row)
        waiting = sorted(row.due_at - house.clock.now() for row in house.rows(Due, Due.kind == "revoke"))
        assert waiting[-1] <= timedelta(seconds=5)
        house.clock.advance(seconds=waiting[-1].total_seconds())
    for row in claimed(house):
        taking.take(house.house.desk, row)
    door.open()
    soonest = min(row.due_at for row in house.rows(Due, Due.kind == "revoke"))
    house.clock.advance(seconds=(soonest - house.clock.now()).total_seconds())
    for row in claimed(house):
        taking.take(other.desk, row)
    assert all(row.due_at <= house.clock.now() for row in house.rows(Due, Due.kind == "revoke"))
    other.close()


def claimed(at: TestHouse) -> list[Due]:
    now = at.clock.now()
    with writing(at.house.engine) as session:
        return timetable.claim(session, "take:orders-db", "test", now, now, 10)


# --- others do not wait for it -------------------------------------------------------------------------------


def test_a_decision_is_told_at_once_what_does_not_answer(build: Build, door: Doorway) -> None:
    house = build(orders_db=FREELY)
    house.asks("ada", LINE)
    house.clock.advance(minutes=30)
    door.shut()
    until(house, 0.2, step=1)
    door.hang()
    house.person("alan").commands(f"/breakglass {LINE}")
    while not house.rows(Due, Due.kind == "decide", Due.attempts > 0):
        for row in house._claim():  # noqa: SLF001 - one round of work, not all of it
            if row.kind == "decide":
                house.work_on(row)
    assert door.knocks == 0
    (waits,) = house.rows(Due, Due.kind == "decide")
    assert "orders-db has not answered since 02:40 UTC" in waits.data["error"]
    door.open()
    until(house, 0.5, step=1)
    assert house.latest()["state"] == "active"
    assert house.ledger_is_clean()


def test_a_target_that_hangs_leaves_room_for_the_decisions_of_others(
    build: Build, door: Doorway, target: TargetBehindADoor
) -> None:
    other = FREELY.replace("connector: orders-db", "connector: books-db").replace("Orders", "Books")
    settings = TWO_TARGETS.replace('subject: "{local}"}\n', 'subject: "{local}"}\n', 1)
    house = build(settings, orders_db=FREELY, books_db=other, env={"BOOKS_DB_DSN": target.straight})
    door.hang()
    pools = house.pools()
    pools.start()
    try:
        for number in range(10):
            house.person("ada").commands(f"/breakglass orders-db 30m INC-{number} hangs")
        pools.wake(["desk", "crowd"])
        wait(lambda: door.knocks >= 3, what="the decisions that hang")
        house.person("alan").commands("/breakglass books-db 30m INC-1 goes on")
        pools.wake(["desk"])
        wait(lambda: [one["state"] for one in house.requests() if one["policy"] == "books-db"] == ["active"])
        assert door.knocks <= 4, "half of the threads at most"
        assert all(one["state"] == "deciding" for one in house.requests() if one["policy"] == "orders-db")
    finally:
        door.open()
        pools.stop(20)


def test_as_many_threads_work_on_a_target_as_it_takes_and_two_while_it_is_away(
    house: TestHouse, door: Doorway
) -> None:
    threads = house.house.targets.threads
    house.asks("ada", LINE)
    assert [threads("orders-db", at_most=most) for most in (4, 100)] == [4, 8]
    house.clock.advance(minutes=30)
    door.shut()
    until(house, 0.2, step=1)
    assert threads("orders-db", at_most=8) == 2
    working, over = threading.Semaphore(0), threading.Event()

    def works(_row: Due) -> None:
        working.release()
        over.wait(20)

    with house.house.steps.step() as step:
        for number in range(6):
            step.due("any", f"{number}", step.now, "take:orders-db")
    pools = Pools(house.house.steps, house.clock.latest, {"any": works}, lambda: None, threads=threads)
    pools.start()
    try:
        pools.wake(["take:orders-db"])
        assert working.acquire(timeout=20)
        assert working.acquire(timeout=20)
        pools.wake(["take:orders-db"])
        assert not working.acquire(timeout=0.2)
    finally:
        over.set()
        pools.stop(20)
