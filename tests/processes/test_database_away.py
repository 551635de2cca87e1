"""The database stopped, hanging, or another than before, under real processes: taking goes on, giving waits."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlmodel import col

from app.store.tables import LedgerEntry
from tests.house import migrate_to, new_database
from tests.processes.children import SOON, Child, wait
from tests.processes.company import ROLES
from tests.processes.conftest import Install
from tests.processes.installation import Installation
from tests.servers import NoServer, PostgresServer, start_postgres

pytestmark = pytest.mark.xdist_group("database away")

WRITER = ROLES["quick"]
ASK = "quick 30m INC-1234 replica lag"
Trouble = Callable[[PostgresServer], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """The database's own: the target is elsewhere, and stays."""
    try:
        server = start_postgres(max_connections="100")
    except NoServer as missing:
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture(scope="module")
def house(install: Install, server: PostgresServer) -> Iterator[Installation]:
    database = new_database(server, "house")
    migrate_to(database)
    installation = install("postgresql", database)
    installation.start("web", "worker", "clock")
    yield installation
    installation.close()


@contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def hanging(server: PostgresServer) -> Iterator[None]:
    """It takes connections, keeps those that it has, and never says a word."""
    server.signal_all(signal.SIGSTOP)
    try:
        yield
    finally:
        server.signal_all(signal.SIGCONT)


def clock_of(house: Installation) -> Child:
    (clock,) = (child for child in house.children if child.name == "clock" and child.alive())
    return clock


@contextmanager
def saying(child: Child) -> Iterator[None]:
    """A failure in here comes with the last that it said."""
    try:
        yield
    except AssertionError as failure:
        failure.add_note(child.said()[-8_000:])
        raise


def listed(house: Installation, *requests: str) -> bool:
    """Whether the clock has what these gave on its list; people may stand there from before."""
    file = house.folder / "state" / "live.json"
    return file.exists() and all(f'"request_id":"{each}"' in file.read_text() for each in requests)


def recorded(house: Installation, request_id: str) -> list[LedgerEntry]:
    return house.entries("TakenWhileDatabaseAway", request_id)


def is_told(house: Installation, person: str) -> None:
    """Slack hears something at once, and nothing was given."""
    answer = house.slack.person(person).commands(f"/breakglass {ASK}")
    assert (answer.status, answer.trouble) == (200, "")
    assert "so nothing can be given" in answer.text


@pytest.mark.parametrize("trouble", [stopped, hanging])
def test_what_ends_meanwhile_is_taken_back_by_the_clock_and_recorded_afterwards(
    house: Installation, server: PostgresServer, trouble: Trouble
) -> None:
    short, long = asked(house, "dev00", "quick 5s INC-1234 replica lag"), asked(house, "dev01")
    house.given(short, long)
    wait(lambda: listed(house, short, long), SOON, "the clock to know of both")
    with trouble(server):
        is_told(house, "dev02")
        with saying(clock_of(house)):
            wait(lambda: "dev00" not in house.members(WRITER), SOON, "access to end without the database")
        assert "dev01" in house.members(WRITER)
        is_told(house, "dev02")
        assert "dev02" not in house.members(WRITER)
    house.until("revoked", short)
    wait(lambda: recorded(house, short), SOON, "the journal to be recorded")
    assert not recorded(house, long)
    given_back(house, "dev01", long)


def test_a_clock_killed_and_started_again_while_the_database_is_away_goes_by_its_list(
    house: Installation, server: PostgresServer
) -> None:
    short = asked(house, "dev03", "quick 8s INC-1234 replica lag")
    house.given(short)
    wait(lambda: listed(house, short), SOON, "the clock to know of it")
    with stopped(server):
        clock_of(house).kill()
        clock = house.begin("clock")
        wait(lambda: "dev03" not in house.members(WRITER), SOON, "access to end by the list alone")
        assert "clock started without its database" in clock.said()
        assert clock.alive()
    wait(
        lambda: "clock started" in clock.said().replace("clock started without", ""),
        SOON,
        "the clock to open",
    )
    house.until("revoked", short)
    wait(lambda: recorded(house, short), SOON, "the journal to be recorded")


def test_an_older_database_under_running_processes_gives_nothing(
    house: Installation, server: PostgresServer
) -> None:
    house.engine.dispose()
    server.run(*_nobody_in("house"), 'CREATE DATABASE kept TEMPLATE "house"', _OPEN)
    since = asked(house, "dev04")
    house.given(since)
    head = house.folder / "state" / "head"
    wait(lambda: int(head.read_text().partition(":")[0]) >= _last(house), SOON, "the newest head to be seen")
    house.engine.dispose()
    server.run(*_nobody_in("house"), 'DROP DATABASE "house"', 'CREATE DATABASE "house" TEMPLATE kept')
    wait(
        lambda: house.all(LedgerEntry, col(LedgerEntry.action) == "OlderDatabaseFound"),
        SOON,
        "it to be found",
    )
    refused = asked(house, "dev05")
    house.until("refused", refused)
    assert "may come from an older back-up" in str(house.request(refused).ended_reason)
    house.slack.channel("C0SECURITY").last("Nothing is given until", SOON)
    assert "dev05" not in house.members(WRITER)


def given_back(house: Installation, name: str, request_id: str) -> None:
    """Once the web has seen that its database is there again."""

    def end() -> bool:
        house.all_give_back([name])
        return house.request(request_id).state == "revoked"

    wait(end, SOON, "access to be given back")


def asked(house: Installation, name: str, line: str = ASK) -> str:
    """Once the web has seen that its database is there again."""

    def ask() -> list[str]:
        house.slack.person(name).commands(f"/breakglass {line}")
        return house.ids(name)

    before = set(house.ids(name))
    return wait(lambda: sorted(set(ask()) - before), SOON, "an ask to be stored")[0]


def _last(house: Installation) -> int:
    entries = house.all(LedgerEntry)
    return max(entry.seq for entry in entries)


_OPEN = 'ALTER DATABASE "house" ALLOW_CONNECTIONS true'


def _nobody_in(name: str) -> tuple[str, ...]:
    """Statements after which nobody is connected to a database, and nobody can be."""
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours
    return (f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false', end)


def test_afterwards_the_record_is_whole(house: Installation) -> None:
    house.ledger_is_clean()
