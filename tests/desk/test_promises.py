"""What a target itself says and does: one that does not know who gave, and one that ends access by itself."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import wiring
from app.errors import Underway
from app.lifecycle import causes
from app.store.tables import Due, Grant, LedgerEntry, Pulse
from tests import club
from tests.club import BEFORE, CALLS, INSIDE, fails
from tests.desk.test_drift import begin
from tests.desk.test_house import says
from tests.desk.test_overdue import alerts, until
from tests.house import ORDERS_DB, SETTINGS, TestHouse

Build = Callable[..., TestHouse]
DOOR = ORDERS_DB.replace(
    '  - {connector: orders-db, role: incident_writer, use: "psql orders"}',
    "  - {connector: door, room: cellar}",
)
LINE = "door 30m INC-1 replica lag"


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    yield
    club.forget()


@pytest.fixture
def at(build: Build) -> Callable[..., TestHouse]:
    def make(kind: str, **policies: str) -> TestHouse:
        settings = SETTINGS[: SETTINGS.index("connectors:")] + club.SETTINGS.replace("KIND", kind)
        return build(settings=settings, kinds=club.KINDS, **(policies or {"door": DOOR}))

    return make


def does_and_fails() -> None:
    """The call acts, and its answer is lost."""
    INSIDE["ada"] = None
    fails()()


def still_at_it() -> None:
    raise Underway("door is still at it", unclear=True)


def end_of(request: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(request["ends_at"])


# --- a list without givers -----------------------------------------------------------------------------------


def test_a_member_for_half_an_hour(at: Build) -> None:
    house = at("club")
    request = house.asks("ada", LINE)
    assert (request["state"], request["grants"][0]["already_had"]) == ("active", False)
    house.later(minutes=30)
    assert house.latest()["state"] == "revoked"
    assert (INSIDE, CALLS) == ({}, ["grant ada", "revoke ada", "sessions ada"])
    assert house.ledger_is_clean()


def test_whoever_was_on_the_list_before_is_neither_added_nor_struck_off(at: Build) -> None:
    house = at("club")
    INSIDE["ada"] = None
    request = house.asks("ada", LINE)
    assert (request["state"], request["grants"][0]["already_had"]) == ("active", True)
    house.later(minutes=30)
    (grant,) = house.latest()["grants"]
    assert (grant["state"], grant["left_because"], grant["sessions"]) == ("left", "standing", "none")
    assert (INSIDE, CALLS) == ({"ada": None}, [])


def test_of_two_grants_of_ours_the_last_strikes_off(at: Build) -> None:
    house = at("club")
    house.asks("ada", LINE)
    house.later(minutes=10)
    assert house.asks("ada", LINE)["grants"][0]["already_had"] is False
    house.later(minutes=20)
    assert "ada" in INSIDE
    house.later(minutes=10)
    assert INSIDE == {}


def test_what_an_end_that_does_not_get_through_leaves_there_is_ours_to_the_next_grant(at: Build) -> None:
    house = at("club")
    house.asks("ada", LINE)
    BEFORE["revoke"] = [fails("door takes nothing", permanent=True)] * 50
    house.later(minutes=30)
    assert house.latest()["state"] == "revoking"
    assert house.asks("ada", LINE)["grants"][0]["already_had"] is False
    BEFORE.clear()
    house.later(minutes=30)
    assert (house.latest()["state"], INSIDE) == ("revoked", {})


def test_what_a_late_call_put_there_is_ours_to_the_next_grant(at: Build) -> None:
    house = at("club")
    BEFORE["grant"] = [fails("door is odd", permanent=True)]
    assert house.asks("ada", LINE)["state"] == "failed"
    INSIDE["ada"] = None
    assert house.asks("ada", LINE)["grants"][0]["already_had"] is False
    house.later(minutes=30)
    assert (house.latest()["state"], INSIDE) == ("revoked", {})


def test_whom_somebody_else_adds_between_the_plan_and_the_call_stays_on_the_list(at: Build) -> None:
    house = at("club")
    BEFORE["read"] = [lambda: None, lambda: INSIDE.update(ada=None)]
    assert house.asks("ada", LINE)["grants"][0]["already_had"] is True
    house.later(minutes=30)
    assert house.latest()["grants"][0]["left_because"] == "standing"
    assert (INSIDE, CALLS) == ({"ada": None}, [])
    assert [row.action for row in house.rows(LedgerEntry) if row.action == "GrantFoundStanding"]
    assert house.ledger_is_clean()


def test_whom_somebody_else_adds_while_no_call_of_ours_got_through_stays_on_the_list(at: Build) -> None:
    house = at("club")
    BEFORE["read"] = [lambda: None, fails()]
    assert house.asks("ada", LINE)["state"] == "granting"
    INSIDE["ada"] = None
    house.later(seconds=2)
    assert house.latest()["grants"][0]["already_had"] is True
    house.later(minutes=30)
    assert (INSIDE, CALLS) == ({"ada": None}, [])


def test_who_was_struck_off_between_the_plan_and_the_call_is_not_added_for_good(at: Build) -> None:
    house = at("club")
    INSIDE["ada"] = None
    BEFORE["read"] = [lambda: None, INSIDE.clear]
    request = house.asks("ada", LINE)
    assert request["state"] == "failed"
    assert "ada had it at door before, and has not any more. Ask again." in house.told("ada")
    INSIDE["ada"] = None  # by whoever struck her off: what was never called is not looked for as ours
    assert house.asks("ada", LINE)["grants"][0]["already_had"] is True
    house.later(minutes=30)
    assert (INSIDE, CALLS) == ({"ada": None}, [])


def test_a_call_whose_answer_was_lost_is_ours_and_is_taken_back(at: Build) -> None:
    house = at("club")
    BEFORE["read"] = [lambda: None, lambda: None, fails()]
    house.asks("ada", LINE)
    house.later(seconds=2)
    assert house.latest()["state"] == "active"
    assert CALLS == ["grant ada"]
    (grant,) = house.rows(Grant)
    assert grant.receipt == {"call": 1}
    house.later(minutes=30)
    assert (house.latest()["state"], INSIDE) == ("revoked", {})


def test_a_call_that_said_nothing_is_repeated_for_its_receipt_though_the_access_is_there(at: Build) -> None:
    house = at("club")
    BEFORE["grant"] = [does_and_fails]
    house.asks("ada", LINE)
    house.later(seconds=2)
    (grant,) = house.rows(Grant)
    assert (grant.state, grant.already_had, grant.receipt) == ("active", False, {"call": 1})
    house.later(minutes=30)
    assert (house.latest()["state"], INSIDE) == ("revoked", {})


def test_a_call_that_is_never_answered_is_taken_back_though_the_access_is_there(at: Build) -> None:
    """By its name, which is still theirs after so short a time; half an hour later nobody knows."""
    house = at("club")
    BEFORE["grant"] = [does_and_fails] * 50
    house.asks("ada", LINE)
    for _ in range(4):
        house.later(minutes=2)
    assert (house.latest()["state"], INSIDE) == ("failed", {})
    assert house.ledger_is_clean()


def test_an_end_that_a_target_is_at_for_long_is_late_and_the_target_is_not_away(at: Build) -> None:
    house = at("club")
    house.asks("ada", LINE)
    BEFORE["revoke"] = [still_at_it] * 50
    house.clock.advance(minutes=30)
    until(house, 4)
    (told,) = alerts(house)
    assert told.startswith("LATE: door has not taken back 1 access yet, the oldest since 02:40 UTC.")
    assert "door is still at it" in told
    assert house.latest()["state"] == "revoking"
    assert 7 < 50 - len(BEFORE["revoke"]) < 16, "it is asked again and again, and not without a pause"
    assert not [each for each in wiring.readiness(house.house)[1] if each.startswith("target")]
    BEFORE.clear()
    house.later(seconds=40)
    assert (house.latest()["state"], INSIDE) == ("revoked", {})


def test_a_sweep_tells_of_members_that_no_grant_explains_and_touches_none(at: Build) -> None:
    house = begin(at("club"))
    house.asks("ada", LINE)
    INSIDE["mallory"] = None
    house.later(minutes=3)
    (found,) = [row for row in house.rows(LedgerEntry) if row.action == "AccessOfOthersFound"]
    assert [each["subject"] for each in json.loads(found.data)["found"]] == ["mallory"]
    assert set(INSIDE) == {"ada", "mallory"}
    del INSIDE["ada"]
    house.later(minutes=3)
    house.later(seconds=10)
    assert house.latest()["ended"]["because"] == "vanished"


def test_a_room_that_is_gone_keeps_nobody_from_looking_into_the_others(at: Build) -> None:
    room = "  - {connector: door, room: cellar}"
    house = begin(at("club", door=DOOR.replace(room, f"  - {{connector: door, room: attic}}\n{room}")))
    house.asks("ada", LINE)
    INSIDE["mallory"] = None
    for gone in (False, True, False):
        BEFORE["find"] = [fails("door has no such room", permanent=True)] * gone  # the attic comes first
        house.later(minutes=3)
        (pulse,) = house.rows(Pulse, Pulse.name == "drift:door")
        assert (pulse.ok, pulse.note) == (not gone, "attic at door: door has no such room" if gone else "")
        assert house.rows(Due, Due.kind == "vanished") == []
    assert len(house.rows(LedgerEntry, LedgerEntry.action == "AccessOfOthersFound")) == 1
    BEFORE["find"] = [fails("door has no such room", permanent=True)]
    del INSIDE["ada"]
    house.later(minutes=3)
    house.later(seconds=10)
    assert house.latest()["ended"]["because"] == "vanished"


# --- a target with an end of its own --------------------------------------------------------------------------


def test_the_target_is_told_the_end_and_moved_before_ours_is(at: Build) -> None:
    house = at("turnstile")
    before = end_of(house.asks("ada", LINE))
    assert INSIDE["ada"] == before
    BEFORE["grant"] = [lambda: INSIDE.update(seen=end_of(house.latest()))]
    said = house.presses("ada", "extend")
    after = end_of(house.latest())
    assert INSIDE.pop("seen") == before
    assert after == before + timedelta(minutes=30) == INSIDE["ada"]
    assert "as soon as door has the new end" in said
    assert "30 min more" in house.told("ada")
    house.later(minutes=60)
    assert (house.latest()["state"], INSIDE) == ("revoked", {})
    assert house.ledger_is_clean()


def test_the_end_of_somebody_elses_doing_is_not_moved_with_ours(at: Build) -> None:
    house = at("lodge")
    theirs = house.clock.now() + timedelta(days=1)
    INSIDE["ada"] = theirs
    before = end_of(house.asks("ada", LINE))
    house.presses("ada", "extend")
    assert end_of(house.latest()) == before + timedelta(minutes=30)
    assert ({"ada": theirs}, []) == (INSIDE, CALLS)


def test_a_target_that_is_stuck_is_told_again_and_nobody_hears_of_more_time_before(at: Build) -> None:
    house = at("turnstile")
    before = end_of(house.asks("ada", LINE))
    BEFORE["grant"] = [fails()]
    house.presses("ada", "extend")
    assert end_of(house.latest()) == before
    assert "on its way" in house.presses("ada", "extend")
    house.later(seconds=2)
    assert end_of(house.latest()) == before + timedelta(minutes=30)


def test_a_target_that_refuses_for_good_leaves_the_end_where_it_was(at: Build) -> None:
    house = at("turnstile")
    before = end_of(house.asks("ada", LINE))
    BEFORE["grant"] = [fails("door allows no more than 30 minutes", permanent=True)]
    house.presses("ada", "extend")
    assert end_of(house.latest()) == before
    assert "door allows no more than 30 minutes" in house.told("ada")
    assert not house.rows(Due, Due.kind == "lengthen")
    house.later(minutes=30)
    assert house.latest()["state"] == "revoked"


def test_more_time_that_people_agreed_to_is_carried_to_the_target_as_well(at: Build) -> None:
    house = at("turnstile")
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    before = end_of(house.latest())
    house.presses("alan", "extend")
    house.presses("grace", "approve")
    assert end_of(house.latest()) == before + timedelta(minutes=30) == INSIDE["alan"]


def test_more_time_that_is_on_its_way_when_the_incident_is_over_does_not_outlast_it(build: Build) -> None:
    shared = SETTINGS[: SETTINGS.index("connectors:")] + club.SETTINGS.replace("KIND", "turnstile")
    shared += "severities: [sev1]\nincidents: {source: file, file: incidents.yaml}\n"
    hangs_on_it = DOOR + "end: {with_incident: true}\n"
    texts = {"door": hangs_on_it, "incidents": "- {id: INC-1, title: Stuck, severity: sev1}\n"}
    house = build(settings=shared, kinds=club.KINDS, **texts)
    house.asks("ada", LINE)
    BEFORE["grant"] = [fails()]
    house.presses("ada", "extend")
    (house.policies / "incidents.yaml").write_text("[]\n")
    house.house.shelf.reload()
    causes.look(house.house.desk)
    early = end_of(house.latest())
    house.later(seconds=2)
    assert end_of(house.latest()) == early
    assert not house.rows(Due, Due.kind == "lengthen")
    house.later(minutes=5)
    assert (house.latest()["ended"]["because"], INSIDE) == ("incident_resolved", {})
    assert house.ledger_is_clean()


def test_who_gives_back_while_more_time_is_carried_has_nothing_in_the_end(at: Build) -> None:
    house = at("turnstile")
    house.asks("ada", LINE)
    BEFORE["grant"] = [fails()]
    house.presses("ada", "extend")
    house.person("ada").commands("/breakglass end")
    house.work()
    assert (house.latest()["state"], INSIDE) == ("revoked", {})
    assert not house.rows(Due, Due.kind == "lengthen")
    house.later(minutes=1)
    assert INSIDE == {}


def test_what_a_slow_call_gives_after_its_request_has_ended_is_taken_back(at: Build) -> None:
    house = at("turnstile")
    house.asks("ada", LINE)

    def end_meanwhile() -> None:
        house.person("ada").commands("/breakglass end")
        house.later(seconds=5)  # whoever called seems dead by now
        assert (house.latest()["state"], INSIDE) == ("revoked", {})

    BEFORE["grant"] = [end_meanwhile]
    house.presses("ada", "extend")
    last = len(CALLS) - CALLS[::-1].index("grant ada")
    assert house.rows(Grant)[0].receipt == {"call": last}
    house.later(seconds=1)
    assert INSIDE == {}
    assert [row for row in house.rows(LedgerEntry) if row.action == "LateCallTakenBack"]


def test_the_end_wins_over_more_time_that_has_not_arrived(at: Build) -> None:
    house = at("turnstile")
    house.asks("ada", LINE)
    BEFORE["grant"] = [lambda: house.clock.advance(minutes=30)]
    house.presses("ada", "extend")
    assert (house.latest()["state"], house.latest()["extended_seconds"]) == ("revoked", 0)
    house.later(minutes=1)
    assert INSIDE == {}


def test_a_freeze_stops_what_is_on_its_way(at: Build) -> None:
    house = at("turnstile")
    before = end_of(house.asks("ada", LINE))
    BEFORE["grant"] = [fails()]
    house.presses("ada", "extend")
    says(house, "eve", "freeze", "breakglass_freeze", reason="Look first.")
    house.later(seconds=2)
    assert end_of(house.latest()) == before
    assert not house.rows(Due, Due.kind == "lengthen")


def test_a_grant_that_ends_earlier_does_not_shorten_what_another_one_holds(at: Build) -> None:
    house = at("turnstile")
    later = end_of(house.asks("ada", "door 1h INC-1 replica lag"))
    house.asks("ada", LINE)
    assert INSIDE["ada"] == later
    house.later(minutes=30)
    assert INSIDE["ada"] == later
    house.later(minutes=30)
    assert INSIDE == {}


# --- several targets, together or not at all ------------------------------------------------------------------

THREE = ORDERS_DB.replace(
    '  - {connector: orders-db, role: incident_writer, use: "psql orders"}',
    "  - {connector: orders-db, role: incident_writer}\n"
    "  - {connector: door, room: cellar}\n"
    "  - {connector: orders-db, role: incident_reader}",
)


@pytest.mark.parametrize("kind", ["club", "turnstile"])
def test_of_three_accesses_of_which_the_second_fails_nothing_is_left(at: Build, kind: str) -> None:
    house = at(kind, three=THREE)
    BEFORE["grant"] = [fails("door gives nothing today", permanent=True)]
    request = house.asks("ada", "three 30m INC-1 replica lag")
    house.later(seconds=1)
    request = house.request(request["id"])
    assert request["state"] == "failed"
    assert "door gives nothing today" in house.told("ada")
    assert (house.target.members(), house.target.members("incident_reader"), INSIDE) == (set(), set(), {})
    assert {grant["state"] for grant in request["grants"]} <= {"failed", "revoked"}
    house.later(minutes=31)
    assert (house.target.members(), INSIDE) == (set(), {})
    assert house.ledger_is_clean()
