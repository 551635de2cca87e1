"""A target tried out: one access for a minute, for an account that is nobody's."""

from collections.abc import Callable, Iterator

import pytest

from app.errors import Refused
from app.lifecycle import holders, trying
from app.store.tables import LedgerEntry, Notice
from tests.desk.test_drift import begin, behind_our_back
from tests.desk.test_house import says
from tests.house import ORDERS_DB, SETTINGS, TestHouse

Build = Callable[..., TestHouse]
CANARIES = SETTINGS.replace(
    "sessions: end}",
    "sessions: end, canary: [{subject: probe, role: incident_reader}, {subject: nobody, role: incident_reader}]}",
)
BY = "terminal:root@db1"


@pytest.fixture
def house(build: Build) -> Iterator[TestHouse]:
    house = build(settings=CANARIES, orders_db=ORDERS_DB)
    house.target.run("CREATE ROLE probe LOGIN")
    yield house
    house.target.run("DROP ROLE probe")


def tries(house: TestHouse, subject: str = "probe") -> str:
    desk, folder = house.house.desk, house.house.shelf.current()
    place = trying.look(desk.targets, folder, "orders-db", subject)
    with desk.steps.step() as step:
        return trying.plan(step, folder, place, BY)


def test_a_canary_has_it_for_a_minute_in_the_record_and_before_the_security_channel(house: TestHouse) -> None:
    request_id = tries(house)
    (planned,) = house.request(request_id)["grants"]
    assert planned["state"] == "planned"
    house.work()
    assert house.request(request_id)["state"] == "active"
    assert "probe" in house.target.members("incident_reader")
    card = house.slack.channel("C0SECURITY").cards()[0]
    assert "try for terminal:root@db1" in card.text
    house.later(seconds=59)
    assert "probe" in house.target.members("incident_reader")
    house.later(seconds=1)
    found = house.request(request_id)
    assert (found["state"], found["policy"], found["ended"]["because"]) == ("revoked", "try", "expired")
    (grant,) = found["grants"]
    times = [grant[key] for key in ("granted_at", "verified_at", "revoked_at", "revoke_verified_at")]
    assert all(times)
    assert times == sorted(times)
    assert "probe" not in house.target.members("incident_reader")
    assert house.ledger_is_clean()


def test_nobody_holds_it_so_nobody_is_told_or_looked_up(house: TestHouse) -> None:
    tries(house)
    house.work()
    assert {notice.conversation for notice in house.rows(Notice)} == {"C0SECURITY"}
    holders.look_at_holders(house.house.desk)
    house.work()
    assert house.latest()["state"] == "active"


def test_the_security_team_may_end_it(house: TestHouse) -> None:
    request_id = tries(house)
    house.work()
    says(house, "eve", f"revoke {request_id}", "breakglass_revoke_reason", reason="Not now.")
    assert house.request(request_id)["state"] == "revoked"


def test_what_is_not_listed_or_could_not_be_seen_is_refused_and_changes_nothing(house: TestHouse) -> None:
    with pytest.raises(Refused, match=r"lists no canary `ada` in settings\.yaml; listed: `probe`, `nobody`"):
        tries(house, "ada")
    with pytest.raises(Refused, match="has no account for you"):
        tries(house, "nobody")
    house.target.run("GRANT incident_reader TO probe")
    with pytest.raises(Refused, match="probe has it at orders-db already"):
        tries(house)
    assert house.requests() == []
    assert "probe" in house.target.members("incident_reader")


def test_nothing_is_tried_while_everything_is_frozen(house: TestHouse) -> None:
    says(house, "eve", "freeze", "breakglass_freeze", reason="Look first.")
    with pytest.raises(Refused, match="frozen"):
        tries(house)
    assert not [row for row in house.rows(LedgerEntry) if row.action == "RequestOpened"]


def test_what_a_canary_has_without_a_grant_is_found_like_anybodys(house: TestHouse) -> None:
    begin(house)
    behind_our_back(house, "GRANT incident_reader TO probe")
    house.later(minutes=3)
    house.later(seconds=10)
    assert "probe" not in house.target.members("incident_reader")
    assert [row for row in house.rows(LedgerEntry) if row.action == "UnexplainedAccessRemoved"]
