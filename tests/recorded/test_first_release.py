"""A deploy with open grants loses nothing: what the first release left is taken over by this version as it stands."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from redis import Redis
from sqlmodel import col

from app import canary, wiring
from app.pools import Pools
from app.queue import QUEUE, Listener, connect
from app.store import schema
from app.store.engine import make_engine
from app.store.tables import Due, Notice, Pulse
from tests.house import Target, TestHouse, build_house, write_policies
from tests.processes.children import wait
from tests.recorded import keeping
from tests.recorded.living import POLICIES
from tests.servers import NoServer, ValkeyServer, start_valkey
from tests.serving import Port
from tests.slackdriver import Slack

if TYPE_CHECKING:
    from tests.clock import MovedClock


@dataclass(slots=True)
class Taken:
    """A house that took over what was recorded, with its pools, its listener and its timetable running."""

    at: TestHouse
    redis: Redis
    scheduled: set[str]
    unsent: set[int]
    heard: list[str]
    sweep: Callable[[], object]

    def until(self, look: Callable[[], object], what: str) -> None:
        """Time passes, and the clock sweeps, until it is so."""

        def passing() -> object:
            self.at.clock.advance(milliseconds=200)
            self.sweep()
            return look()

        wait(passing, 30, what)

    def of(self, name: str, policy: str) -> dict[str, Any]:
        """Somebody's newest request for that."""
        email = f"{name}@example.com"
        mine = [each for each in self.at.requests() if each["policy"] == policy]
        return next(each for each in reversed(mine) if each["requester"]["email"] == email)


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    try:
        server = start_valkey()
    except NoServer as missing:
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture
def database(tmp_path: Path) -> str:
    file = tmp_path / "breakglass.db"
    keeping.restore_database(file)
    engine = make_engine(f"sqlite:///{file}")
    schema.migrate(engine)
    engine.dispose()
    return f"sqlite:///{file}"


@pytest.fixture
def stopped(
    database: str,
    valkey: ValkeyServer,
    target: Target,
    slack_workspace: Slack,
    house_ports: tuple[Port, Port],
    tmp_path: Path,
) -> Iterator[TestHouse]:
    """The house of this version over what was recorded; nothing works yet."""
    clock = cast("MovedClock", slack_workspace.sandbox.clock)
    clock.at = keeping.recorded_at()
    keeping.restore_slack(slack_workspace)
    target.server.run("GRANT incident_writer TO ada", "GRANT incident_reader TO grace", user="bot")
    house = build_house(
        database=database,
        target=target,
        slack=slack_workspace,
        policies=write_policies(tmp_path / "policies", POLICIES),
        state=tmp_path / "state",
        clock=clock,
        redis=valkey.url,
    )
    house_ports[1].behind = house.web.app
    slack_workspace.sandbox.bot_url = f"{house_ports[1].url}/slack/events"
    yield house
    house.house.close()


@pytest.fixture
def taken(stopped: TestHouse, valkey: ValkeyServer) -> Iterator[Taken]:
    """The same with everything at work."""
    unsent = {notice.id for notice in stopped.rows(Notice, col(Notice.sent_at).is_(None))}
    house, heard = stopped.house, list[str]()
    with connect(valkey.url, patience=2) as redis:
        scheduled = set(keeping.restore_queue(redis))
        pools = wiring.make_pools(house)
        listener = Listener(valkey.url, lambda lanes: _hear(heard, pools, lanes))
        house.steps.rings = lambda lanes, _later: pools.wake(lanes, mine=True)
        timetable = wiring.make_timetable(house, pools, lambda _lanes: None)
        listening = threading.Thread(target=listener.run, daemon=True)
        pools.start()
        listening.start()
        yield Taken(stopped, redis, scheduled, unsent, heard, timetable.sweep)
        listener.stop()
        pools.stop()
        listening.join(10)


def _hear(heard: list[str], pools: Pools, lanes: Any) -> None:
    heard.extend(lanes)
    pools.wake(lanes)


def test_what_was_recorded_is_everything_that_can_be_open(stopped: TestHouse) -> None:
    states = {request["state"] for request in stopped.requests()}
    assert {"deciding", "pending", "granting", "active", "revoking"} <= states
    assert {"refused", "denied", "cancelled", "timed_out", "revoked", "failed"} <= states
    assert {due.kind for due in stopped.rows(Due)} >= {"decide", "give", "revoke", "ask", "ending", "canary"}
    assert stopped.rows(Notice, col(Notice.sent_at).is_(None))
    assert stopped.ledger_is_clean()


def test_every_name_of_before_is_still_known(stopped: TestHouse) -> None:
    """Of work that is owed, and of buttons that still stand in Slack."""
    assert {due.kind for due in stopped.rows(Due)} <= stopped.pools_work.keys()
    places = {
        "ada": stopped.person("ada").dm(),
        "grace": stopped.slack.channel("C0APPROVALS").messages(),
        "eve": stopped.slack.channel("C0SECURITY").messages(),
    }
    pressed = set[str]()
    for name, messages in places.items():
        buttons = {button.action_id: message for message in messages for button in message.buttons()}
        for action, message in buttons.items():
            stopped.person(name).presses(message, action)
        person = stopped.person(name)
        said = [message.text for message in (*person.whispers(), *person.dm())]
        assert not any("of another version" in text for text in said)
        pressed |= buttons.keys()
    assert {f"breakglass_{each}" for each in ("approve", "deny", "end", "extend", "revoke")} <= pressed


def test_old_rings_are_heard_and_old_work_is_done(taken: Taken) -> None:
    assert taken.scheduled
    taken.until(lambda: not taken.redis.llen(f"rq:queue:{QUEUE}"), "every ring in the queue to be heard")
    taken.until(lambda: not taken.redis.zcard(f"rq:scheduled:{QUEUE}"), "what was scheduled to ring")
    assert {"desk", "judge", "take:orders-db", "give:orders-db", canary.BELL_LANE} <= set(taken.heard)
    taken.until(lambda: taken.of("grace", "reading")["state"] == "revoked", "what was being taken to be gone")
    taken.until(lambda: taken.of("heidi", "reading")["state"] == "active", "what was planned to be given")
    taken.until(lambda: taken.of("ada", "reading")["state"] == "active", "what was asked to be decided")
    taken.until(lambda: taken.at.rows(Pulse, col(Pulse.name) == canary.PULSE), "the canary to come home")
    assert taken.at.target.members("incident_reader") == {"heidi", "ada"}
    assert taken.at.ledger_is_clean()


def test_an_old_button_still_approves(taken: Taken) -> None:
    pending = taken.of("alan", "orders-db")
    assert pending["state"] == "pending"
    cards = taken.at.slack.channel("C0APPROVALS").messages()
    (card,) = (card for card in cards if any(button.value == pending["id"] for button in card.buttons()))
    taken.at.person("grace").presses(card, "breakglass_approve")
    taken.until(lambda: taken.at.request(pending["id"])["state"] == "active", "what was approved to be given")
    assert taken.at.target.can_write("alan")
    taken.until(lambda: not card.again().buttons(), "the old card to lose its buttons")


def test_live_access_of_before_ends_on_time(taken: Taken) -> None:
    live = taken.of("ada", "orders-db")
    (grant,) = live["grants"]
    assert grant["state"] == "active"
    assert taken.at.target.can_write("ada")
    house = taken.at.house
    taken.until(lambda: taken.of("grace", "reading")["state"] == "revoked", "the rest to be done")
    assert taken.at.target.can_write("ada")
    taken.at.clock.at += timedelta(hours=4)
    taken.until(lambda: taken.at.request(live["id"])["state"] == "revoked", "the end")
    assert not taken.at.target.can_write("ada")
    assert house.clock.now() > keeping.recorded_at() + timedelta(hours=4)
    assert taken.at.ledger_is_clean()


def test_every_message_that_was_owed_goes_out(taken: Taken) -> None:
    def waiting() -> list[Notice]:
        owed = (col(Notice.sent_at).is_(None), col(Notice.id).in_(taken.unsent))
        return taken.at.rows(Notice, *owed)

    assert waiting()
    taken.until(lambda: not waiting(), "every message to be sent")
    given_up = taken.at.rows(Notice, col(Notice.last_error).is_not(None), col(Notice.id).in_(taken.unsent))
    assert not given_up
    heidis = taken.of("heidi", "reading")["id"]
    taken.until(lambda: taken.at.request(heidis)["state"] == "active", "what was planned to be given")
    taken.until(lambda: any("Heidi" in card.text for card in _cards(taken)), "the card of it")


def _cards(taken: Taken) -> list[Any]:
    return taken.at.slack.channel("C0SECURITY").cards()
