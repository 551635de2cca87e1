"""``kill -9`` at the worst moments: access that was given is known, and gone on time."""

from collections.abc import Iterator

import pytest
from sqlmodel import col

from app.store import engine as databases
from app.store.tables import Due
from tests.processes.children import SOON, wait
from tests.processes.company import ROLES
from tests.processes.conftest import Install
from tests.processes.holding import held_up, nothing_given_yet
from tests.processes.installation import Installation

pytestmark = pytest.mark.xdist_group("one service")

WRITER = ROLES["quick"]


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def house(request: pytest.FixtureRequest, install: Install) -> Iterator[Installation]:
    if request.param == "postgresql":
        yield request.getfixturevalue("service")
        return
    installation = install(request.param)
    installation.start("web", "worker", "clock")
    yield installation
    installation.close()


def kill(house: Installation, name: str) -> None:
    """Exactly that one is gone; in the end it runs again."""
    (child,) = (child for child in house.children if child.name == name and child.alive())
    child.kill()


def test_a_worker_killed_between_the_targets_answer_and_the_commit(house: Installation) -> None:
    """The database is held from before the answer until the worker is dead: the commit cannot have happened."""
    with nothing_given_yet(house.target) as let_go:
        request_id = house.asks("dev04", "quick 8s INC-1234 replica lag")
        wait(lambda: house.one(Due, col(Due.kind) == "give"), SOON, "the plan")
        wait(lambda: house.grant(request_id).state == "granting", SOON, "the call")
        with databases.writing(house.engine) as session:
            session.get(type(house.request(request_id)), request_id, with_for_update=True)
            let_go()
            wait(lambda: "dev04" in house.members(WRITER), SOON, "the target to give it")
            kill(house, "worker")
    assert house.grant(request_id).state == "granting"
    house.start("worker")
    house.ends_on_time("dev04", request_id)


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
def test_a_worker_killed_before_the_target_answers_at_all(house: Installation) -> None:
    """What it was told it still does, when nobody listens any more; and there is only the clock to find out."""
    with nothing_given_yet(house.target):
        request_id = house.asks("dev05", "quick 8s INC-1234 replica lag")
        wait(lambda: house.all(Due, col(Due.kind) == "give"), SOON, "the plan")
        wait(lambda: house.grant(request_id).state == "granting", SOON, "the call")
        wait(lambda: house.target_waits("GRANT"), SOON, "the target to be told")
        kill(house, "worker")
    wait(lambda: "dev05" in house.members(WRITER), SOON, "the target to give it all the same")
    house.ends_on_time("dev05", request_id)
    house.start("worker")


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
def test_one_kill_with_a_grant_not_called_a_grant_not_committed_and_a_revocation_not_committed(
    house: Installation,
) -> None:
    taken = house.asks("dev02", "quick 30m INC-1234 replica lag")
    house.until("active", taken)
    with held_up(house) as count:
        ids = house.all_ask(["dev00", "dev01"], "quick 10s INC-1234 replica lag")
        house.all_give_back(["dev02"])
        wait(lambda: count() == 3, SOON, "the worker to be held up at all three")
        assert house.members(WRITER) == {"dev01"}
        kill(house, "worker")
    house.start("worker")
    house.until("revoked", taken)
    house.given(*ids.values())
    for person, request_id in ids.items():
        house.ends_on_time(person, request_id)


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
def test_of_two_workers_the_other_takes_over_what_a_killed_one_held(house: Installation) -> None:
    """Without a clock, which would do it as well, and without a ring: there are the lease and the other worker."""
    kill(house, "clock")
    house.start("worker")
    with held_up(house) as count:
        request_id = house.asks("dev00", "quick 30m INC-1234 replica lag")
        wait(lambda: count() == 1, SOON, "a worker to be held up before the target is called")
        held = house.one(Due, col(Due.kind) == "give")
        assert held is not None
        pid = str(held.lease_by).split(":")[1]
        (holder,) = (child for child in house.children if str(child.popen.pid) == pid)
        holder.kill()
    house.given(request_id)
    house.start("clock")
    house.all_give_back(["dev00"])
    house.until("revoked", request_id)


def test_a_killed_clock_leaves_the_ends_to_the_second_bell(house: Installation) -> None:
    """Of the new worker: the ones before it were killed a moment ago, and held whatever RQ lets them hold."""
    request_id = house.asks("dev03", "quick 3s INC-1234 replica lag")
    house.given(request_id)
    kill(house, "clock")
    house.ends_on_time("dev03", request_id)
    house.start("clock")


def test_afterwards_everybody_was_told_and_the_record_is_whole(house: Installation) -> None:
    house.notices_are_out()
    assert not house.members(WRITER)
    house.ledger_is_clean()
