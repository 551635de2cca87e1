"""What live access ends with besides its time: its incident is resolved, its holder's shift is over."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from app.errors import ConnectorError
from app.facts import Gatherer
from app.lifecycle import causes, incidents
from app.model import Email
from app.sources import SourceRack
from app.store.tables import Due, LedgerEntry
from connectors.interface import Incident, OnCall
from tests import siren
from tests.house import ORDERS_DB, SETTINGS, TestHouse
from tests.pretended import ASKED, BOARD, KINDS
from tests.slackdriver import Form

Build = Callable[..., TestHouse]

LINE = "orders-db 1h INC-1234 replica lag"
OPEN = "- {id: INC-1234, title: Orders are stuck, severity: sev1, status: open}\n"
OVER = OPEN.replace("status: open", "status: resolved")
WITH_INCIDENTS = SETTINGS + "severities: [sev1, sev2]\nincidents: {source: file, file: incidents.yaml}\n"
ENDS_WITH_IT = ORDERS_DB + "end: {with_incident: true, on_shift_end: offer}\n"
ONLY_DURING_IT = ENDS_WITH_IT.replace(
    "{on_call: {schedule: sre-primary}}", "{all: [{on_call: {schedule: sre-primary}}, {incident: {}}]}"
)


def at_home(build: Build, policy: str = ENDS_WITH_IT, incidents: str = OPEN) -> TestHouse:
    return build(settings=WITH_INCIDENTS, orders_db=policy, incidents=incidents)


def write(house: TestHouse, name: str, text: str) -> None:
    """Somebody changes a file of the folder, and the clock looks."""
    (house.policies / f"{name}.yaml").write_text(text)
    house.house.shelf.reload()
    look(house)


def look(house: TestHouse) -> None:
    causes.look(house.house.desk)
    house.work()


def minutes_left(house: TestHouse) -> float:
    return (datetime.fromisoformat(house.latest()["ends_at"]) - house.clock.now()).total_seconds() / 60


def entries(house: TestHouse, action: str) -> list[dict[str, Any]]:
    return [json.loads(row.data) for row in house.rows(LedgerEntry, LedgerEntry.action == action)]


def buttons(house: TestHouse, name: str) -> list[str]:
    return [button.label for button in house.person(name).dm()[-1].buttons()]


def test_five_minutes_after_its_incident_is_over_the_access_ends(build: Build) -> None:
    house = at_home(build)
    assert house.asks("ada", LINE)["state"] == "active"
    house.later(minutes=10)
    write(house, "incidents", OVER)
    assert minutes_left(house) == 5
    assert (
        "INC-1234 is not open any more: this ends at 02:25 UTC, or at 03:10 UTC if you go on before."
        in house.told("ada")
    )
    assert [label.partition(" ")[0] for label in buttons(house, "ada")] == ["Go", "Give", "Not"]
    card = next(each for each in house.slack.channel("C0SECURITY").cards() if each.thread())
    assert "is not open any more" in card.thread()[-1].text
    house = at_home(build, incidents=OVER)  # every process died after the notice; these are others
    house.later(minutes=4, seconds=59)
    assert house.target.can_write("ada")
    house.later(seconds=1)
    assert not house.target.can_write("ada")
    request = house.latest()
    assert (request["state"], request["ended"]["because"]) == ("revoked", "incident_resolved")
    assert request["grants"][0]["revoke_verified_at"]
    assert "INC-1234 is not open any more" in request["ended"]["reason"]
    assert not house.rows(Due, Due.kind == causes.KIND)
    assert house.ledger_is_clean()


def test_who_goes_on_keeps_the_time_that_was_given_and_every_extension(build: Build) -> None:
    house = at_home(build)
    house.asks("ada", LINE)
    house.later(minutes=10)
    write(house, "incidents", OVER)
    assert "You go on" in house.presses("ada", "extend")
    assert minutes_left(house) == 50
    look(house)
    house.later(minutes=20)
    assert house.target.can_write("ada")
    assert "Extended by 30m." in house.presses("ada", "extend")
    request = house.latest()
    assert (request["duration_seconds"], request["extended_seconds"]) == (3600, 1800)
    house.later(minutes=60)
    assert house.latest()["ended"]["because"] == "expired"
    assert house.ledger_is_clean()


def test_going_on_is_judged_by_what_the_policy_says_without_the_incident(build: Build) -> None:
    house = at_home(build, ONLY_DURING_IT)
    house.asks("ada", LINE)
    house.later(minutes=10)
    write(house, "incidents", OVER)
    assert "Asked whether you may go on" in house.presses("ada", "extend")
    assert minutes_left(house) == 5
    assert "50 min more" not in house.told("ada")
    house.presses("grace", "approve")
    assert minutes_left(house) == 50
    look(house)
    assert minutes_left(house) == 50
    assert house.ledger_is_clean()


def test_nobody_who_agrees_in_time_leaves_the_end_where_it_is(build: Build) -> None:
    house = at_home(build, ONLY_DURING_IT)
    house.asks("ada", LINE)
    write(house, "incidents", OVER)
    house.presses("ada", "extend")
    house.later(minutes=5)
    assert house.latest()["ended"]["because"] == "incident_resolved"
    assert not house.target.can_write("ada")
    assert house.ledger_is_clean()


def test_an_incident_that_is_open_again_puts_the_end_back(build: Build) -> None:
    house = at_home(build)
    house.asks("ada", LINE)
    write(house, "incidents", OVER)
    house.clock.advance(minutes=4)
    write(house, "incidents", OPEN)
    assert minutes_left(house) == 56
    assert "INC-1234 is open again" in house.told("ada")
    house.later(minutes=2)
    assert house.target.can_write("ada")
    write(house, "incidents", OVER)
    house.later(minutes=5)
    assert house.latest()["ended"]["because"] == "incident_resolved"
    assert house.ledger_is_clean()


def test_an_extension_that_is_being_asked_for_stays_one_of_the_end_that_was_given(build: Build) -> None:
    house = at_home(build)
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    house.presses("alan", "extend")
    write(house, "incidents", OVER)
    house.presses("heidi", "approve")
    assert minutes_left(house) == 90
    assert house.latest()["extended_seconds"] == 1800
    assert house.ledger_is_clean()


def test_nobody_is_asked_any_more_whether_to_go_on_with_what_is_open_again(build: Build) -> None:
    house = at_home(build, ONLY_DURING_IT)
    house.asks("ada", LINE)
    write(house, "incidents", OVER)
    house.presses("ada", "extend")
    assert "no longer asked" not in house.slack.channel("C0APPROVALS").last().plain()
    write(house, "incidents", OPEN)
    assert minutes_left(house) == 60
    assert "no longer asked" in house.slack.channel("C0APPROVALS").last().plain()
    assert not house.rows(Due, Due.kind == "ask")
    assert house.ledger_is_clean()


def test_who_was_woken_to_let_somebody_go_on_is_let_go_of_when_it_is_open_again(build: Build) -> None:
    asks = ONLY_DURING_IT.replace("[group:leads], count: 1", "[group:leads], page: cto-pager, count: 1")
    with siren.quiet():
        how = {"pagers": siren.KINDS, "env": siren.ENV, "incidents": OPEN}
        house = build(settings=WITH_INCIDENTS + siren.SETTINGS, orders_db=asks, **how)
        house.asks("ada", LINE)
        write(house, "incidents", OVER)
        house.presses("ada", "extend")
        house.later(seconds=1)
        write(house, "incidents", OPEN)
        assert [each.did for each in siren.HEARD] == ["page", "resolve"]
        assert house.ledger_is_clean()


def test_an_end_that_came_is_not_put_back_by_an_incident_that_opens_after_it(build: Build) -> None:
    house = at_home(build)
    house.asks("ada", LINE)
    write(house, "incidents", OVER)
    house.clock.advance(minutes=5)  # and no worker has come to it yet
    (house.policies / "incidents.yaml").write_text(OPEN)
    house.house.shelf.reload()
    look(house)
    assert house.latest()["ended"]["because"] == "incident_resolved"
    assert not house.target.can_write("ada")
    assert house.ledger_is_clean()


def test_one_that_cannot_be_looked_at_keeps_nobody_elses_end_where_it_is(build: Build) -> None:
    house = at_home(build)
    first, second = (house.asks("ada", LINE)["id"] for _ in range(2))
    with house.house.engine.begin() as connection:
        spoil = text("UPDATE request SET plan = '{}', extension_seconds = 'many' WHERE id = :id")
        connection.execute(spoil, {"id": min(first, second)})
    (house.policies / "incidents.yaml").write_text(OVER)
    house.house.shelf.reload()
    with pytest.raises(TypeError):
        causes.look(house.house.desk)
    assert [json.loads(row.data)["incident"] for row in brought_forward(house, max(first, second))] == [
        "INC-1234"
    ]
    assert not brought_forward(house, min(first, second))


def brought_forward(house: TestHouse, request: str) -> list[Any]:
    return house.rows(
        LedgerEntry, LedgerEntry.action == "EndBroughtForward", LedgerEntry.request_id == request
    )


def test_what_was_never_open_is_never_over(build: Build) -> None:
    house = at_home(build, incidents=OVER)
    house.asks("ada", LINE)
    look(house)
    assert minutes_left(house) == 60
    assert not entries(house, "EndBroughtForward")


def test_what_turns_out_to_be_open_while_it_is_held_can_be_over(build: Build) -> None:
    house = at_home(build, incidents=OVER)
    house.asks("ada", LINE)
    write(house, "incidents", OPEN)
    write(house, "incidents", OVER)
    assert minutes_left(house) == 5


def test_what_ends_within_five_minutes_anyway_is_left_alone(build: Build) -> None:
    house = at_home(build)
    house.asks("ada", LINE)
    house.later(minutes=56)
    write(house, "incidents", OVER)
    assert minutes_left(house) == 4
    house.later(minutes=4)
    assert house.latest()["ended"]["because"] == "expired"


def test_who_is_on_call_no_more_is_asked_once_and_loses_nothing(build: Build) -> None:
    house = at_home(build)
    house.asks("ada", LINE)
    write(house, "settings", WITH_INCIDENTS.replace("[ada@example.com]}", "[alan@example.com]}"))
    assert "You are not on call in sre-primary any more" in house.told("ada")
    assert "Give back orders-db" in buttons(house, "ada")
    look(house)
    assert len(entries(house, "HandBackOffered")) == 1
    assert minutes_left(house) == 60
    assert house.target.can_write("ada")
    house.presses("ada", "end")
    assert house.latest()["ended"]["because"] == "given_back"
    assert house.ledger_is_clean()


def test_who_was_not_on_call_is_not_asked(build: Build) -> None:
    house = at_home(build)
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    look(house)
    assert not entries(house, "HandBackOffered")


def test_a_policy_that_says_nothing_of_it_is_not_looked_at(build: Build) -> None:
    house = at_home(build, ORDERS_DB)
    house.asks("ada", LINE)
    write(house, "incidents", OVER)
    assert not house.rows(Due, Due.kind == causes.KIND)
    assert minutes_left(house) == 60


# --- outside systems -----------------------------------------------------------------------------------------


@pytest.fixture
def board() -> Iterator[dict[str, Any]]:
    BOARD.clear()
    ASKED.clear()
    BOARD["desk"] = lambda which, _at: [OnCall(ADA)] if which else [ORDERS]
    yield BOARD
    BOARD.clear()


OUTSIDE = (
    SETTINGS.replace("sre-primary: {members: [ada@example.com]}", "sre-primary: {source: desk, schedule: P1}")
    + "sources: {desk: {kind: pretended, token: x}}\nincidents: {source: desk}\n"
)
ORDERS = Incident("INC-1234", "Orders are <!here> stuck", "sev1", channel="C0ORDERS")
ADA = Email("ada@example.com")


def silent(*_asked: Any) -> Any:
    message = "desk did not answer"
    raise ConnectorError(message)


def outside(build: Build) -> TestHouse:
    return build(settings=OUTSIDE, sources=KINDS, orders_db=ENDS_WITH_IT)


def later(house: TestHouse, **by: float) -> None:
    house.clock.advance(**by)
    look(house)


def test_a_source_that_does_not_answer_ends_nothing_and_offers_nothing(build: Build, board: Any) -> None:
    house = outside(build)
    house.asks("ada", LINE)
    board["desk"] = silent
    later(house, minutes=1)
    assert minutes_left(house) == 59
    board["desk"] = lambda which, _at: [OnCall(Email("alan@example.com"))] if which else []
    later(house, minutes=1)
    assert minutes_left(house) == 5
    assert len(entries(house, "HandBackOffered")) == 1
    board["desk"] = silent
    later(house, minutes=1)
    assert minutes_left(house) == 4
    assert len(entries(house, "EndBroughtForward")) == 1


def test_only_who_said_that_it_is_open_can_say_that_it_is_over(build: Build, board: Any) -> None:
    house = outside(build)
    house.asks("ada", LINE)
    board["desk"] = board["new"] = lambda which, _at: [OnCall(ADA)] if which else []
    new = OUTSIDE.replace("token: x}", "token: x}, new: {kind: pretended, token: y}")
    write(house, "settings", new.replace("incidents: {source: desk}", "incidents: {source: new}"))
    assert "whether Incident INC-1234 is over is not known any more" in house.told("ada")
    board["new"] = lambda *_asked: [ORDERS]  # the same id, of something else
    later(house, minutes=1)
    write(house, "settings", OUTSIDE.replace("incidents: {source: desk}", ""))
    board["new"] = lambda *_asked: []
    write(house, "settings", new.replace("incidents: {source: desk}", "incidents: {source: new}"))
    assert (minutes_left(house), len(entries(house, "IncidentOutOfSight"))) == (59, 1)
    write(house, "settings", new)
    assert minutes_left(house) == 5
    assert house.ledger_is_clean()


def test_a_source_that_takes_its_time_makes_no_end_later(build: Build, board: Any) -> None:
    house = outside(build)
    house.asks("ada", LINE)
    agreed = house.latest()["ends_at"]

    def takes_its_time(*_asked: Any) -> Any:
        house.clock.advance(seconds=2)
        return []

    board["desk"] = takes_its_time
    later(house, minutes=54, seconds=59)
    assert house.latest()["ends_at"] == agreed
    assert not entries(house, "EndBroughtForward")


def test_an_empty_rota_does_not_say_that_a_shift_is_over(build: Build, board: Any) -> None:
    house = outside(build)
    house.asks("ada", LINE)
    board["desk"] = lambda which, _at: [] if which else [ORDERS]
    later(house, minutes=1)
    assert not entries(house, "HandBackOffered")


def test_what_was_said_before_it_was_given_says_nothing_of_it(build: Build, board: Any) -> None:
    house = outside(build)
    of_the_clock = Gatherer(house.house.steps, SourceRack({}, registry=KINDS), lambda *_asked: None)
    clock = replace(house.house.desk, facts=of_the_clock)
    board["desk"] = lambda which, _at: [OnCall(ADA)] if which else []
    house.asks("ada", LINE)
    causes.look(clock)
    board["desk"] = lambda which, _at: [OnCall(ADA)] if which else [ORDERS]
    house.clock.advance(seconds=6)
    house.asks(
        "ada", LINE
    )  # the worker is told now that it is open; the clock was told before that it is not
    causes.look(clock)
    assert minutes_left(house) == 60
    house.clock.advance(seconds=20)
    causes.look(clock)
    assert minutes_left(house) > 59
    of_the_clock.close()


def test_all_that_is_live_is_one_question_a_source(build: Build, board: Any) -> None:
    house = outside(build)
    for _ in range(3):
        house.asks("ada", LINE)
    ASKED.clear()
    later(house, minutes=1)
    assert sorted(ASKED, key=str) == [("desk", {"schedule": "P1"}), ("desk", {})]
    house.presses("ada", "end")
    assert board


def test_who_has_nothing_live_is_no_reason_to_ask(build: Build, board: Any) -> None:
    house = outside(build)
    look(house)
    assert (ASKED, len(board)) == ([], 1)


def menu(house: TestHouse, channel: str = "C0GENERAL") -> tuple[Form, dict[str, Any]]:
    house.person("ada").commands("/breakglass orders-db", channel)
    house.work()
    form = house.person("ada").form()
    block = next(block for block in form.blocks if block.get("block_id") == "incident")
    return form, block["element"]


def test_what_an_outside_system_lists_as_open_is_offered_and_its_channels_own_is_chosen(
    build: Build, board: Any
) -> None:
    house = outside(build)
    incidents.keep(house.house.desk)
    board["desk"] = silent
    form, element = menu(house)
    assert element["type"] == "external_select"
    assert "initial_option" not in element
    assert form.options("incident") == ["INC-1234"]
    assert form.options("incident", "OPS 7") == ["OPS 7"]
    house.slack.workspace.channels["C0ORDERS"] = replace(
        house.slack.workspace.channels["C0GENERAL"], id="C0ORDERS"
    )
    form, element = menu(house, "C0ORDERS")
    assert element["initial_option"]["text"]["text"] == "INC-1234 · sev1 · Orders are <!here> stuck"
    assert form.fields["incident"] == "INC-1234"
    house.clock.advance(minutes=9)
    incidents.keep(house.house.desk)
    assert form.options("incident") == ["INC-1234"]
    house.clock.advance(minutes=2)
    assert form.options("incident") == []
