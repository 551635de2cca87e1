"""Slack's user groups: read by the clock, at most a minute old when they count, unknown where they cannot be read."""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import col

from app import wiring
from app.lifecycle.remembering import LIVE
from app.store.tables import Due, Notice, Pulse, Roster
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse
from tests.serving import wait

Build = Callable[..., TestHouse]
LINE = "orders-db 30m INC-1 replica lag"
WITH_SLACK = SETTINGS.replace(
    "leads: {members: [grace@example.com, heidi@example.com]}", "leads: {slack: S0LEADS}"
)


def house_of(build: Build, settings: str = WITH_SLACK) -> TestHouse:
    house = build(settings=settings, orders_db=ORDERS_DB)
    house.house.rosters.refresh()
    return house


@EACH
def test_members_of_a_slack_group_approve(build: Build) -> None:
    house = house_of(build)
    house.asks("alan", LINE)
    assert "Approved." in house.presses("grace", "approve")
    assert house.latest()["approvals"][0]["as"] == "group:leads"


def test_what_is_older_than_a_minute_is_unknown_and_unknown_is_not_yes(build: Build) -> None:
    house = house_of(build)
    house.asks("alan", LINE)
    house.clock.advance(seconds=61)
    card = house.slack.channel("C0APPROVALS").last()
    house.person("grace").presses(card, "Approve")
    house.work()
    assert "not known just now" in house.told("grace")
    assert house.latest()["state"] == "pending"


@EACH
def test_a_group_that_was_emptied_has_nobody(build: Build) -> None:
    house = house_of(build)
    house.asks("alan", LINE)
    card = house.slack.channel("C0APPROVALS").last()
    house.slack.sandbox.faults.empty_group("S0LEADS")
    house.house.rosters.refresh()
    house.person("grace").presses(card, "Approve")
    house.work()
    assert "not among those who may decide" in house.told("grace")


def test_a_group_that_cannot_be_read_keeps_what_was_known_until_that_is_too_old(build: Build) -> None:
    house = house_of(build)
    house.slack.sandbox.faults.delete_group("S0LEADS")
    house.house.rosters.refresh()
    (roster,) = house.rows(Roster)
    assert roster.error
    house.asks("alan", LINE)
    assert "Approved." in house.presses("grace", "approve")


def test_whoever_joined_too_lately_counts_as_unknown(build: Build) -> None:
    settings = WITH_SLACK.replace("{slack: S0LEADS}", "{slack: S0LEADS, settle: 1h}")
    house = house_of(build, settings)
    house.clock.advance(seconds=30)
    house.slack.sandbox.faults.change_group("S0LEADS", ["grace", "heidi", "eve"])
    house.house.rosters.refresh()
    house.asks("alan", LINE)
    card = house.slack.channel("C0APPROVALS").last()
    house.person("frank").presses(card, "Approve")
    house.work()
    assert "not among" in house.told("frank")
    assert "Approved." in house.presses("grace", "approve")


def test_a_member_who_was_deactivated_is_no_longer_counted(build: Build) -> None:
    house = house_of(build)
    house.slack.sandbox.faults.deactivate("heidi")
    house.clock.advance(minutes=6)
    house.house.rosters.refresh()
    (roster,) = house.rows(Roster)
    assert set(roster.members) == {"grace@example.com"}


def test_a_group_of_more_than_a_thousand_is_unknown(build: Build) -> None:
    """Nobody is asked who each of them is."""
    house = house_of(build)
    group = house.slack.workspace.groups["S0LEADS"]
    group.members = [f"U0MANY{number}" for number in range(1_001)]
    before = len(house.slack.requests("users.info"))
    house.house.rosters.refresh()
    (roster,) = house.rows(Roster)
    assert (roster.members, roster.error) == (None, "It has more than 1000 members.")
    assert len(house.slack.requests("users.info")) == before


def test_the_clock_begins_by_itself_all_that_it_minds(build: Build) -> None:
    """Groups, channels, the canary, what is live, and whether everybody is well: nobody has to ask for it."""
    house = build(WITH_SLACK)
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    clock = wiring.make_timetable(house.house, wiring.make_pools(house.house), lambda _lanes: None)

    def minded() -> set[str]:
        house.clock.advance(seconds=20)
        clock.sweep()
        alerts = house.rows(Notice, col(Notice.kind) == "alert")
        found = {
            "groups": bool(house.rows(Roster)),
            "channels": bool(house.rows(Pulse, col(Pulse.name) == "channel:C0SECURITY")),
            "canary": bool(house.rows(Due, col(Due.id) == "canary:canary")),
            "what is live": house.house.state.has(LIVE),
            "who is well": any(alert.data.get("condition") == "worker" for alert in alerts),
        }
        return {name for name, is_so in found.items() if is_so}

    wait(lambda: len(minded()) == 5, 20, "all of it")
    assert timedelta() < wiring.GROUPS_EVERY <= timedelta(seconds=60)
    house.later(seconds=5)
    assert not house.rows(Due, col(Due.id) == "canary:canary"), "it came home"
    for _ in range(4):
        minded()
    wait(lambda: house.rows(Due, col(Due.id) == "canary:canary"), what="the canary of the next minute")


def test_a_group_of_which_slack_says_that_it_changed_is_read_at_once(build: Build) -> None:
    house = house_of(build)
    house.slack.sandbox.faults.change_group("S0LEADS", ["heidi"])
    house.slack.sends_event({"type": "subteam_members_changed", "subteam_id": "S0LEADS"})
    house.work()
    (roster,) = house.rows(Roster)
    assert set(roster.members) == {"heidi@example.com"}
