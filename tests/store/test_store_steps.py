"""A step commits whole or not at all, has one winner, and leaves a chain without forks."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, text
from sqlalchemy.exc import InternalError, OperationalError
from sqlmodel import col, func, select

from app.audit import verify
from app.model import RequestState
from app.store import ledger
from app.store.engine import AWAY, make_engine, reading, shut, writing
from app.store.gathered import Gathered, Outrun
from app.store.step import Outgoing, Step, Steps, newest
from app.store.tables import Due, Hold, Notice, Request, Seen
from tests.store import story
from tests.store.conftest import START, Rung, TestClock
from tests.store.together import PATIENCE, together

WRITERS = 8


class Crash(Exception):
    """What a step dies of in these tests."""


def opened(steps: Steps, key: str = "req1") -> None:
    with steps.step() as step:
        step.insert(story.request(key))
        step.record("RequestOpened", story.ADA, key)


def locked(step: Step, key: str = "req1") -> Request:
    row = step.lock(Request, key)
    assert row is not None
    return row


def notice(**values: Any) -> Outgoing:
    usual: dict[str, Any] = {
        "conversation": "C1",
        "priority": 1,
        "kind": "card",
        "data": {},
        "created_at": START,
        "due_at": START,
    }
    return Outgoing(**{**usual, **values})


# --- whole or not at all -------------------------------------------------------------------------------


def test_a_step_that_dies_leaves_nothing_and_rings_nobody(steps: Steps, rung: Rung) -> None:
    def dies() -> None:
        with steps.step() as step:
            assert step.first_time("delivery")
            step.insert(story.request("req1"))
            step.due("decide", "req1", step.now, "desk")
            step.notice(notice())
            step.record("RequestOpened", story.ADA, "req1")
            raise Crash

    with pytest.raises(Crash):
        dies()
    with steps.read() as session:
        for table in (Request, Due, Notice, Seen):
            assert session.exec(select(func.count()).select_from(table)).one() == 0
        assert ledger.head_of(session) == (0, ledger.GENESIS)
    assert rung.now == []


def test_a_change_without_an_entry_is_refused(steps: Steps) -> None:
    opened(steps)
    with pytest.raises(AssertionError, match="without a ledger entry"), steps.step() as step:
        step.change(locked(step), state=str(RequestState.CANCELLED))
    with steps.read() as session:
        assert session.get_one(Request, "req1").state == RequestState.DECIDING


def test_the_bell_rings_after_the_commit_once_a_lane(steps: Steps, rung: Rung) -> None:
    with steps.step() as step:
        step.due("give", "b", step.now, "target:b")
        step.due("give", "a", step.now, "target:a")
        step.due("give", "c", step.now, "target:a")
        step.notice(notice())
        assert rung.now == []
    assert rung.now == ["notices", "target:a", "target:b"]


def test_work_for_later_is_rung_for_its_time(steps: Steps, clock: TestClock, rung: Rung) -> None:
    later = clock.now().replace(hour=4)
    with steps.step() as step:
        step.due("revoke", "grant1", later, "take:orders-db")
    assert (rung.now, rung.later) == ([], [("take:orders-db", later)])


def test_entries_of_one_step_stand_together_and_each_has_its_own_rows(steps: Steps) -> None:
    with steps.step() as step:
        step.insert(story.request("req1"))
        step.record("First", "a", "req1")
        step.insert(story.request("req2"))
        step.record("Second", "b", "req2", note="x")
        step.record("Third", "c")
    with steps.read() as session:
        first, second, third = list(ledger.entries(session))
        assert [entry.seq for entry in (first, second, third)] == [1, 2, 3]
        assert '"id":"req1"' in first.data
        assert '"id":"req2"' in second.data
        assert third.data == "{}"
        assert [entry.action for entry in ledger.entries(session, request_id="req2")] == ["Second"]


def test_entries_come_whole_however_small_the_batches(steps: Steps) -> None:
    story.tell(steps, TestClock())
    with steps.read() as session:
        last, _ = ledger.head_of(session)
        for batch in (1, 2, last, last + 1):
            numbers = [entry.seq for entry in ledger.entries(session, batch=batch)]
            assert numbers == list(range(1, last + 1))


def test_an_alert_ends_with_the_head_of_its_own_step(steps: Steps) -> None:
    with steps.step() as step:
        step.notice(notice(kind="alert"), alert=True)
        step.notice(notice(kind="card"))
        step.record("One", "x")
        step.record("Two", "x")
    with steps.read() as session:
        seq, full_hash = ledger.head_of(session)
        heads = {row.kind: row.head for row in session.exec(select(Notice)).all()}
        assert heads == {"alert": f"{seq}·{full_hash[:8]}", "card": None}


def test_what_only_reads_cannot_write_on_postgresql(steps: Steps) -> None:
    if steps.engine.dialect.name != "postgresql":
        pytest.skip("SQLite reads in a transaction that could still be upgraded")
    with steps.read() as session, pytest.raises(InternalError, match="read-only transaction"):
        session.connection().execute(delete(Request))


def test_what_reads_keeps_the_statements_that_were_prepared(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite prepares in the process")
    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%as often as this%'")
    for _ in range(8):
        with reading(engine) as session:
            session.connection().execute(text("SELECT 'as often as this'"))
    with reading(engine) as session:
        assert session.connection().execute(prepared).scalar() == 1


def test_the_newest_row_is_found(steps: Steps, clock: TestClock) -> None:
    with steps.read() as session:
        assert newest(session, Request, col(Request.requested_at)) is None
    with steps.step() as step:
        for number in range(3):
            step.insert(story.request(f"req{number}", requested_at=clock.advance(1)))
        step.record("Three", "x")
    with steps.read() as session:
        found = newest(session, Request, col(Request.requested_at), col(Request.id) != "req2")
        assert found is not None
        assert found.id == "req1"


# --- one winner ----------------------------------------------------------------------------------------


def test_a_change_that_comes_too_late_changes_and_records_nothing(steps: Steps) -> None:
    opened(steps)
    with steps.step() as step:
        row = locked(step)
        assert not step.change(row, {"state": str(RequestState.PENDING)}, state=str(RequestState.DENIED))
        assert step.change(row, {"state": str(RequestState.DECIDING)}, state=str(RequestState.PENDING))
        assert row.state == RequestState.PENDING
        step.record("Once", "x", "req1")
    with steps.read() as session:
        assert [entry.data.count('"set"') for entry in ledger.entries(session)] == [1, 1]
        assert verify(session) == []


def test_of_many_who_change_a_row_at_once_one_wins(steps: Steps) -> None:
    for attempt in range(5):
        key = f"req{attempt}"
        opened(steps, key)

        def cancel(number: int, key: str = key) -> bool:
            with steps.step() as step:
                row = step.session.get_one(Request, key)  # not locked: the condition alone must decide
                held = {"state": str(RequestState.DECIDING)}
                won = step.change(row, held, state=str(RequestState.CANCELLED), ended_by=f"caller {number}")
                if won:
                    step.record("Cancelled", f"caller {number}", key)
                return won

        assert sorted(together(WRITERS, cancel)) == [False] * (WRITERS - 1) + [True]
    with steps.read() as session:
        assert verify(session) == []


def test_a_delivery_that_comes_again_is_not_the_first(steps: Steps) -> None:
    def first(key: str) -> bool:
        with steps.step() as step:
            return step.first_time(key)

    assert [first("a"), first("a"), first("b"), first("a")] == [True, False, True, False]


def test_of_many_deliveries_at_once_one_is_the_first_and_none_fails(steps: Steps) -> None:
    for attempt in range(5):

        def handle(number: int, key: str = f"delivery {attempt}") -> bool:
            with steps.step() as step:
                if not step.first_time(key):
                    return False
                step.insert(story.request(f"{key} {number}"))
                step.record("RequestOpened", story.ADA, f"{key} {number}")
                return True

        assert sorted(together(WRITERS, handle)) == [False] * (WRITERS - 1) + [True]
    with steps.read() as session:
        assert session.exec(select(func.count()).select_from(Request)).one() == 5
        assert verify(session) == []


def test_a_delivery_whose_first_handling_died_is_handled_by_the_second(steps: Steps) -> None:
    taken, go_on = Event(), Event()

    def dies() -> None:
        with steps.step() as step:
            assert step.first_time("delivery")
            taken.set()
            assert go_on.wait(PATIENCE)
            raise Crash

    def comes_second() -> bool:
        with steps.step() as step:
            return step.first_time("delivery")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(dies)
        assert taken.wait(PATIENCE)
        second = pool.submit(comes_second)
        go_on.set()
        assert second.result(PATIENCE)
        assert isinstance(first.exception(PATIENCE), Crash)


# --- no forks, no deadlocks ----------------------------------------------------------------------------


def test_many_writers_at_once_leave_one_chain(steps: Steps) -> None:
    def write(number: int) -> None:
        for turn in range(10):
            with steps.step() as step:
                key = f"req-{number}-{turn}"
                step.insert(story.request(key))
                step.due("decide", key, step.now, "desk")
                step.record("RequestOpened", story.ADA, key)
                step.record("Noticed", "worker", key)

    together(WRITERS, write)
    with steps.read() as session:
        assert ledger.head_of(session)[0] == WRITERS * 10 * 2
        assert verify(session) == []


def test_steps_that_lock_everything_in_order_never_wait_for_each_other_in_a_ring(steps: Steps) -> None:
    opened(steps, "req0")
    opened(steps, "req1")
    with steps.step() as step:
        step.session.add(Hold(id="hold1", connector="orders-db", subject="ada", access_key="{}"))

    def plan(number: int) -> None:
        for turn in range(10):
            with steps.step() as step:
                row = locked(step, f"req{(number + turn) % 2}")
                step.lock_name("limits:prod-db")
                step.lock_name("freeze", shared=True)
                assert step.lock(Hold, "hold1") is not None
                assert step.change(row, extensions=row.extensions + 1)
                step.record("RequestExtended", story.ADA, row.id)

    together(WRITERS, plan)
    with steps.read() as session:
        assert sum(row.extensions for row in session.exec(select(Request)).all()) == WRITERS * 10
        assert verify(session) == []


def test_a_named_lock_keeps_others_out_until_the_step_ends(steps: Steps) -> None:
    if steps.engine.dialect.name != "postgresql":
        pytest.skip("on SQLite a writing step is alone anyway")
    with steps.step() as step, steps.step() as other:
        step.lock_name("freeze", shared=True)
        other.lock_name("freeze", shared=True)
        other.lock_name("limits:prod-db")
        step.session.connection().exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(OperationalError, match="lock timeout"), step.session.begin_nested():
            step.lock_name("limits:prod-db")


# --- several in one --------------------------------------------------------------------------------------


def test_steps_that_share_a_transaction_change_nothing_where_one_row_is_not_as_it_was(steps: Steps) -> None:
    opened(steps, "req1")
    opened(steps, "req2")
    head = ledger_head(steps)

    def move(outrun: str) -> None:
        with steps.step_of(Gathered) as step:
            rows = step.lock_all(Request, ["req2", "req1"])
            for key, row in rows.items():
                held = {"state": "pending" if key == outrun else "deciding", "email": None}
                assert step.change(row, held, state="refused", state_at=step.now, over_limit=True)
                step.record("RequestRefused", story.ADA, key)

    with pytest.raises(Outrun):
        move(outrun="req2")
    assert ledger_head(steps) == head
    move(outrun="nobody")
    with steps.read() as session:
        assert {row.state for row in session.exec(select(Request)).all()} == {"refused"}
        assert not verify(session)


def test_who_waits_for_sqlites_one_writer_asks_often_and_is_not_passed_over(own: Engine) -> None:
    if own.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's writers do not wait for each other")
    asked = Semaphore(0)
    rival = make_engine(own.url.render_as_string(hide_password=False))
    event.listen(
        rival, "before_cursor_execute", lambda *said: asked.release() if "IMMEDIATE" in said[2] else None
    )

    def write() -> int:
        with writing(rival) as session:
            return session.exec(select(func.count()).select_from(Request)).one()

    with ThreadPoolExecutor(1) as threads:
        with writing(own) as session:
            session.connection()
            waiting = threads.submit(write)
            assert all(asked.acquire(timeout=5) for _ in range(20))
        assert waiting.result(timeout=5) == 0
    rival.dispose()


def ledger_head(steps: Steps) -> tuple[int, str]:
    with steps.read() as session:
        return ledger.head_of(session)


def test_a_connection_that_comes_back_after_everything_was_let_go_of_is_closed(engine: Engine) -> None:
    held = engine.connect()
    held.exec_driver_sql("SELECT 1")
    driver: Any = held.connection.driver_connection
    engine.dispose()
    held.close()
    with pytest.raises(Exception, match="closed"):
        driver.execute("SELECT 1")
    with engine.connect() as fresh:  # and one that is made afterwards stays
        kept: Any = fresh.connection.driver_connection
    kept.execute("SELECT 1")
    engine.dispose()


def test_a_database_that_was_let_go_of_is_not_opened_again_by_whoever_is_late(own: Engine) -> None:
    held = own.connect()
    held.exec_driver_sql("SELECT 1")
    driver: Any = held.connection.driver_connection
    shut(own)
    with pytest.raises(AWAY, match="let go of its database"):
        own.connect()
    held.close()
    with pytest.raises(Exception, match="closed"):
        driver.execute("SELECT 1")
