"""Noise stops nobody: floods of asks and of messages, and a Slack that limits whatever the bot does."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app import notices
from app.errors import Refused, Unavailable
from app.lifecycle.opening import FEW_AN_HOUR, MOST_AN_HOUR, MOST_OPEN, Wish, open_request
from app.model import SlackUser, new_id
from app.notices import Priority
from app.slack.client import OwnIdentity
from app.store import due as timetable
from app.store import engine as databases
from app.store.tables import Due, Notice, Request, Roster
from tests.house import EACH, SETTINGS, TestHouse

Build = Callable[..., TestHouse]
SECURITY = "C0SECURITY"
LINE = "orders-db 30m INC-1 replica lag"
WITH_SLACK = SETTINGS.replace(
    "leads: {members: [grace@example.com, heidi@example.com]}", "leads: {slack: S0LEADS}"
)


def asks(house: TestHouse, name: str, times: int) -> Counter[str]:
    """The same person asks again and again, as ``web`` stores it; how often it was stored, and refused at the door."""
    came = Counter[str]()
    for _ in range(times):
        wish = Wish(SlackUser("T0ACME", name), "orders-db", timedelta(minutes=30), "let me in", None)
        try:
            open_request(house.house.steps, wish, new_id())
        except Refused:
            came["refused at the door"] += 1
        else:
            came["stored"] += 1
    return came


def claims(house: TestHouse, lane: str, most: int) -> list[Due]:
    """What a worker would take next in that lane, and works on."""
    now = house.clock.now()
    with databases.writing(house.house.engine) as session:
        rows = timetable.claim(session, lane, "test", now, now, most)
    for row in rows:
        house.work_on(row)
    return rows


def test_a_thousand_refused_asks_delay_nobodys_grant(house: TestHouse) -> None:
    people = [f"U0NOISE{number}" for number in range(5)]
    before = len(house.slack.requests())
    came = sum((asks(house, name, 200) for name in people), Counter[str]())
    assert came == {"stored": 5 * MOST_OPEN, "refused at the door": 1_000 - 5 * MOST_OPEN}
    assert len(house.slack.requests()) == before, "nobody outside was asked"
    house.clock.advance(milliseconds=1)
    house.person("ada").commands(f"/breakglass {LINE}")
    (hers,) = house.rows(Request, Request.slack_user == "U0ADA")
    before_hers = claims(house, "desk", 5 * FEW_AN_HOUR)
    assert hers.id not in {row.ref for row in before_hers}, "the first few asks of each come in their turn"
    assert [row.ref for row in claims(house, "desk", 8)] == [hers.id]
    assert [row.kind for row in claims(house, "give:orders-db", 8)] == ["give"]
    assert house.target.can_write("ada")
    assert len(house.rows(Request, Request.state == "deciding")) == 5 * (MOST_OPEN - FEW_AN_HOUR)
    house.deliver()
    first, *others = house.slack.channel(SECURITY).cards()
    assert "Ada Lovelace" in first.text
    assert [card.text.partition(" requests were")[0] for card in others] == ["15"], "in one line"
    assert house.ledger_is_clean()


def test_who_is_refused_all_the_time_is_refused_for_the_hour(house: TestHouse) -> None:
    for _ in range(MOST_AN_HOUR // MOST_OPEN):
        assert asks(house, "U0NOISE", MOST_OPEN)["stored"] == MOST_OPEN
        house.work(notices=False)
    assert asks(house, "U0NOISE", 5) == {"refused at the door": 5}
    house.clock.advance(hours=1, seconds=1)
    assert asks(house, "U0NOISE", 1) == {"stored": 1}


def test_in_a_flooded_channel_a_grant_overtakes_all_but_revocations(house: TestHouse) -> None:
    house.asks("grace", LINE)
    with house.house.steps.step() as step:
        for number in range(200):
            priority = (Priority.ANSWER, Priority.CHANGE)[number % 2]
            notices.post(
                step, SECURITY, "alert", priority, alert=True, event="terminal", by="x", words=f"{number}"
            )
        notices.post(
            step, SECURITY, "alert", Priority.TAKING, alert=True, event="terminal", by="x", words="taken"
        )
        step.record("Flooded", "test")
    house.person("ada").commands(f"/breakglass {LINE}")
    house.work(notices=False)
    before = len(house.slack.channel(SECURITY).cards())
    house.slack.faults.rate_limit("chat.postMessage", retry_after=1, count=1)
    house.deliver()
    house.clock.advance(seconds=5)
    house.deliver()
    told = [card.text for card in house.slack.channel(SECURITY).cards()][before:]
    assert "taken" in told[0]
    assert "Ada Lovelace" in told[1]
    assert len(told) > 100


@EACH
def test_what_floods_a_channel_does_not_flood_people(house: TestHouse) -> None:
    house.slack.faults.rate_limit("chat.postMessage", retry_after=600, count=1)
    with house.house.steps.step() as step:
        notices.post(
            step, SECURITY, "alert", Priority.TAKING, alert=True, event="terminal", by="x", words="first"
        )
        for number in range(50):
            words: dict[str, Any] = {"by": "x", "words": f"{number}"}
            notices.post(step, SECURITY, "alert", Priority.CHANGE, alert=True, event="terminal", **words)
        step.record("Flooded", "test")
    house.deliver()
    house.asks("ada", LINE)
    house.later(seconds=61)
    house.later(seconds=1)
    texts = [message.text for message in house.person("eve").dm()]
    assert len(texts) == 2
    assert all("could not be reached" in text for text in texts)
    assert any("Ada Lovelace" in text for text in texts)


# --- Slack's limits, method by method ------------------------------------------------------------------------

METHODS = (
    "chat.postMessage",
    "chat.update",
    "chat.postEphemeral",
    "conversations.open",
    "conversations.info",
    "users.info",
    "users.lookupByEmail",
    "usergroups.users.list",
    "views.open",
    "views.update",
)


def passes(house: TestHouse, until: Callable[[], bool]) -> None:
    """Time, with everything that the clock does by itself."""
    for _ in range(12):
        house.clock.advance(seconds=1.5)
        house.house.rosters.refresh()
        house.house.routes.look()
        house.work()
        if until():
            return
    raise AssertionError("it did not come")


def asked(house: TestHouse) -> bool:
    """Those who may decide are known by now, and were asked."""
    known = any(roster.members for roster in house.rows(Roster))
    return known and bool(house.slack.channel("C0APPROVALS").cards())


def all_is_said(house: TestHouse) -> bool:
    return all(notice.sent_at for notice in house.rows(Notice))


@pytest.mark.parametrize("method", METHODS)
def test_slack_limits_one_method_and_everything_arrives_all_the_same(build: Build, method: str) -> None:
    house = build(WITH_SLACK)
    house.slack.faults.rate_limit(method, retry_after=2, count=2)
    for _ in range(3 if method.startswith("views.") else 0):
        house.person("alan").commands("/breakglass")
    house.person("alan").commands(f"/breakglass {LINE}")
    passes(house, lambda: asked(house))
    house.slack.faults.rate_limit(method, retry_after=2, count=2)
    card = house.slack.channel("C0APPROVALS").last()
    house.person("grace").presses(card, "breakglass_approve")
    passes(house, lambda: house.latest()["state"] == "active" and all_is_said(house))
    assert house.target.can_write("alan")
    assert "live" in house.slack.channel(SECURITY).cards()[0].text
    assert any("orders-db: yours now" in message.text for message in house.person("alan").dm())
    assert 429 in {call.status for call in house.slack.requests(method)}, "it was limited"
    assert house.ledger_is_clean()


@pytest.mark.parametrize("method", ["auth.test", "bots.info"])
def test_while_slack_does_not_say_who_we_are_nothing_is_taken_from_strangers(
    house: TestHouse, method: str
) -> None:
    house.slack.faults.rate_limit(method, retry_after=2, count=1)
    identity = OwnIdentity(house.house.client)
    with pytest.raises(Unavailable):
        identity.learn()
    assert identity.known() is None
    assert identity.learn().team == "T0ACME"
