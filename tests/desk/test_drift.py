"""Drift: what a target has and was never given, and what was given and is not there; who does what about it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from app import wiring
from app.errors import ConnectorError
from app.gates import Gate
from app.jobs import JOBS
from app.lifecycle import drift, giving, mending
from app.lifecycle.desk import Desk
from app.lifecycle.holds import lock_hold
from app.model import Access
from app.store import due as timetable
from app.store import engine as databases
from app.store.tables import Drift, Due, Freeze, Hold, LedgerEntry, Notice, Pulse
from tests import siren
from tests.hostile.forging import presses
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse
from tests.serving import wait

Build = Callable[..., TestHouse]
LINE = "orders-db 30m INC-1 replica lag"
SETTLED = drift.SETTLE.total_seconds() + 1
NEXT = drift.SWEEP_EVERY.total_seconds() + 1


@pytest.fixture
def swept(house: TestHouse) -> TestHouse:
    """The house of the example, whose targets are swept from now on."""
    return begin(house)


def begin(house: TestHouse) -> TestHouse:
    drift.schedule(house.house.desk)
    house.work(notices=False)
    return house


def behind_our_back(house: TestHouse, *statements: str) -> None:
    """With the bot's own credential, past the bot."""
    with psycopg.connect(house.target.dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def later(house: TestHouse, seconds: float) -> None:
    """Time passes, and what is due is done; messages wait until somebody reads."""
    house.clock.advance(seconds=seconds)
    house.work(notices=False)


def swept_now(house: TestHouse) -> None:
    """A sweep before its time."""
    with house.house.steps.step() as step:
        drift.sweep_soon(step, ["orders-db"])
    later(house, 0)


def swept_again(house: TestHouse) -> None:
    """The next sweep, and the second look at what it suspects."""
    later(house, NEXT)
    later(house, SETTLED)


def dsn_of(house: TestHouse, person: str) -> str:
    return house.target.server.dsn(user=person, dbname=house.target.name)


def alerts(house: TestHouse, event: str) -> list[dict[str, Any]]:
    return [row.data for row in house.rows(Notice, Notice.kind == "alert") if row.data["event"] == event]


def entries(house: TestHouse, action: str) -> int:
    return len(house.rows(LedgerEntry, LedgerEntry.action == action))


def says(house: TestHouse, name: str, command: str, callback: str, **fields: str) -> None:
    house.person(name).commands(f"/breakglass {command}")
    house.person(name).form(callback_id=callback).fill(**fields).submit()
    house.work()


def security_read(house: TestHouse) -> str:
    house.deliver()
    return "\n".join(message.text for message in house.slack.channel("C0SECURITY").messages())


@contextmanager
def bot_is(house: TestHouse, changed: str, back: str) -> Iterator[None]:
    """The bot's account at the target is changed for a while; its connections notice."""
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bot'"
    house.target.run(f"ALTER ROLE bot {changed}", cut)
    try:
        yield
    finally:
        house.target.run(f"ALTER ROLE bot {back}", cut)


# --- nothing to say -----------------------------------------------------------------------------------------


@EACH
def test_what_was_given_is_no_drift(swept: TestHouse) -> None:
    swept.asks("ada", LINE)
    swept_again(swept)
    assert swept.latest()["state"] == "active"
    swept.later(minutes=30)
    swept_again(swept)
    assert swept.latest()["ended"]["because"] == "expired"
    assert swept.rows(Drift) == []
    assert swept.rows(Due, Due.kind == "unexplained") + swept.rows(Due, Due.kind == "vanished") == []
    assert swept.rows(Notice, Notice.kind == "alert") == []
    assert swept.ledger_is_clean()


@EACH
def test_the_clock_sees_that_every_target_is_swept(house: TestHouse) -> None:
    pools = wiring.make_pools(house.house)
    wiring.make_timetable(house.house, pools, lambda _lanes: None).sweep()
    wait(lambda: house.rows(Due, Due.id == "drift:orders-db"), what="a sweep that is owed")
    house.work()
    (pulse,) = house.rows(Pulse, Pulse.name == "drift:orders-db")
    assert (pulse.ok, pulse.at) == (True, house.clock.now())


@EACH
def test_what_drifted_and_when_each_target_was_asked_are_measured(swept: TestHouse) -> None:
    swept.target.run("GRANT incident_writer TO grace", "GRANT incident_writer TO heidi")
    later(swept, NEXT)
    swept.clock.advance(seconds=30)
    samples = [(each.name, each.labels, each.value) for each in swept.measured()]
    labels = {"connector": "orders-db"}
    assert ("breakglass_drift", labels | {"made_by": "others"}, 2) in samples
    assert ("breakglass_drift_sweep_age_seconds", labels, 30) in samples


@EACH
def test_a_target_that_is_not_configured_any_more_is_forgotten(swept: TestHouse) -> None:
    swept.target.run("GRANT incident_writer TO ada")
    later(swept, NEXT)
    assert len(swept.rows(Drift)) == 1
    settings = SETTINGS.replace("orders-db:", "billing-db:")
    (swept.policies / "settings.yaml").write_text(settings)
    (swept.policies / "orders-db.yaml").write_text(ORDERS_DB.replace("orders-db", "billing-db"))
    swept.house.shelf.reload()
    later(swept, NEXT)
    assert swept.rows(Drift) + swept.rows(Due, Due.kind == "drift") == []
    assert swept.rows(Pulse, Pulse.name == "drift:orders-db") == []


# --- made by others -----------------------------------------------------------------------------------------


@EACH
def test_access_that_others_gave_is_told_once_and_never_touched(swept: TestHouse) -> None:
    swept.target.run(*(f"GRANT incident_writer TO {name}" for name in ("ada", "alan", "grace")))
    for _ in range(3):
        later(swept, NEXT)
    (told,) = alerts(swept, "access_of_others")
    assert (told["count"], [each["subject"] for each in told["found"]]) == (3, ["ada", "alan", "grace"])
    assert "grace has incident_writer on orders-db (granted by " in security_read(swept)
    assert entries(swept, "AccessOfOthersFound") == 1
    assert swept.target.members() == {"ada", "alan", "grace"}
    assert swept.rows(Freeze) + swept.rows(Due, Due.kind == "unexplained") == []
    assert swept.ledger_is_clean()


def test_what_went_and_came_back_is_news(swept: TestHouse) -> None:
    for statement in ("GRANT incident_writer TO grace", "REVOKE incident_writer FROM grace"):
        swept.target.run(statement)
        later(swept, NEXT)
    assert swept.rows(Drift) == []
    swept.target.run("GRANT incident_writer TO grace")
    later(swept, NEXT)
    assert len(alerts(swept, "access_of_others")) == 2


def test_standing_access_is_told_when_no_grant_explains_it_any_more(swept: TestHouse) -> None:
    swept.target.run("GRANT incident_writer TO ada")
    assert swept.asks("ada", LINE)["grants"][0]["already_had"] is True
    later(swept, NEXT)
    assert alerts(swept, "access_of_others") == []
    assert swept.latest()["state"] == "active"
    swept.later(minutes=30)
    later(swept, NEXT)
    assert len(alerts(swept, "access_of_others")) == 1
    assert swept.target.can_write("ada")


def test_drift_off_tells_nothing_of_others_and_still_removes_what_is_ours(build: Build) -> None:
    house = begin(build(settings=SETTINGS.replace("sessions: end", "sessions: end, drift: off")))
    house.target.run("GRANT incident_writer TO grace")
    behind_our_back(house, "GRANT incident_writer TO heidi")
    swept_again(house)
    assert alerts(house, "access_of_others") == []
    assert house.target.members() == {"grace"}
    assert len(alerts(house, "access_of_ours")) == 1


# --- made with our own account ------------------------------------------------------------------------------


@EACH
def test_access_made_with_our_own_account_is_removed_told_and_stops_the_connector(swept: TestHouse) -> None:
    behind_our_back(swept, "GRANT incident_writer TO grace")
    with psycopg.connect(dsn_of(swept, "grace"), autocommit=True) as session:
        session.execute("SET ROLE incident_writer")
        swept_again(swept)
        with pytest.raises(psycopg.OperationalError):
            session.execute("INSERT INTO orders (item) VALUES ('late')")
    assert not swept.target.can_write("grace")
    text = security_read(swept)
    assert "POSSIBLE THEFT of the credential for orders-db: grace has incident_writer on orders-db" in text
    assert "Taken away and checked at the target: grace has incident_writer" in text
    assert alerts(swept, "access_of_ours_removed")[0]["sessions"] == "ended"
    assert entries(swept, "UnexplainedAccessFound") == entries(swept, "UnexplainedAccessRemoved") == 1
    request = swept.asks("ada", LINE)
    assert request["state"] == "refused"
    assert "orders-db gives nothing until the security team thaws it" in request["ended"]["reason"]
    assert swept.rows(Drift) + swept.rows(Due, Due.kind == "unexplained") == []
    assert swept.ledger_is_clean()


def test_a_credential_that_may_be_stolen_wakes_security_until_its_target_is_thawed(build: Build) -> None:
    with siren.quiet():
        house = begin(build(settings=SETTINGS + siren.SETTINGS, pagers=siren.KINDS, env=siren.ENV))
        behind_our_back(house, "GRANT incident_writer TO grace", "GRANT incident_writer TO heidi")
        swept_again(house)
        later(house, 1)
        (heard,) = siren.HEARD
        assert heard.page.summary.startswith(
            "POSSIBLE THEFT of the credential for orders-db: incident_writer"
        )
        assert "Nothing is given there until it is thawed" in heard.page.summary
        for name in ("eve", "frank"):
            says(house, name, "thaw", "breakglass_thaw", reason="The credential is another now.")
        assert [each.did for each in siren.HEARD] == ["page", "resolve"]


def test_it_is_told_again_each_time_and_what_others_gave_beside_it_stays(swept: TestHouse) -> None:
    swept.target.run("GRANT incident_writer TO grace")
    for _ in range(2):
        behind_our_back(swept, "GRANT incident_writer TO grace GRANTED BY CURRENT_USER")
        swept_again(swept)
    assert len(alerts(swept, "access_of_ours")) == len(alerts(swept, "access_of_ours_removed")) == 2
    assert entries(swept, "ConnectorFrozen") == len(alerts(swept, "access_of_others")) == 1
    assert swept.target.can_write("grace")
    later(swept, NEXT)
    assert len(alerts(swept, "access_of_ours")) == 2


@EACH
def test_what_cannot_be_removed_is_told_with_the_steps_by_hand(swept: TestHouse) -> None:
    def silent() -> None:
        message = "orders-db does not answer."
        raise ConnectorError(message, unclear=True)

    behind_our_back(swept, "GRANT incident_writer TO grace")
    later(swept, NEXT)
    for _ in range(4):
        swept.clock.advance(seconds=31)
        for due in claimed(swept, "drift:orders-db"):
            if due.kind == "unexplained":
                mending.take_unexplained(Meanwhile(swept, "revoke", before=silent).desk, due)
    (told,) = alerts(swept, "access_of_ours_stays")
    assert "REVOKE" in told["by_hand"]
    assert len(alerts(swept, "access_of_ours")) == len(swept.rows(Drift)) == 1
    assert swept.target.can_write("grace")
    later(swept, 61)
    assert swept.target.members() == set()
    assert swept.rows(Drift) == []
    assert swept.ledger_is_clean()


def test_a_target_that_says_yes_and_keeps_it_is_asked_again(swept: TestHouse) -> None:
    back = "GRANT incident_writer TO grace"
    behind_our_back(swept, back)
    later(swept, NEXT)
    swept.clock.advance(seconds=SETTLED)
    (due,) = [due for due in claimed(swept, "drift:orders-db") if due.kind == "unexplained"]
    still_there = Meanwhile(swept, "revoke", after=lambda: behind_our_back(swept, back))
    mending.take_unexplained(still_there.desk, due)
    assert alerts(swept, "access_of_ours_removed") == []
    later(swept, 5)
    assert swept.target.members() == set()
    assert len(alerts(swept, "access_of_ours_removed")) == 1


def test_a_stopped_connector_gives_nothing_that_is_planned_approved_or_extended(swept: TestHouse) -> None:
    swept.asks("ada", LINE)
    swept.asks("alan", LINE)
    behind_our_back(swept, "GRANT incident_writer TO grace")
    swept_again(swept)
    assert "orders-db gives nothing" in swept.presses("heidi", "approve")
    assert "orders-db gives nothing" in swept.presses("ada", "extend")
    live, pending = swept.requests()
    assert (live["state"], pending["state"]) == ("active", "pending")
    swept.later(minutes=3)
    assert entries(swept, "Reminded") == 0
    swept.later(minutes=7)
    assert swept.requests()[1]["state"] == "timed_out"
    swept.later(minutes=20)
    assert swept.requests()[0]["state"] == "revoked"
    assert swept.target.members() == set()
    assert swept.ledger_is_clean()


def test_two_connectors_that_lead_to_one_target_do_not_accuse_each_other(build: Build) -> None:
    other = '  other-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}", subject: "{local}", sessions: end}\n'
    settings = SETTINGS.replace("  orders-db: {kind", f"{other}  orders-db: {{kind")
    house = begin(
        build(settings=settings, orders_db=ORDERS_DB, other_db=ORDERS_DB.replace("orders-db", "other-db"))
    )
    behind_our_back(house, "GRANT incident_writer TO ada")
    later(house, NEXT)
    row = about_to_give(house)
    house.clock.advance(seconds=SETTLED)
    (second_look,) = [due for due in claimed(house, "drift:other-db") if due.kind == "unexplained"]
    house.work_on(second_look)
    assert house.target.can_write("ada"), "what is planned there does not wait for the hold taken here"
    house.work_on(row)
    assert house.latest()["state"] == "active"
    swept_again(house)
    assert house.target.can_write("ada")
    assert house.rows(Notice, Notice.kind == "alert") + house.rows(Due, Due.kind == "unexplained") == []


def test_no_policy_is_exempt_and_other_targets_go_on(build: Build) -> None:
    other = '  other-db: {kind: postgres, dsn: "${ORDERS_DB_DSN}", subject: "{local}", sessions: end}\n'
    settings = SETTINGS.replace("  orders-db: {kind", f"{other}  orders-db: {{kind")
    reading = ORDERS_DB.replace(
        "connector: orders-db, role: incident_writer", "connector: other-db, role: incident_reader"
    )
    house = build(settings=settings + "freeze_exempt: [orders-db]\n", orders_db=ORDERS_DB, other_db=reading)
    begin(house)
    behind_our_back(house, "GRANT incident_writer TO grace")
    swept_again(house)
    assert house.asks("ada", LINE)["state"] == "refused"
    assert house.asks("ada", "other-db 30m INC-1 replica lag")["state"] == "active"


@EACH
def test_two_of_security_thaw_it_and_a_word_from_before_does_not_count(swept: TestHouse) -> None:
    says(swept, "eve", "freeze 1h", "breakglass_freeze", reason="Something is wrong.")
    says(swept, "eve", "thaw", "breakglass_thaw", reason="It is fine.")
    behind_our_back(swept, "GRANT incident_writer TO grace")
    swept_again(swept)
    says(swept, "frank", "thaw", "breakglass_thaw", reason="It is fine.")
    assert "Thawed. Asked for orders-db." in swept.told("frank")
    assert "asks to thaw orders-db: It is fine." in security_read(swept)
    says(swept, "frank", "thaw", "breakglass_thaw", reason="I said so.")
    assert "You asked to thaw already" in swept.told("frank")
    says(swept, "eve", "freeze 1h", "breakglass_freeze", reason="Once more.")
    says(swept, "frank", "thaw", "breakglass_thaw", reason="No, it is fine.")
    still = [row.connector for row in swept.rows(Freeze) if row.thawed_at is None]
    assert sorted(str(each) for each in still) == ["None", "orders-db"]
    says(swept, "eve", "thaw", "breakglass_thaw", reason="Replaced.")
    assert "Thawed for everything, orders-db." in swept.told("eve")
    assert swept.asks("ada", LINE)["state"] == "active"
    assert swept.ledger_is_clean()


def test_a_crowd_is_removed_without_an_alert_for_each(swept: TestHouse) -> None:
    roles = [f"crowd{n}" for n in range(drift.MOST_NAMED + 2)]
    swept.target.run(*(f"CREATE ROLE {role} LOGIN" for role in roles))
    try:
        behind_our_back(swept, *(f"GRANT incident_writer TO {role}" for role in roles))
        swept_again(swept)
        assert swept.target.members() == set()
        assert len(alerts(swept, "access_of_ours")) == drift.MOST_NAMED
        assert entries(swept, "UnexplainedAccessRemoved") == len(roles)
    finally:
        swept.target.run(*(f"DROP ROLE {role}" for role in roles))


def test_no_wrong_word_is_said_while_a_target_is_away(swept: TestHouse) -> None:
    swept.asks("ada", LINE)
    with bot_is(swept, "NOLOGIN", "LOGIN"):
        for _ in range(3):
            swept_again(swept)
        (pulse,) = swept.rows(Pulse, Pulse.name == "drift:orders-db")
        assert (pulse.ok, swept.clock.now() - pulse.at > drift.SWEEP_EVERY) == (False, True)
        assert "orders-db" in pulse.note
    assert swept.latest()["state"] == "active"
    swept_again(swept)
    assert swept.rows(Pulse, Pulse.name == "drift:orders-db")[0].ok
    assert swept.latest()["state"] == "active"
    assert swept.rows(Drift) == []


# --- given, and not there -----------------------------------------------------------------------------------


@EACH
def test_what_was_revoked_by_hand_is_closed_as_vanished(swept: TestHouse) -> None:
    swept.asks("ada", LINE)
    with psycopg.connect(dsn_of(swept, "ada"), autocommit=True) as session:
        session.execute("SET ROLE incident_writer")
        swept.target.clean()
        swept_again(swept)
    request = swept.latest()
    assert (request["state"], request["ended"]["because"]) == ("revoked", "vanished")
    (grant,) = request["grants"]
    assert (grant["state"], grant["sessions"]) == ("revoked", "ended")
    assert "the access had vanished at the target" in security_read(swept)
    assert "the access had vanished at the target" in swept.told("ada")
    assert swept.rows(Freeze) + swept.rows(Due, Due.kind == "revoke") == []
    assert swept.asks("ada", LINE)["state"] == "active"
    assert swept.ledger_is_clean()


def test_what_came_back_before_the_second_look_stays(swept: TestHouse) -> None:
    swept.asks("ada", LINE)
    swept.target.clean()
    later(swept, NEXT)
    assert swept.rows(Due, Due.kind == "vanished")
    behind_our_back(swept, "GRANT incident_writer TO ada")
    swept_again(swept)
    assert swept.latest()["state"] == "active"
    assert swept.rows(Due, Due.kind == "vanished") + swept.rows(Freeze) == []


def test_one_of_two_that_vanished_ends_both(build: Build) -> None:
    two = ORDERS_DB.replace(
        '  - {connector: orders-db, role: incident_writer, use: "psql orders"}\n',
        "  - {connector: orders-db, role: incident_writer}\n  - {connector: orders-db, role: incident_reader}\n",
    )
    house = begin(build(orders_db=two))
    house.asks("ada", LINE)
    house.target.run("REVOKE incident_reader FROM ada GRANTED BY bot")
    swept_again(house)
    assert house.latest()["ended"]["because"] == "vanished"
    assert house.target.members() == set()
    assert house.ledger_is_clean()


def test_two_requests_on_one_vanished_access_are_both_closed(swept: TestHouse) -> None:
    swept.asks("ada", LINE)
    swept.asks("ada", LINE)
    swept.target.clean()
    swept_again(swept)
    later(swept, 1)
    assert [request["ended"]["because"] for request in swept.requests()] == ["vanished", "vanished"]
    assert swept.ledger_is_clean()


# --- no drift: what is being given, taken or called at this moment ------------------------------------------


class Meanwhile:
    """The targets as they are; something else happens right before or after a ``method`` of theirs."""

    def __init__(self, house: TestHouse, method: str, **happens: Callable[[], object]) -> None:
        self.house, self.method, self.happens = house, method, dict(happens)

    @property
    def desk(self) -> Desk:
        return replace(self.house.house.desk, targets=self)

    def connector(self, name: str) -> Any:
        return _Between(self.house.house.targets.connector(name), self)

    def gate(self, name: str) -> Gate:
        return self.house.house.targets.gate(name)


class _Between:
    def __init__(self, connector: Any, meanwhile: Meanwhile) -> None:
        self._connector, self._meanwhile = connector, meanwhile

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connector, name)
        if name != self._meanwhile.method:
            return found

        def call(*given: Any) -> Any:
            self._meanwhile.happens.pop("before", lambda: None)()
            answer = found(*given)
            self._meanwhile.happens.pop("after", lambda: None)()
            return answer

        return call


def test_what_is_being_given_is_no_drift(swept: TestHouse) -> None:
    """The target has said yes, and the worker who asked is asleep for longer than its lease."""
    row = about_to_give(swept)
    giving.give(Meanwhile(swept, "grant", after=lambda: swept_again(swept)).desk, row)
    swept.work()
    assert swept.latest()["state"] == "active"
    swept_again(swept)
    assert swept.rows(Freeze) + alerts(swept, "access_of_ours") == []
    assert swept.target.can_write("ada")


def about_to_give(house: TestHouse) -> Due:
    """Asked for, decided, planned; the giving is claimed and not begun."""
    house.clock.advance(milliseconds=1)
    house.person("ada").commands(f"/breakglass {LINE}")
    for due in claimed(house, "desk"):
        house.work_on(due)
    (row,) = claimed(house, "give:orders-db")
    return row


def claimed(house: TestHouse, lane: str) -> list[Due]:
    now = house.clock.now()
    with databases.writing(house.house.engine) as session:
        return timetable.claim(session, lane, "test", now, now, 10)


def ended_meanwhile(house: TestHouse) -> None:
    """The holder gives it back, and it is read as gone: nobody waits for a call that sleeps."""
    presses(house, "ada", "end", house.latest()["id"])
    later(house, 5)
    assert house.latest()["state"] == "failed"


def test_a_call_that_comes_late_is_left_to_its_own_work(swept: TestHouse) -> None:
    row = about_to_give(swept)
    events = {"before": lambda: ended_meanwhile(swept), "after": lambda: swept_now(swept)}
    giving.give(Meanwhile(swept, "grant", **events).desk, row)
    swept.clock.advance(seconds=SETTLED)
    (second_look,) = [due for due in claimed(swept, "drift:orders-db") if due.kind == "unexplained"]
    swept.work_on(second_look)
    assert swept.target.can_write("ada"), "what is to be taken back already explains it"
    swept.work()
    assert entries(swept, "LateCallTakenBack") == 1
    assert not swept.target.can_write("ada")
    assert swept.rows(Freeze) + alerts(swept, "access_of_ours") == []
    assert swept.ledger_is_clean()


def test_a_late_call_of_a_worker_that_died_is_no_drift_either(swept: TestHouse) -> None:
    row = about_to_give(swept)

    def dies() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        giving.give(Meanwhile(swept, "grant", before=lambda: ended_meanwhile(swept), after=dies).desk, row)
    assert swept.target.can_write("ada")
    swept_now(swept)
    later(swept, SETTLED)
    assert swept.target.can_write("ada"), "what was called and not seen is looked for again in a minute"
    later(swept, 60)
    assert entries(swept, "LateCallTakenBack") == 1
    assert not swept.target.can_write("ada")
    assert swept.rows(Freeze) + alerts(swept, "access_of_ours") == []
    assert swept.ledger_is_clean()


@EACH
def test_what_comes_again_soon_after_its_end_is_taken_back_told_and_stops_nothing(swept: TestHouse) -> None:
    swept.asks("ada", LINE)
    presses(swept, "ada", "end", swept.latest()["id"])
    later(swept, 5)
    behind_our_back(swept, "GRANT incident_writer TO ada")
    swept_again(swept)
    assert not swept.target.can_write("ada")
    assert "A call of ours may have come late" in security_read(swept)
    assert swept.rows(Freeze) == []
    assert swept.asks("ada", LINE)["state"] == "active"
    assert swept.ledger_is_clean()


def test_what_is_given_while_the_target_is_asked_is_no_drift(house: TestHouse) -> None:
    meanwhile = Meanwhile(house, "find", before=lambda: house.asks("ada", LINE))
    seen = drift.look(house.house.steps, house.house.shelf.current(), meanwhile, "orders-db")
    assert (seen.ours, seen.vanished) == ([], [])


def test_what_ends_while_the_target_is_asked_is_no_drift(house: TestHouse) -> None:
    request = house.asks("ada", LINE)
    meanwhile = Meanwhile(house, "find", after=lambda: presses(house, "ada", "end", request["id"]))
    seen = drift.look(house.house.steps, house.house.shelf.current(), meanwhile, "orders-db")
    assert (seen.ours, seen.vanished) == ([], [])
    assert house.latest()["state"] == "revoked"


def test_what_is_given_back_during_the_second_look_is_given_back(swept: TestHouse) -> None:
    request = swept.asks("ada", LINE)
    swept.target.clean()
    later(swept, NEXT)
    swept.clock.advance(seconds=SETTLED)
    (due,) = [due for due in claimed(swept, "drift:orders-db") if due.kind == "vanished"]
    mending.close_vanished(
        Meanwhile(swept, "read", after=lambda: presses(swept, "ada", "end", request["id"])).desk, due
    )
    later(swept, 1)
    assert swept.latest()["ended"]["because"] == "given_back"
    assert swept.ledger_is_clean()


def test_what_ended_before_the_second_look_ended_as_it_did(swept: TestHouse) -> None:
    request = swept.asks("ada", LINE)
    swept.target.clean()
    later(swept, NEXT)
    presses(swept, "ada", "end", request["id"])
    later(swept, SETTLED)
    assert swept.latest()["ended"]["because"] == "given_back"
    assert swept.ledger_is_clean()


@EACH
@pytest.mark.parametrize("kind", ["unexplained", "vanished"])
def test_nothing_is_touched_while_somebody_is_at_work_on_the_hold(swept: TestHouse, kind: str) -> None:
    swept.asks("ada", LINE)
    subject = "ada" if kind == "vanished" else "grace"
    if kind == "vanished":
        swept.target.clean()
    else:
        behind_our_back(swept, "GRANT incident_writer TO grace")
    later(swept, NEXT)
    swept.clock.advance(seconds=SETTLED)
    somebody = Due(id="give:x", kind="give", ref="x", lane="x", due_at=swept.clock.now(), lease_by="else")
    with swept.house.steps.step() as step:
        hold = lock_hold(step, Access("orders-db", {"role": "incident_writer"}), subject)
        assert timetable.take_hold(step, hold, somebody)
    swept.work()
    assert swept.rows(Due, Due.kind == kind)
    assert swept.latest()["state"] == "active"
    assert swept.rows(Drift) == []
    swept.later(seconds=5)
    assert swept.rows(Due, Due.kind == kind) == []
    assert swept.latest()["state"] == ("active" if kind == "unexplained" else "revoked")
    assert swept.target.can_write(subject) is False


@pytest.mark.parametrize("kind", ["unexplained", "vanished"])
def test_the_target_is_read_with_the_hold_taken(swept: TestHouse, kind: str) -> None:
    if kind == "vanished":
        swept.asks("ada", LINE)
        swept.target.clean()
    else:
        behind_our_back(swept, "GRANT incident_writer TO grace")
    later(swept, NEXT)
    swept.clock.advance(seconds=SETTLED)
    (due,) = [due for due in claimed(swept, "drift:orders-db") if due.kind == kind]
    holders: list[str | None] = []
    meanwhile = Meanwhile(swept, "read", before=lambda: holders.append(swept.rows(Hold)[0].lease_by))
    JOBS[kind](meanwhile.desk, due)
    assert holders == [f"{due.id} test"]
    assert [hold.lease_by for hold in swept.rows(Hold)] == [None]


@EACH
def test_what_was_taken_without_our_hearing_of_it_is_said_and_its_sessions_are_asked(
    swept: TestHouse,
) -> None:
    def unheard() -> None:
        raise ConnectorError("orders-db does not answer.", unclear=True)

    behind_our_back(swept, "GRANT incident_writer TO grace")
    later(swept, NEXT)
    swept.clock.advance(seconds=SETTLED)
    (due,) = [due for due in claimed(swept, "drift:orders-db") if due.kind == "unexplained"]
    mending.take_unexplained(Meanwhile(swept, "revoke", after=unheard).desk, due)
    assert alerts(swept, "access_of_ours_removed") == []
    assert swept.target.members() == set()
    later(swept, 5)
    (told,) = alerts(swept, "access_of_ours_removed")
    assert told["sessions"] == "none"


def test_a_grant_that_waits_for_the_hold_is_given_after_what_was_there_is_taken(swept: TestHouse) -> None:
    """It was planned before the second look, which stops the connector: what was planned is refused as well."""
    behind_our_back(swept, "GRANT incident_writer TO ada")
    later(swept, NEXT)
    row = about_to_give(swept)
    swept.clock.advance(seconds=SETTLED)
    for due in claimed(swept, "drift:orders-db"):
        swept.work_on(due)
    assert not swept.target.can_write("ada")
    swept.work_on(row)
    swept.work()
    assert swept.latest()["ended"]["because"] == "frozen"
    assert not swept.target.can_write("ada")
    assert swept.ledger_is_clean()


def test_a_covered_grant_leaves_nothing_unexplained(swept: TestHouse) -> None:
    swept.asks("ada", LINE)
    swept.later(minutes=10)
    swept.asks("ada", LINE)
    swept.later(minutes=20)
    assert swept.requests()[0]["grants"][0]["state"] == "left"
    swept_again(swept)
    assert swept.target.can_write("ada")
    assert swept.rows(Drift) + swept.rows(Freeze) == []
