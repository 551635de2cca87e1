"""What is due is handed out once, comes back when its holder dies, and is kept when asked for again."""

from datetime import datetime, timedelta
from functools import partial
from itertools import permutations

import pytest
from sqlalchemy import Engine
from sqlmodel import func, select

from app.store import due as timetable
from app.store.engine import writing
from app.store.step import LEASE, Steps
from app.store.tables import Due, Hold
from app.wiring import ORPHANS_EVERY
from tests.store.conftest import START, Rung, TestClock
from tests.store.together import together

TICK = timedelta(microseconds=1)


def owe(steps: Steps, *refs: str, at: datetime = START, lane: str = "take:a") -> None:
    with steps.step() as step:
        for ref in refs:
            step.due("revoke", ref, at, lane)


def claim(
    engine: Engine,
    owner: str = "me",
    now: datetime = START,
    *,
    limit: int = 100,
    lane: str = "take:a",
    until: datetime | None = None,
) -> list[Due]:
    with writing(engine) as session:
        return timetable.claim(session, lane, owner, until or now, now, limit)


def owed(steps: Steps, ref: str = "x") -> Due | None:
    with steps.read() as session:
        return session.get(Due, f"revoke:{ref}")


def surely_owed(steps: Steps, ref: str = "x") -> Due:
    row = owed(steps, ref)
    assert row is not None
    return row


# --- claiming ------------------------------------------------------------------------------------------


def test_several_claimers_at_once_get_each_piece_once(steps: Steps) -> None:
    owe(steps, *(f"g{number:02}" for number in range(60)))

    def take_all(number: int) -> list[str]:
        mine: list[str] = []
        while rows := claim(steps.engine, f"worker {number}", limit=4):
            mine += [row.ref for row in rows]
        return mine

    shares = together(6, take_all)
    taken = [ref for share in shares for ref in share]
    # A claimer may go empty-handed while another holds the last rows; nothing is ever taken twice.
    assert len(taken) == len(set(taken)) == 60


def test_a_claimer_passes_by_what_another_is_just_claiming(steps: Steps) -> None:
    if steps.engine.dialect.name != "postgresql":
        pytest.skip("on SQLite a writing transaction is alone anyway")
    owe(steps, "a", "b", "c")
    with writing(steps.engine) as session:
        first = timetable.claim(session, "take:a", "one", START, START, 2)
        assert [row.ref for row in claim(steps.engine, "two")] == ["c"]
        assert [row.ref for row in first] == ["a", "b"]


def test_only_what_is_due_is_handed_out_the_oldest_first(steps: Steps) -> None:
    owe(steps, "later", at=START + TICK)
    owe(steps, "now", at=START)
    owe(steps, "before", at=START - TICK)
    owe(steps, "long ago", at=START - timedelta(days=1))
    assert [row.ref for row in claim(steps.engine, limit=2)] == ["long ago", "before"]
    assert [row.ref for row in claim(steps.engine)] == ["now"]


def test_what_came_due_only_lately_can_be_left_to_others(steps: Steps) -> None:
    owe(steps, "old", at=START - timedelta(seconds=1))
    owe(steps, "new", at=START)
    assert [row.ref for row in claim(steps.engine, until=START - timedelta(seconds=1))] == ["old"]


def test_one_lane_never_stands_before_another(steps: Steps) -> None:
    owe(steps, "a1", "a2", lane="take:a")
    owe(steps, "b1", lane="take:b")
    with steps.read() as session:
        assert timetable.waiting_lanes(session, START) == {"take:a": 2, "take:b": 1}
        assert timetable.waiting_lanes(session, START - TICK) == {}
    assert [row.ref for row in claim(steps.engine, lane="take:b")] == ["b1"]
    with steps.read() as session:
        assert timetable.waiting_lanes(session, START) == {"take:a": 2}


def test_the_oldest_unclaimed_work_and_the_next_to_come_are_known(steps: Steps) -> None:
    with steps.read() as session:
        assert timetable.oldest_overdue(session, START) is None
        assert timetable.next_due_at(session, START) is None
    owe(steps, "old", at=START - timedelta(seconds=9))
    owe(steps, "now", at=START)
    owe(steps, "soon", at=START + timedelta(seconds=3))
    claim(steps.engine, limit=1)
    with steps.read() as session:
        assert timetable.oldest_overdue(session, START) == START
        assert timetable.next_due_at(session, START) == START + timedelta(seconds=3)


# --- leases --------------------------------------------------------------------------------------------


def test_a_claim_is_kept_for_its_lease_and_then_taken_over(steps: Steps) -> None:
    owe(steps, "x")
    (row,) = claim(steps.engine, "dies")
    assert (row.lease_by, row.lease_until, row.attempts) == ("dies", START + LEASE, 1)
    assert claim(steps.engine, "other", START + LEASE - TICK) == []
    (again,) = claim(steps.engine, "other", START + LEASE)
    assert (again.lease_by, again.attempts) == ("other", 2)


def test_what_a_killed_process_held_is_anothers_within_five_seconds() -> None:
    """The lease runs out, and each worker looks for such leases; ``tests/processes`` kills real ones."""
    taken_over_after = LEASE + ORPHANS_EVERY
    assert taken_over_after <= timedelta(seconds=5)
    assert 2 * timetable.RENEW_EVERY < LEASE, "one renewal that fails loses nothing"


def test_a_renewed_lease_lasts_and_only_its_holder_renews_it(steps: Steps) -> None:
    owe(steps, "x")
    (row,) = claim(steps.engine, "me")
    half = START + LEASE / 2
    with writing(steps.engine) as session:
        timetable.renew(session, "somebody else", [row.id], half)
    assert surely_owed(steps).lease_until == START + LEASE
    with writing(steps.engine) as session:
        timetable.renew(session, "me", [row.id], half)
    assert claim(steps.engine, "other", START + LEASE) == []
    assert len(claim(steps.engine, "other", half + LEASE)) == 1


# --- finishing -----------------------------------------------------------------------------------------


def test_finished_work_is_owed_no_longer(steps: Steps) -> None:
    owe(steps, "x")
    (row,) = claim(steps.engine)
    with steps.step() as step:
        timetable.finish(step, row)
    assert owed(steps) is None


def test_finishing_what_is_gone_is_no_fault(steps: Steps) -> None:
    owe(steps, "x")
    (row,) = claim(steps.engine)
    for _ in range(2):
        with steps.step() as step:
            timetable.finish(step, row)


def test_work_asked_for_again_while_it_ran_is_kept_and_rung(steps: Steps, rung: Rung) -> None:
    owe(steps, "x")
    (row,) = claim(steps.engine)
    owe(steps, "x")
    assert claim(steps.engine, "other") == []
    rung.now.clear()
    with steps.step() as step:
        timetable.finish(step, row)
    assert rung.now == ["take:a"]
    assert [again.ref for again in claim(steps.engine, "other")] == ["x"]


def test_work_moved_to_later_while_it_ran_is_kept_for_then(steps: Steps, rung: Rung) -> None:
    owe(steps, "x")
    (row,) = claim(steps.engine)
    owe(steps, "x", at=START + timedelta(minutes=5))
    rung.now.clear()
    with steps.step() as step:
        timetable.finish(step, row)
    assert rung.now == []
    assert claim(steps.engine, now=START + timedelta(minutes=5) - TICK) == []
    assert len(claim(steps.engine, now=START + timedelta(minutes=5))) == 1


def test_who_lost_the_lease_does_not_free_the_work_of_who_has_it(steps: Steps) -> None:
    owe(steps, "x")
    (slow,) = claim(steps.engine, "slow")
    claim(steps.engine, "quick", START + LEASE)
    with steps.step() as step:
        timetable.again(step, slow, START)
    assert surely_owed(steps).lease_by == "quick"
    owe(steps, "x")
    with steps.step() as step:
        timetable.finish(step, slow)
    assert surely_owed(steps).lease_by == "quick"


def test_work_to_be_tried_again_keeps_its_attempts_and_what_went_wrong(steps: Steps) -> None:
    owe(steps, "x")
    later = START + timedelta(seconds=2)
    for attempt in (1, 2, 3):
        (row,) = claim(steps.engine, now=later)
        assert row.attempts == attempt
        with steps.step() as step:
            timetable.again(step, row, later, f"time-out {attempt}")
    assert claim(steps.engine, now=later - TICK) == []
    row = surely_owed(steps)
    assert (row.data, row.due_at, row.lease_by) == ({"error": "time-out 3"}, later, None)


def test_work_asked_for_again_is_tried_at_the_earlier_of_both_times(steps: Steps) -> None:
    owe(steps, "x")
    (row,) = claim(steps.engine)
    owe(steps, "x", at=START + timedelta(seconds=1))
    with steps.step() as step:
        timetable.again(step, row, START + timedelta(minutes=1))
    assert surely_owed(steps).due_at == START + timedelta(seconds=1)


def test_the_same_work_is_owed_once(steps: Steps) -> None:
    owe(steps, "x", "x", at=START + timedelta(days=1))
    owe(steps, "x")
    with steps.read() as session:
        assert session.exec(select(func.count()).select_from(Due)).one() == 1
    row = surely_owed(steps)
    assert (row.rung, row.due_at) == (1, START)


def _owes(steps: Steps, ref: str, _: int) -> None:
    owe(steps, ref)


def test_several_who_owe_the_same_at_once_owe_it_once(steps: Steps) -> None:
    for ref in ("a", "b", "c", "d", "e"):
        together(6, partial(_owes, steps, ref))
        assert surely_owed(steps, ref).rung == 5


def test_work_is_finished_dropped_and_owed_in_any_order_in_one_step(steps: Steps) -> None:
    for order in permutations(("finish", "undue", "due")):
        owe(steps, "x")
        (row,) = claim(steps.engine)
        with steps.step() as step:
            acts = {
                "finish": partial(timetable.finish, step, row),
                "undue": partial(step.undue, "revoke", "x"),
                "due": partial(step.due, "revoke", "x", START, "take:a"),
            }
            for act in order:
                acts[act]()
        assert (owed(steps) is not None) == (order.index("due") > order.index("undue")), order
        with steps.step() as step:
            step.undue("revoke", "x")


# --- holds ---------------------------------------------------------------------------------------------


@pytest.fixture
def pair(steps: Steps) -> tuple[Due, Due]:
    """Two pieces of work on one hold."""
    with steps.step() as step:
        step.session.add(Hold(id="hold1", connector="orders-db", subject="ada", access_key="{}"))
    owe(steps, "x", "y")
    first, second = claim(steps.engine)
    return first, second


def takes(steps: Steps, by: Due, hold: str = "hold1") -> bool:
    with steps.step() as step:
        return timetable.take_hold(step, hold, by)


def test_work_on_one_hold_runs_one_after_the_other(steps: Steps, pair: tuple[Due, Due]) -> None:
    first, second = pair
    assert takes(steps, first)
    assert takes(steps, first)
    assert not takes(steps, second)
    with steps.step() as step:
        timetable.free_hold(step, "hold1", second)
    assert not takes(steps, second)
    with steps.step() as step:
        timetable.free_hold(step, "hold1", first)
    assert takes(steps, second)


def test_of_many_who_want_a_hold_at_once_one_gets_it(steps: Steps, pair: tuple[Due, Due]) -> None:
    del pair
    owe(steps, *(f"g{number}" for number in range(6)), lane="take:b")
    rows = claim(steps.engine, lane="take:b")
    assert sorted(together(6, lambda number: takes(steps, rows[number]))) == [False] * 5 + [True]


def test_a_hold_comes_free_when_its_holder_dies(
    steps: Steps, clock: TestClock, pair: tuple[Due, Due]
) -> None:
    first, second = pair
    assert takes(steps, first)
    clock.time = START + LEASE - TICK
    assert not takes(steps, second)
    clock.time = START + LEASE
    assert takes(steps, second)


def test_renewed_work_keeps_its_hold(steps: Steps, clock: TestClock, pair: tuple[Due, Due]) -> None:
    first, second = pair
    assert takes(steps, first)
    with writing(steps.engine) as session:
        timetable.renew(session, "me", [first.id], START + LEASE / 2)
    clock.time = START + LEASE
    assert not takes(steps, second)


def test_nobody_holds_what_is_not_there(steps: Steps, pair: tuple[Due, Due]) -> None:
    assert not takes(steps, pair[0], "nothing")
