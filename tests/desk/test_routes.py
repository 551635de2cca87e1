"""The alert arrives: where no channel would hear of a grant, somebody has to agree to it first."""

from collections.abc import Callable

import pytest

from app import routes, wiring
from app.routes import LOOK_EVERY
from app.sandbox.cast import BOT_USER
from app.store.tables import Notice, Pulse
from tests.house import ORDERS_DB, TestHouse

Build = Callable[..., TestHouse]
SECURITY = "C0SECURITY"
LINE = "orders-db 30m INC-1 replica lag"


def looks(house: TestHouse) -> None:
    """The clock's look at the channels, half a minute later."""
    house.clock.advance(seconds=LOOK_EVERY.total_seconds())
    house.house.routes.look()
    house.work()


def mends(house: TestHouse) -> None:
    channel = house.slack.workspace.channels[SECURITY]
    channel.archived = channel.shared = channel.pending_shared = False
    channel.members.add(BOT_USER)


def said(house: TestHouse, name: str, words: str) -> int:
    return sum(words in message.text for message in house.person(name).dm())


@pytest.mark.parametrize("fault", ["archive", "remove_bot", "share"])
def test_while_the_security_channel_is_unfit_a_grant_needs_a_yes(house: TestHouse, fault: str) -> None:
    getattr(house.slack.faults, fault)(SECURITY)
    looks(house)
    for name in ("eve", "frank"):
        assert said(house, name, "Channel C0SECURITY cannot be used") == 1
    assert any("no alerts arrive there (C0SECURITY: " in why for why in wiring.readiness(house.house)[1])
    request = house.asks("ada", LINE)
    assert request["state"] == "pending"
    assert (
        "no channel that would hear of it can be reached (C0SECURITY: " in request["decision"]["because"][-1]
    )
    assert not house.target.can_write("ada")
    house.presses("grace", "approve")
    assert house.latest()["state"] == "active"
    assert any(
        "Ada Lovelace" in m.text and "could not be reached" in m.text for m in house.person("eve").dm()
    )
    mends(house)
    looks(house)
    assert "Channel C0SECURITY takes alerts again." in house.slack.channel(SECURITY).last().text
    house.presses("ada", "end")
    assert house.asks("ada", LINE)["state"] == "active"
    assert said(house, "eve", "cannot be used") == 1
    assert house.ledger_is_clean()


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        (None, "channel_not_found"),
        ({"is_archived": True, "is_member": True}, "is_archived"),
        ({"is_archived": False, "is_member": False}, "not_in_channel"),
        ({"is_member": True, "is_ext_shared": True}, routes.SHARED),
        ({"is_member": True, "is_pending_ext_shared": True}, routes.SHARED),
        ({"is_archived": False, "is_member": True}, None),
    ],
)
def test_each_reason_why_a_channel_takes_no_alerts_has_its_name(
    channel: dict[str, bool] | None, why: str | None
) -> None:
    """The security channel of the sandbox is private: whoever is put out of a public one still sees it."""
    assert routes.fault_of(channel) == why


def test_where_another_channel_hears_of_it_it_is_given_at_once(build: Build) -> None:
    house = build(orders_db=ORDERS_DB + "alert: {also: [C0INCIDENTS]}\n")
    house.slack.faults.archive(SECURITY)
    looks(house)
    assert house.asks("ada", LINE)["state"] == "active"
    house.slack.faults.archive("C0INCIDENTS")
    looks(house)
    house.presses("ada", "end")
    assert house.asks("ada", LINE)["state"] == "pending"
    assert len(house.house.routes.unfit()) == 2


def test_a_policy_without_approval_goes_to_the_security_team(build: Build) -> None:
    alone = ORDERS_DB[: ORDERS_DB.index("  - {name: engineering")]
    house = build(orders_db=alone + "unknown: refuse\n")
    house.slack.faults.archive(SECURITY)
    looks(house)
    house.asks("ada", LINE)
    house.presses("eve", "approve")
    assert house.latest()["state"] == "active"


def test_an_extension_needs_a_yes_as_well(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.slack.faults.archive(SECURITY)
    looks(house)
    assert "Asked for 30m more." in house.presses("ada", "extend")
    assert house.latest()["state"] == "active"


def test_what_nobody_could_look_at_is_not_known_to_be_unfit(house: TestHouse) -> None:
    house.slack.faults.rate_limit("conversations.info", retry_after=1, count=1)
    looks(house)
    assert not house.rows(Pulse, Pulse.name == f"channel:{SECURITY}")
    assert house.asks("ada", LINE)["state"] == "active"


def test_what_is_known_to_be_unfit_stays_so_until_somebody_sees_that_it_is_not(house: TestHouse) -> None:
    house.slack.faults.archive(SECURITY)
    looks(house)
    house.slack.faults.rate_limit("conversations.info", retry_after=1)
    house.clock.advance(hours=5)
    looks(house)
    assert house.asks("ada", LINE)["state"] == "pending"


def test_what_a_look_does_not_show_is_over_when_an_alert_gets_through(house: TestHouse) -> None:
    with house.house.steps.step() as step:  # as the delivery does that was refused
        routes.judge(step, house.house.shelf.current().settings, SECURITY, "restricted_action")
    house.clock.advance(seconds=LOOK_EVERY.total_seconds())
    house.house.routes.look()
    assert house.house.routes.unfit() == [f"{SECURITY}: restricted_action"]
    house.work()  # the alert that says so gets through
    house.work()
    assert house.house.routes.unfit() == []


def test_a_message_that_slack_takes_from_nobody_says_nothing_of_the_channel(house: TestHouse) -> None:
    house.slack.faults.refuse("chat.postMessage", "msg_too_long")
    house.asks("ada", LINE)
    house.slack.faults.clear()
    assert house.rows(Notice, Notice.last_error == "msg_too_long")
    assert not house.rows(Pulse, Pulse.name == f"channel:{SECURITY}")
    assert house.house.routes.unfit() == []


def test_several_clocks_ask_slack_once(house: TestHouse) -> None:
    looks(house)
    before = len(house.slack.requests("conversations.info"))
    house.house.routes.look()
    house.house.routes.look()
    assert len(house.slack.requests("conversations.info")) == before
