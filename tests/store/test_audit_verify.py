"""``audit verify`` is clean on what the service wrote, and finds each change that it did not."""

# ruff: noqa: S608, PLE2502 - the statements and the strange letters are the tests' own

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, inspect, select, text, update
from sqlmodel import Session, SQLModel, col
from sqlmodel import select as select_model

from app.audit import parse_head, verify
from app.errors import Misconfigured, Problem
from app.model import GrantState, RequestState
from app.store import ledger
from app.store.engine import reading
from app.store.ledger import Entry
from app.store.step import Steps
from app.store.tables import AUDITED, Freeze, Grant, LedgerEntry, LedgerHead, PersonRow, Press, Request
from tests.store import story
from tests.store.conftest import DATABASES, START, Rung, TestClock, migrated

AUDITED_TABLES = sorted(AUDITED, key=lambda table: str(table.__tablename__))


@pytest.fixture
def told(steps: Steps, clock: TestClock) -> Steps:
    story.tell(steps, clock)
    return steps


@pytest.fixture(scope="module", params=DATABASES)
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with the story in it, for tests that leave it as it is."""
    for engine in migrated(request, tmp_path_factory.mktemp("night")):
        clock = TestClock()
        story.tell(Steps(engine, clock.now, Rung()), clock)
        yield engine


@pytest.fixture
def behind(night: Engine) -> Iterator[Session]:
    """A session of somebody who owns the database; nothing of it stays."""
    with Session(night) as session:
        for statement in LOOSENED[night.dialect.name]:
            session.connection().execute(text(statement))
        yield session
        session.rollback()


LOOSENED = {
    "sqlite": [
        "DROP TRIGGER ledger_not_changed",
        "DROP TRIGGER ledger_not_deleted",
        "PRAGMA defer_foreign_keys = ON",
    ],
    "postgresql": [
        "ALTER TABLE ledger DISABLE TRIGGER ledger_kept",
        'ALTER TABLE "grant" DROP CONSTRAINT grant_hold_id_fkey, DROP CONSTRAINT grant_request_id_fkey',
        "ALTER TABLE approval DROP CONSTRAINT approval_request_id_fkey",
    ],
}


def found(session: Session, head: tuple[int, str] | None = None) -> list[Problem]:
    problems = verify(session, head=head)
    assert all("\n" not in str(problem) and str(problem).isprintable() for problem in problems)
    return problems


def other(value: Any) -> Any:
    """A value of the same kind that is not this one."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case datetime():
            return value + timedelta(microseconds=1)
        case dict():
            return {**value, "more": 1}
        case list():
            return [*value, "more"]
        case _:
            return f"{value}x"


def other_in(column: Any, value: Any) -> Any:
    """The same, kept within what the column's CHECK allows."""
    allowed = {"state": ["active", "failed"], "verdict": ["approve", "deny"]}.get(column.name)
    return next(choice for choice in allowed if choice != value) if allowed else other(value)


def rows_of(session: Session, table: type[SQLModel]) -> list[Any]:
    return list(session.exec(select_model(table)).all())


# --- clean ---------------------------------------------------------------------------------------------


def test_what_the_service_wrote_is_clean(told: Steps) -> None:
    with told.read() as session:
        assert verify(session, head=ledger.head_of(session)) == []


def test_an_empty_ledger_is_clean(engine: Engine) -> None:
    with reading(engine) as session:
        assert verify(session) == []


def test_the_story_leaves_no_audited_column_empty(told: Steps) -> None:
    with told.read() as session:
        for table, audited in AUDITED.items():
            for row in rows_of(session, table):
                assert [name for name in audited if getattr(row, name) is None] == []


def test_what_is_written_meanwhile_is_no_fault(told: Steps) -> None:
    with told.read() as session:
        head = ledger.head_of(session)
        with told.step() as step:
            step.insert(story.request("req2"))
            step.record("RequestOpened", story.ADA, "req2")
        assert session.exec(select_model(func.max(LedgerEntry.seq))).one() == head[0]
        assert verify(session, head=head) == []
    with told.read() as session:
        assert verify(session, head=head) == []
        assert ledger.head_of(session)[0] == head[0] + 1


def test_housekeeping_needs_no_entry(behind: Session) -> None:
    behind.connection().execute(text("""UPDATE "grant" SET attempts = 99, last_error = 'x'"""))
    assert found(behind) == []


def test_an_entry_may_speak_of_columns_and_tables_that_are_gone(told: Steps) -> None:
    gone = [
        {"table": "request", "id": "req1", "set": {"gone": 1}},
        {"table": "gone", "id": "1", "set": {"a": 1}},
    ]
    with told.step() as step:
        ledger.append(step.session, [Entry("Old", "clock", None, {"rows": gone})], step.now)
    with told.read() as session:
        assert verify(session) == []


@pytest.mark.parametrize(
    "hostile", ["\u2028\u2029\x85", "\x01\x1f\x7f", "😀", "e\u0301 ｅ ‮", "\"\\/'", "\ue000\uffff"]
)
def test_strange_text_is_hashed_as_it_is_stored(steps: Steps, hostile: str) -> None:
    with steps.step() as step:
        step.insert(story.request("req1", reason=hostile, policy=hostile))
        step.record(hostile, hostile, hostile, **{hostile: [hostile, {hostile: 1}]})
    with steps.read() as session:
        assert [entry.actor for entry in ledger.entries(session)] == [hostile]
        assert verify(session) == []


@pytest.mark.parametrize(("actor", "said"), [("\ud800", "x"), ("x", "\udfff"), ("\ud800", "\ud800")])
def test_half_a_character_is_refused_and_leaves_nothing(steps: Steps, actor: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"surrogates|non-UTF-8"), steps.step() as step:
        step.record("Said", actor, None, said=said)
    with steps.read() as session:
        assert ledger.head_of(session) == (0, ledger.GENESIS)


def test_an_instant_comes_back_as_it_was_written(steps: Steps, clock: TestClock) -> None:
    for microsecond in (0, 1, 120_000, 999_999):
        clock.time = START.replace(microsecond=microsecond)
        with steps.step() as step:
            step.record("Ticked", "clock")
    with steps.read() as session:
        assert [entry.at.microsecond for entry in ledger.entries(session)] == [0, 1, 120_000, 999_999]
        assert verify(session) == []


# --- the ledger changed behind its back ----------------------------------------------------------------


def test_each_changed_field_of_each_entry_is_found_and_named(behind: Session) -> None:
    columns = inspect(LedgerEntry).columns
    entries = behind.connection().execute(select(*columns)).mappings().all()
    for entry in entries:
        for column in columns:
            changed = entry["seq"] + 1_000 if column.name == "seq" else other(entry[column.name])
            with behind.begin_nested() as undo:
                here = col(LedgerEntry.seq) == entry["seq"]
                behind.connection().execute(update(LedgerEntry).where(here).values({column.name: changed}))
                problems = found(behind)
                assert problems, f"{column.name} of {entry['seq']}"
                assert problems[0].where == f"ledger {entry['seq']}", (column.name, problems)
                undo.rollback()
    assert found(behind) == []


def test_an_entry_rewritten_with_a_hash_that_fits_is_found_at_the_next(behind: Session) -> None:
    last = ledger.head_of(behind)[0]
    for entry in ledger.entries(behind):
        with behind.begin_nested() as undo:
            entry.actor = "somebody else"
            entry.hash = ledger.digest(entry)
            behind.add(entry)
            behind.flush()
            following = "ledger head" if entry.seq == last else f"ledger {entry.seq + 1}"
            assert found(behind)[0].where == following
            undo.rollback()


@pytest.mark.parametrize(
    "reshaped", ['{"a": 1}', "", "nonsense", "[]", '{"rows":[1]}', '{"rows":[{"id":[]}]}']
)
def test_data_that_was_reshaped_is_found(behind: Session, reshaped: str) -> None:
    behind.connection().execute(update(LedgerEntry).where(col(LedgerEntry.seq) == 3).values(data=reshaped))
    assert found(behind)[0].where == "ledger 3"


def test_words_moved_from_one_field_to_the_next_are_found(told: Steps) -> None:
    """What is hashed would be the same text, were the instant not quoted as any other text is."""
    if told.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite lets an instant be any text")
    with told.step() as step:
        step.record("Said", "x", None, a="bZ", data={"c": 1})
    with Session(told.engine) as session:
        session.connection().execute(text("DROP TRIGGER ledger_not_changed"))
        last, _ = ledger.head_of(session)
        moved = """UPDATE ledger SET at = at || 'Z","data":{"a":"b', data = '{"c":1}}' WHERE seq = """
        session.connection().execute(text(f"{moved.replace(':', chr(92) + ':')}{last}"))
        assert [problem.where for problem in found(session)] == [f"ledger {last}"]


@pytest.mark.parametrize("seq", [1, 2, 9])
def test_a_deleted_entry_is_named(behind: Session, seq: int) -> None:
    behind.connection().execute(text(f"DELETE FROM ledger WHERE seq = {seq}"))
    problem = found(behind)[0]
    assert (problem.where, problem.what) == (f"ledger {seq}", "is missing")


def test_a_range_of_deleted_entries_is_named(behind: Session) -> None:
    behind.connection().execute(text("DELETE FROM ledger WHERE seq BETWEEN 3 AND 6"))
    problem = found(behind)[0]
    assert (problem.where, problem.what) == ("ledger 3", "is missing, and all up to 6")


def test_a_deleted_tail_is_named(behind: Session) -> None:
    last, _ = ledger.head_of(behind)
    behind.connection().execute(text(f"DELETE FROM ledger WHERE seq >= {last - 1}"))
    assert found(behind)[0].where == f"ledger {last - 1}"


def test_an_emptied_ledger_is_found(behind: Session) -> None:
    behind.connection().execute(text("DELETE FROM ledger"))
    behind.connection().execute(text(f"UPDATE ledger_head SET seq = 0, hash = '{ledger.GENESIS}'"))
    assert {problem.what for problem in found(behind)} == {"is in no entry of the ledger"}


@pytest.mark.parametrize("seq", [0, -7])
def test_an_entry_before_the_first_is_named(behind: Session, seq: int) -> None:
    fields = "at, actor, action, request_id, data, prev_hash, hash"
    behind.connection().execute(text(f"INSERT INTO ledger SELECT {seq}, {fields} FROM ledger WHERE seq = 1"))
    assert found(behind)[0].where == f"ledger {seq}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_head SET hash = 'x'",
        "UPDATE ledger_head SET seq = seq - 1",
        "UPDATE ledger_head SET id = 2",
        "INSERT INTO ledger_head SELECT 2, seq, hash FROM ledger_head",
        "DELETE FROM ledger_head",
    ],
)
def test_a_changed_head_is_named(behind: Session, statement: str) -> None:
    behind.connection().execute(text(statement))
    assert [problem.where for problem in found(behind)] == ["ledger head"]


# --- a tail rewritten so that everything fits ----------------------------------------------------------


def _rewrite_the_tail(session: Session, cut: int) -> None:
    """Cut off the last entries and write as many others, every hash as it must be."""
    head = session.exec(select_model(LedgerHead)).one()
    entry = session.exec(select_model(LedgerEntry).where(col(LedgerEntry.seq) == head.seq - cut)).one()
    session.connection().execute(text(f"DELETE FROM ledger WHERE seq > {entry.seq}"))
    session.connection().execute(
        update(LedgerHead).values(seq=entry.seq, hash=entry.hash).execution_options(synchronize_session=False)
    )
    session.expire_all()
    ledger.append(session, [Entry("Nothing", "nobody", None, {})] * cut, START)


def test_a_rewritten_tail_is_found_with_the_head_that_was_noted(behind: Session) -> None:
    noted = ledger.head_of(behind)
    assert found(behind, noted) == []
    _rewrite_the_tail(behind, 1)
    assert found(behind) == []
    assert [problem.where for problem in found(behind, noted)] == [f"ledger {noted[0]}"]
    assert [problem.where for problem in found(behind, (noted[0], noted[1][:8]))] == [f"ledger {noted[0]}"]


def test_a_tail_cut_off_without_a_trace_is_found_with_the_head_that_was_noted(behind: Session) -> None:
    seq, full_hash = ledger.head_of(behind)
    before = next(entry for entry in ledger.entries(behind) if entry.seq == seq - 1)
    behind.connection().execute(text(f"DELETE FROM ledger WHERE seq = {seq}"))
    behind.connection().execute(text(f"UPDATE ledger_head SET seq = {seq - 1}, hash = '{before.hash}'"))
    assert found(behind) == []
    assert [problem.where for problem in found(behind, (seq, full_hash))] == [f"ledger {seq}"]


def test_an_earlier_head_still_fits(told: Steps) -> None:
    with told.read() as session:
        for entry in ledger.entries(session):
            assert verify(session, head=(entry.seq, entry.hash[:8])) == []
            assert verify(session, head=(entry.seq, "00000000")) != []
        assert verify(session, head=(0, ledger.GENESIS)) == []


def test_too_little_of_a_hash_is_no_head(told: Steps) -> None:
    with told.read() as session, pytest.raises(ValueError, match="recognise"):
        verify(session, head=(1, "abcdef0"))


@pytest.mark.parametrize("text_", ["1042:9f3ac2d1", "#1042·9f3ac2d1", " 1042·9F3AC2D1 "])
def test_a_head_is_read_as_alerts_write_it(text_: str) -> None:
    assert parse_head(text_) == (1042, "9f3ac2d1")


@pytest.mark.parametrize(
    "text_", ["", "1042", "1042:", "1042:9f3ac2d", "x:9f3ac2d1", "1042:9f3ac2dg", "١:9f3ac2d1"]
)
def test_what_is_no_head_is_refused_with_an_example(text_: str) -> None:
    with pytest.raises(Misconfigured, match=r"e\.g\. 1042:9f3ac2d1"):
        parse_head(text_)


# --- rows changed behind its back ----------------------------------------------------------------------


@pytest.mark.parametrize("table", AUDITED_TABLES)
def test_each_changed_column_of_each_row_is_found_and_named(behind: Session, table: type[SQLModel]) -> None:
    for row in rows_of(behind, table):
        for name in sorted(AUDITED[table]):
            column = inspect(table).columns[name]
            changes = [other_in(column, getattr(row, name))] + ([None] if column.nullable else [])
            for value in changes:
                with behind.begin_nested() as undo:
                    changed = (
                        update(table).where(inspect(table).columns["id"] == row.id).values({name: value})
                    )
                    behind.connection().execute(changed)
                    _is_named(found(behind), table, row.id, name)
                    undo.rollback()
    assert found(behind) == []


def _is_named(problems: list[Problem], table: type[SQLModel], key: str, column: str) -> None:
    named = {problem.where: problem.what for problem in problems}
    where = f"{table.__tablename__} {key}"
    assert where in named, (column, problems)
    if column == "id":
        assert "is not there" in named[where]
        assert named[f"{where}x"] == "is in no entry of the ledger"
    else:
        assert named[where].startswith(f"{column} is ")
        assert len(problems) == 1


@pytest.mark.parametrize("table", AUDITED_TABLES)
def test_a_deleted_row_is_named_with_the_entry_that_knew_it(behind: Session, table: type[SQLModel]) -> None:
    key = rows_of(behind, table)[0].id
    behind.connection().execute(text(f"""DELETE FROM "{table.__tablename__}" WHERE id = '{key}'"""))
    problem = found(behind)[0]
    assert problem.where == f"{table.__tablename__} {key}"
    assert problem.what.startswith("is not there, and entry ")


def test_a_row_put_in_by_hand_is_named(behind: Session) -> None:
    behind.add(story.request("by-hand", state="active"))
    behind.flush()
    assert [(problem.where, problem.what) for problem in found(behind)] == [
        ("request by-hand", "is in no entry of the ledger")
    ]


def test_a_changed_row_is_told_with_both_values_and_the_entry(behind: Session) -> None:
    behind.connection().execute(text("UPDATE request SET state = 'active' WHERE id = 'req1'"))
    seq = next(entry.seq for entry in ledger.entries(behind) if entry.action == "AccessTaken")
    assert found(behind)[0].what == f'state is "active", and entry {seq} says "revoked"'


def test_many_faults_are_counted_after_the_first_twenty(steps: Steps) -> None:
    with steps.step() as step:
        for number in range(25):
            step.insert(story.request(f"req{number:02}"))
        step.record("Many", "test")
    with Session(steps.engine) as session:
        session.connection().execute(text("UPDATE request SET reason = 'nothing'"))
        problems = found(session)
    assert [problem.where for problem in problems] == [*(f"request req{n:02}" for n in range(20)), "rows"]
    assert problems[-1].what == "5 more do not fit"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE request SET ends_at = {never}",
        "UPDATE request SET decision = {no_json}",
        "UPDATE request SET reason = {no_text}",
        "UPDATE ledger SET at = {never} WHERE seq = 3",
        "UPDATE ledger SET actor = {no_text} WHERE seq = 3",
        "UPDATE ledger SET data = {no_text} WHERE seq = 3",
    ],
)
def test_what_no_client_could_read_is_a_fault_and_no_crash(behind: Session, statement: str) -> None:
    monsters = {
        "sqlite": {"never": "'never'", "no_json": "'{'", "no_text": "CAST(x'ff00' AS TEXT)"},
        "postgresql": {"never": "'infinity'", "no_json": "'[[[[1e999]]]]'", "no_text": "E'\\x1b[2J'"},
    }[behind.get_bind().dialect.name]
    behind.connection().execute(text(statement.format(**monsters).replace(":", "\\:")))
    assert found(behind)[0].where in ("request req1", "ledger 3")


def test_text_turned_into_bytes_is_a_fault(behind: Session) -> None:
    if behind.get_bind().dialect.name != "sqlite":
        pytest.skip("only SQLite lets a text column hold bytes")
    behind.connection().execute(text("UPDATE ledger SET actor = CAST(actor AS BLOB) WHERE seq = 3"))
    behind.connection().execute(text("UPDATE ledger SET data = CAST(data AS BLOB) WHERE seq = 5"))
    behind.connection().execute(text("UPDATE freeze SET reason = CAST(reason AS BLOB)"))
    assert {"ledger 3", "ledger 5", "freeze freeze1"} <= {problem.where for problem in found(behind)}


# --- moves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "key", "to"),
    [
        (Request, "req1", RequestState.REVOKED),
        (Request, "req1", RequestState.ACTIVE),
        (Grant, "grant1", GrantState.LEFT),
        (Grant, "grant1", GrantState.REVOKED),
    ],
)
def test_a_second_end_is_named_even_where_everything_else_fits(
    told: Steps, table: type[Request | Grant], key: str, to: str
) -> None:
    with told.step() as step:
        row = step.lock(table, key)
        assert row is not None
        assert step.change(row, state=str(to))
        step.record("Again", "worker")
    with told.read() as session:
        seq, _ = ledger.head_of(session)
        assert [problem.where for problem in verify(session)] == [f"ledger {seq}"]
        assert "which is no legal move" in verify(session)[0].what


def test_a_request_that_begins_in_the_middle_is_named(steps: Steps) -> None:
    with steps.step() as step:
        step.insert(story.request("req1", state=str(RequestState.ACTIVE)))
        step.record("RequestOpened", story.ADA, "req1")
    with steps.read() as session:
        assert verify(session)[0].what == "moves request req1 from nothing to active, which is no legal move"


def test_every_audited_table_is_in_the_story(told: Steps) -> None:
    with told.read() as session:
        assert all(rows_of(session, table) for table in AUDITED)
        assert {Freeze, Grant, PersonRow, Press, Request} <= set(AUDITED)
