"""Waking people: once, in time, whatever else hangs; and let go of as soon as it is answered."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app import wiring
from app.doctor import look_at_pagers
from app.errors import ConnectorError
from app.lifecycle import paging
from app.pagers import PagerRack
from app.store.tables import Due, LedgerEntry
from tests import pretended, siren
from tests.desk.test_house import says
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse
from tests.serving import wait
from tests.siren import DOES, HEARD, said

LINE = "orders-db 30m INC-1 replica lag"
ESCALATES = ORDERS_DB.replace(
    "remind: 4m}", "remind: 4m}\n  - {by: [user:frank@example.com], within: 20m, page: cto-pager}"
)
ALERTS = "alert: {page: security-pager}\n"
Build = Callable[..., TestHouse]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with siren.quiet():
        yield


@pytest.fixture
def at(build: Build) -> Callable[..., TestHouse]:
    def make(policy: str, settings: str = SETTINGS + siren.SETTINGS, **more: Any) -> TestHouse:
        return build(settings=settings, orders_db=policy, pagers=siren.KINDS, **{"env": siren.ENV, **more})

    return make


def keys() -> set[str]:
    return {each.page.key for each in HEARD}


# --- approvals -----------------------------------------------------------------------------------------------


@EACH
def test_a_step_rings_its_pager_when_it_opens_and_not_before_and_lets_go_when_it_is_decided(
    at: Build,
) -> None:
    house = at(ESCALATES)
    request = house.asks("alan", LINE)
    house.later(minutes=9)
    assert HEARD == []
    house.later(minutes=1)
    house.later(seconds=1)
    (heard,) = HEARD
    assert (heard.did, heard.whom) == ("page", "cto")
    page = heard.page
    assert page.summary == (
        'Approve? alan@example.com asks for 30m of Orders database, write: "INC-1 replica lag"'
    )
    assert page.details["request"] == request["id"]
    assert page.details["access"] == "orders-db incident_writer"
    leads_to = parse_qs(urlsplit(page.link or "").query)
    card = house.slack.channel("C0APPROVALS").cards()[0]
    assert leads_to == {"channel": ["C0APPROVALS"], "team": ["T0ACME"], "message_ts": [card.ts]}
    house.later(minutes=1)
    assert len(HEARD) == 1
    house.presses("grace", "approve")
    assert house.latest()["state"] == "active"
    assert [each.did for each in HEARD] == ["page", "resolve"]
    assert keys() == {page.key}
    assert not house.rows(Due, Due.kind == "page")
    acted = [row.action for row in house.rows(LedgerEntry) if row.action.startswith("Page")]
    assert acted == ["Paged", "PageClosed"]
    assert house.ledger_is_clean()


def test_wake_rings_the_next_one_now_and_a_cancelled_request_lets_go(at: Build) -> None:
    house = at(ESCALATES)
    house.asks("alan", LINE)
    house.presses("alan", "wake")
    house.later(seconds=1)
    assert said("cto") == [("page", "Approve? alan@example.com asks for 30m of Orders database, write")]
    house.presses("alan", "cancel")
    assert [each.did for each in HEARD] == ["page", "resolve"]


def test_what_is_answered_before_it_rings_wakes_nobody(at: Build) -> None:
    house = at(ESCALATES)
    house.asks("alan", LINE)
    house.presses("alan", "wake")
    house.presses("grace", "approve")
    house.later(seconds=5)
    assert HEARD == []
    assert not house.rows(Due, Due.kind == "page")


def test_an_extension_is_rung_for_by_itself_and_let_go_when_it_is_denied(at: Build) -> None:
    house = at(ESCALATES.replace("[group:leads], count: 1", "[group:leads], page: security-pager, count: 1"))
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    house.presses("alan", "extend")
    house.later(seconds=1)
    assert said() == [("page", "Approve? alan@example.com asks for 30m more of Orders database, write")]
    says_no = house.person("grace")
    house.presses("grace", "deny")
    says_no.form(callback_id="breakglass_deny_reason").fill(reason="Enough.").submit()
    house.work()
    assert [each.did for each in HEARD] == ["page", "resolve"]


def test_nothing_that_people_typed_forges_the_line(at: Build) -> None:
    house = at(ESCALATES)
    typed = 'INC-1 lag" approved by the CTO: nothing to do \N{RIGHT DOUBLE QUOTATION MARK}' + " x" * 200
    house.asks("alan", f"orders-db 30m {typed}")
    house.presses("alan", "wake")
    house.later(seconds=1)
    line = HEARD[0].page.summary
    assert line.startswith(
        "Approve? alan@example.com asks for 30m of Orders database, write: \"INC-1 lag' app"
    )
    assert line.endswith('…"')
    assert len(line) <= 200
    assert line.count('"') == 2
    hidden = "a\n\tb\x00\x1b[31mc\N{LINE SEPARATOR}d\N{RIGHT-TO-LEFT OVERRIDE}e\N{ZERO WIDTH SPACE}f"
    assert paging.line(hidden) == "a b [31mc d e f"


# --- once, at least --------------------------------------------------------------------------------------------


def test_of_two_workers_one_rings(at: Build) -> None:
    house = at(ORDERS_DB + ALERTS)
    house.asks("ada", LINE)
    house.clock.advance(seconds=1)
    pools = [wiring.make_pools(house.house) for _ in range(2)]
    for each in pools:
        each.start()
    try:
        for each in pools:
            each.wake([paging.lane("security-pager")])
        wait(lambda: HEARD)
    finally:
        for each in pools:
            each.stop(20)
    assert [each.did for each in HEARD] == ["page"]


def test_after_an_unclear_answer_it_rings_again_with_the_same_key(at: Build) -> None:
    house = at(ORDERS_DB + ALERTS)
    house.asks("ada", LINE)

    def loses_the_answer() -> None:
        DOES.clear()
        message = "the connection was lost"
        raise ConnectorError(message, unclear=True)

    DOES["security"] = loses_the_answer
    house.later(seconds=1)
    house.later(seconds=5)
    assert [each.did for each in HEARD] == ["page", "page"]
    assert len(keys()) == 1
    house.presses("ada", "end")
    assert [each.did for each in HEARD] == ["page", "page", "resolve"]


def test_a_pager_that_hangs_delays_neither_the_grant_nor_its_alert_nor_another_pager(at: Build) -> None:
    over = threading.Event()

    def hangs() -> None:
        over.wait(30)

    DOES["security"] = hangs
    other = ESCALATES.replace("[group:leads], count: 1", "[group:leads], page: cto-pager, count: 1")
    house = at(ORDERS_DB + ALERTS, books=other.replace("Orders", "Books"))
    for number in range(3):
        house.asks("ada", f"orders-db 5m INC-{number} hangs")
    house.clock.advance(seconds=1)
    pools = house.pools()
    pools.start()
    try:
        pools.wake([paging.lane("security-pager")])
        wait(lambda: len(said("security")) == 2, what="as many threads as its lane has")
        house.person("ada").commands("/breakglass orders-db 5m INC-9 goes on")
        house.person("alan").commands("/breakglass books 5m INC-9 goes on")
        pools.wake(["desk"])
        wait(lambda: [one["state"] for one in house.requests()].count("active") == 4)
        wait(lambda: len(house.slack.channel("C0SECURITY").cards()) == 5, what="every card")
        house.clock.advance(seconds=1)
        pools.wake([paging.lane("cto-pager")])
        wait(lambda: said("cto"))
        assert len(said("security")) == 2
    finally:
        over.set()
        pools.stop(20)


def test_a_pager_that_is_away_is_told_and_rings_when_it_is_back_if_it_is_still_wanted(at: Build) -> None:
    house = at(ORDERS_DB + ALERTS)
    watching = wiring.make_watch(house.house)
    DOES["security"] = siren.is_away
    kept, dropped = house.asks("ada", LINE), house.asks("ada", "orders-db 30m INC-2 again")
    for _ in range(8):
        house.clock.advance(seconds=5)
        watching.run()
        house.work()
    alerts = [m.text for m in house.slack.channel("C0SECURITY").cards() if "Not well" in m.text]
    (told,) = [text for text in alerts if "pager:security-pager" in text]
    assert "nobody can be woken by it: siren did not answer within 5 s." in told
    degraded = {s.labels["reason"]: s.value for s in house.measured() if s.name == "breakglass_degraded"}
    assert degraded["pager:security-pager"] == 1
    assert siren.SECRET not in told
    tried = len(HEARD)
    assert tried > 4
    house.person("ada").commands(f"/breakglass end {dropped['id'][-6:]}")
    house.work()
    DOES.clear()
    house.later(minutes=1)
    back = [
        (each.did, each.page.details["request"]) for each in HEARD[tried:] if "request" in each.page.details
    ]
    assert ("page", kept["id"]) in back
    assert ("page", dropped["id"]) not in back
    assert ("resolve", dropped["id"]) in back, "whether an attempt had reached it nobody knows"
    wiring.paging_of(house.house).schedule()
    house.work()
    degraded = {s.labels["reason"]: s.value for s in house.measured() if s.name == "breakglass_degraded"}
    assert degraded["pager:security-pager"] == 0


# --- given, and confirmed --------------------------------------------------------------------------------------


def test_a_use_rings_the_policys_pager_and_lets_go_when_it_is_over(at: Build) -> None:
    house = at(ORDERS_DB + "alert: {page: cto-pager}\n")
    house.asks("ada", LINE)
    house.later(seconds=1)
    (heard,) = HEARD
    assert heard.whom == "cto"
    assert heard.page.summary == (
        'Given: ada@example.com has Orders database, write until 02:40 UTC: "INC-1 replica lag"'
    )
    assert "C0SECURITY" in (heard.page.link or "")
    house.presses("ada", "end")
    assert [each.did for each in HEARD] == ["page", "resolve"]


DARING = ORDERS_DB.replace("- {name: on call, if: {on_call", "- {name: on call, if: {on_call", 1) + (
    "unknown: grant_and_page\n"
)


@pytest.fixture
def silent_rota(at: Build) -> Iterator[TestHouse]:
    def silence(*_asked: Any) -> Any:
        message = "duty did not answer."
        raise ConnectorError(message)

    pretended.BOARD["duty"] = silence
    rota = SETTINGS.replace("{members: [ada@example.com]}", "{source: duty, schedule: P1}")
    sources = siren.SETTINGS.replace("sources: {", "sources: {duty: {kind: pretended, token: x}, ")
    yield at(DARING, rota + sources, sources=pretended.KINDS)
    pretended.BOARD.clear()


def test_what_the_rota_cannot_say_is_given_for_a_quarter_of_an_hour_and_taken_back_unconfirmed(
    silent_rota: TestHouse,
) -> None:
    house = silent_rota
    request = house.asks("ada", LINE)
    assert (request["state"], request["duration_seconds"]) == ("active", 900)
    house.later(seconds=1)
    (heard,) = HEARD
    assert heard.whom == "security", "no policy names a pager for its alerts: the first that there is"
    assert heard.page.summary.startswith(
        "Given although something is unknown: ada@example.com has Orders database, write until 02:25 UTC, "
        "confirm by 02:20 UTC"
    )
    assert "duty did not answer" in heard.page.details["because"]
    house.later(minutes=10)
    assert house.latest()["ended"]["because"] == "unconfirmed"
    assert house.target.members() == set()
    assert [each.did for each in HEARD] == ["page", "resolve"]


def test_confirming_what_was_given_in_doubt_lets_go_of_the_page_and_it_goes_on(
    silent_rota: TestHouse,
) -> None:
    house = silent_rota
    house.asks("ada", LINE)
    house.later(seconds=1)
    assert house.presses("eve", "confirm") == "Confirmed."
    assert [each.did for each in HEARD] == ["page", "resolve"]
    house.later(minutes=11)
    assert house.latest()["state"] == "active"
    house.later(minutes=4)
    assert house.latest()["ended"]["because"] == "expired"


# --- the house -------------------------------------------------------------------------------------------------


def test_not_me_rings_until_security_accepts_the_person_again(at: Build) -> None:
    house = at(ORDERS_DB)
    house.asks("ada", LINE)
    house.presses("ada", "not_me")
    house.later(seconds=1)
    house.presses("ada", "not_me")
    house.later(seconds=1)
    assert said("security") == [("page", "ada@example.com pressed 'Not me'")], "the same again wakes nobody"
    house.presses("eve", "accept")
    assert [each.did for each in HEARD] == ["page", "resolve"]
    assert len(keys()) == 1


def test_a_freeze_rings_until_it_is_thawed_or_over(at: Build) -> None:
    house = at(ORDERS_DB)
    says(house, "eve", "freeze 1h", "breakglass_freeze", reason="Something is wrong.")
    house.later(seconds=1)
    assert HEARD[0].page.summary == (
        'Frozen by eve@example.com: nothing is given until 03:10 UTC: "Something is wrong."'
    )
    for name in ("eve", "frank"):
        says(house, name, "thaw", "breakglass_thaw", reason="It is fine.")
    assert [each.did for each in HEARD] == ["page", "resolve"]
    says(house, "eve", "freeze 1h", "breakglass_freeze", reason="Again.")
    house.later(seconds=1)
    house.later(minutes=61)
    assert [each.did for each in HEARD[2:]] == ["page", "resolve"]
    assert len(keys()) == 2


def test_alerts_that_slack_does_not_take_for_a_minute_ring_once_until_they_are_there(at: Build) -> None:
    house = at(ORDERS_DB)
    house.asks("ada", LINE)
    house.slack.faults.down()
    house.later(minutes=30)
    for _ in range(9):
        house.later(seconds=10)
    (heard,) = HEARD
    assert heard.page.summary.startswith("Slack has not taken 1 alert since 02:40 UTC")
    house.slack.faults.up()
    for _ in range(6):
        house.later(seconds=10)
    assert [each.did for each in HEARD] == ["page", "resolve"]
    assert len(keys()) == 1


# --- secrets, and settings that change ---------------------------------------------------------------------------


def test_without_the_pagers_secret_web_goes_on_and_the_worker_says_what_is_missing(at: Build) -> None:
    house = at(ORDERS_DB + ALERTS, env={})
    assert house.asks("ada", LINE)["state"] == "active"
    house.later(seconds=1)
    assert HEARD == []
    (owed,) = house.rows(Due, Due.kind == "page")
    assert "the environment variable `SIREN_TOKEN` is not set" in owed.data["error"]


def test_whose_pager_settings_do_not_name_any_more_security_is_woken_for(at: Build) -> None:
    house = at(ORDERS_DB + "alert: {page: cto-pager}\n")
    house.asks("ada", LINE)
    text = (
        (house.policies / "settings.yaml").read_text().replace(", cto-pager: {source: siren, wakes: cto}", "")
    )
    (house.policies / "settings.yaml").write_text(text)
    (house.policies / "orders-db.yaml").write_text(ORDERS_DB)
    house.house.shelf.reload()
    house.later(seconds=1)
    assert [(each.did, each.whom) for each in HEARD] == [("page", "security")]
    house.presses("ada", "end")
    assert [(each.did, each.whom) for each in HEARD] == [("page", "security"), ("resolve", "security")]
    assert not house.rows(Due, Due.kind == "page")


def test_what_no_pager_of_the_settings_can_close_or_say_is_recorded_and_told(at: Build) -> None:
    house = at(ORDERS_DB + "alert: {page: cto-pager}\n")
    wiring.paging_of(house.house).schedule()
    house.asks("ada", LINE)
    house.later(seconds=1)
    house.asks("ada", LINE)
    assert said("cto") == [("page", "Given")]
    (house.policies / "orders-db.yaml").write_text(ORDERS_DB)
    (house.policies / "settings.yaml").write_text(SETTINGS)
    house.house.shelf.reload()
    house.later(seconds=1)
    house.later(minutes=10)
    actions = [row.action for row in house.rows(LedgerEntry) if row.action.startswith("Page")]
    assert actions == ["Paged", "PageDropped", "PageLeftOpen"]
    told = [m.text for m in house.slack.channel("C0SECURITY").cards() if "ager cto-pager" in m.text]
    assert "Nobody was woken: there is no pager cto-pager in settings.yaml" in told[0]
    assert "Pager cto-pager can be told nothing any more and may still be ringing: close given:" in told[1]
    assert not house.rows(Due, Due.kind == "page")
    assert house.ledger_is_clean()


def test_the_doctor_asks_each_pager_and_wakes_nobody(at: Build) -> None:
    folder = at(ORDERS_DB + ALERTS).house.shelf.current()

    def found(env: dict[str, str]) -> list[tuple[str, str, bool]]:
        rack = PagerRack(lambda: folder, env, registry=siren.KINDS)
        found = [
            (each.problem.where, each.problem.what, each.unreachable) for each in look_at_pagers(rack, folder)
        ]
        rack.close()
        return found

    assert found(siren.ENV) == []
    (first, _) = found({})
    assert first[0] == "pager security-pager"
    assert "the environment variable `SIREN_TOKEN` is not set" in first[1]
    DOES["check"] = siren.is_away
    assert ("pager cto-pager", "siren did not answer within 5 s.", True) in found(siren.ENV)
    assert HEARD == []


def test_a_pager_that_says_that_it_could_wake_nobody_is_told_before_anybody_needs_it(at: Build) -> None:
    house = at(ORDERS_DB)
    watching, checks = wiring.make_watch(house.house), wiring.paging_of(house.house)
    DOES["check"] = siren.is_away
    for _ in range(8):
        house.clock.advance(seconds=5)
        checks.schedule()
        watching.run()
        house.work()
    (one, other) = [m.text for m in house.slack.channel("C0SECURITY").cards() if "pager:" in m.text]
    assert "Not well (pager:security-pager): nobody can be woken by it: siren did not answer" in one + other
    assert HEARD == []
