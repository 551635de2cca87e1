"""How the processes start, refuse to start, take a changed folder, and end."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlmodel import col

from app.store.tables import Due, Press
from tests.house import write_policies
from tests.processes.children import SOON, wait
from tests.processes.company import APPROVE, POLICIES, ROLES, SETTINGS
from tests.processes.conftest import Install
from tests.processes.holding import held_up, nothing_given_yet
from tests.processes.installation import Installation

pytestmark = pytest.mark.xdist_group("starting")

COMMANDS = ("web", "worker", "clock")
WITHIN = 10.0
"""Seconds in which a process ends that is asked to, and in which a changed folder counts."""


@pytest.fixture
def house(install: Install) -> Iterator[Installation]:
    installation = install("postgresql")
    yield installation
    installation.close()


def test_a_database_that_is_not_migrated_is_refused_with_the_remedy(install: Install) -> None:
    bare = install("empty")
    children = [bare.begin(command) for command in COMMANDS]
    for child in children:
        assert child.exit_code(SOON) == 2
        (line,) = child.said().splitlines()
        assert "breakglass migrate" in line


def test_each_finishes_what_is_in_hand_and_ends_with_0(house: Installation) -> None:
    web, worker, clock = house.start(*COMMANDS)
    pending = house.asks("dev01", "one INC-1234 replica lag")
    house.until("pending", pending)
    card = house.card(pending)
    with nothing_given_yet(house.target):
        given = house.asks("dev00", "quick 30m INC-1234 replica lag")
        wait(lambda: house.target_waits("GRANT"), SOON, "the worker to be in the middle of a grant")
        worker.ask_to_stop()
        clock.ask_to_stop()
        assert clock.exit_code(WITHIN) == 0
    assert worker.exit_code(WITHIN) == 0
    assert house.request(given).state == "active"
    with psycopg.connect(house.database.replace("+psycopg", "")) as held, ThreadPoolExecutor(1) as threads:
        held.execute("SELECT 1 FROM request WHERE id = %s FOR UPDATE", [pending])
        press = threads.submit(house.presses, "grace", card, APPROVE)
        wait(house.database_waits, SOON, "the web to be in the middle of a press")
        web.ask_to_stop()
        held.rollback()
        assert press.result(SOON).status == 200
    assert web.exit_code(WITHIN) == 0
    assert "web stopped" in web.said()
    assert house.one(Press, col(Press.subject) == pending)


def test_web_needs_no_connectors_secret_and_never_comes_near_the_target(house: Installation) -> None:
    house.start("web")
    asked = [
        house.asks("dev00", "quick INC-1234 replica lag"),
        house.asks("dev01", "one INC-1234 replica lag"),
    ]
    assert house.slack.person("dev00").commands("/breakglass status").status == 200
    assert house.slack.person("dev00").commands("/breakglass end " + asked[0][-6:]).status == 200
    assert house.states(asked) == {"deciding"}
    assert f"user=bot database={house.target.name}" not in house.target.server.log()


def test_a_worker_without_a_connectors_secret_says_so_and_to_whoever_asks(house: Installation) -> None:
    """It keeps looking for two minutes, because another worker may have the secret."""
    house.start("web")
    (worker,) = house.start("worker", ORDERS_DB_DSN=None)
    assert "ORDERS_DB_DSN" in worker.said()
    house.asks("dev00", "quick INC-1234 replica lag")
    waiting = "Not decided yet. orders-db cannot be used: "
    wait(lambda: [m for m in house.slack.person("dev00").dm() if m.text.startswith(waiting)], SOON, "a word")


def test_on_a_faulty_folder_web_does_not_start_and_the_others_only_take(house: Installation) -> None:
    web, worker, clock = house.start(*COMMANDS)
    live = house.asks("dev03", "quick 12s INC-1234 replica lag")
    pending = house.asks("dev01", "one INC-1234 replica lag")
    house.until("active", live)
    house.until("pending", pending)
    with held_up(house) as count:
        planned = house.asks("dev00", "quick INC-1234 replica lag")
        wait(lambda: count() == 1, SOON, "the worker to be about to call")
        worker.kill()
        clock.kill()
    write_policies(
        house.policies, POLICIES | {"one": POLICIES["one"].replace("count: 1", "count: one")}, SETTINGS
    )
    refused = house.begin("web")
    house.start("worker", "clock")
    back = house.clock.now()
    assert refused.exit_code(SOON) == 2
    assert refused.said().startswith("one.yaml:8:")
    house.presses("grace", house.card(pending), APPROVE)
    asked = house.asks("dev02", "quick INC-1234 replica lag")
    house.until("refused", asked)
    assert str(house.request(asked).ended_reason).startswith(
        "Nothing can be given now: the policy folder is faulty"
    )
    (told,) = house.outcomes(pending)
    assert told.startswith("Nothing can be given now: the policy folder is faulty")
    assert house.states([pending]) == {"pending"}
    give = col(Due.id) == f"give:{house.grant(planned).id}"
    wait(lambda: "faulty" in house.all(Due, give)[0].data.get("error", ""), SOON, "the plan to be looked at")
    assert house.grant(planned).state == "planned"
    house.ends_on_time("dev03", live, since=back)
    assert not house.members(ROLES["quick"])
    assert web.alive()


def test_a_faulty_change_is_kept_out_and_told_and_a_good_one_counts_within_ten_seconds(
    house: Installation,
) -> None:
    house.start(*COMMANDS)
    faulty = POLICIES["quick"].replace("then: grant", "then: give")
    write_policies(house.policies, POLICIES | {"quick": faulty}, SETTINGS)
    told = house.slack.channel("C0SECURITY").last("quick.yaml", WITHIN)
    assert "quick.yaml:7:" in told.plain() + told.text
    request_id = house.asks("dev00", "quick INC-1234 replica lag")
    house.until("active", request_id)
    write_policies(
        house.policies, POLICIES | {"quick": faulty.replace("then: give", "then: approve")}, SETTINGS
    )
    house.slack.channel("C0SECURITY").last("changed quick", WITHIN)
    now_asked = house.asks("dev01", "quick INC-1234 replica lag")
    house.until("pending", now_asked)
