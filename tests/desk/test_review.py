"""What a reader who means harm looks for at the desk: stale rights, late calls, presses that stop other presses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.errors import ConnectorError, Refused
from app.lifecycle import assessing, deciding, ending, opening
from app.lifecycle.moves import Lost
from app.lifecycle.opening import HOUSE, Said, store_press
from app.model import SlackUser, new_id
from app.store.step import Step
from app.store.tables import Due, Freeze, Grant, Hold, LedgerEntry, Notice, PersonRow, Request
from app.targets import Guarded
from tests.hostile.forging import rewrite
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse
from tests.serving import together

Build = Callable[..., TestHouse]
Patch = pytest.MonkeyPatch
HEAD = ORDERS_DB[: ORDERS_DB.index("approval:")]
LINE = "orders-db 30m INC-1 replica lag"


def says(at: TestHouse, name: str, kind: str, subject: str | None = None, reason: str | None = None) -> None:
    """A press of that person's as ``web`` stores it, on the newest request unless said; nobody has judged it yet."""
    slack = SlackUser("T0ACME", f"U0{name.upper()}")
    said = Said(kind, slack, subject or at.latest()["id"], reason=reason)
    store_press(at.house.steps, said, new_id())


def asked(at: TestHouse, name: str) -> bool:
    return any(b.action_id == "breakglass_approve" for m in at.person(name).dm() for b in m.buttons())


def told_late(at: TestHouse) -> int:
    return sum(row.data.get("event") == "overdue" for row in at.rows(Notice, Notice.kind == "alert"))


def decided(at: TestHouse, name: str) -> dict[str, Any]:
    """That person's request, planned or refused, and nothing given yet."""
    at.person(name).commands(f"/breakglass {LINE}")
    for row in at._claim():  # noqa: SLF001 - one round of work, not all of it
        at.work_on(row)
    return at.latest()


# --- taking back: told when late, whatever fails; nothing is given after its end ------------------------------


def test_a_late_revocation_is_told_although_its_connector_cannot_be_built(
    house: TestHouse, monkeypatch: Patch
) -> None:
    house.asks("ada", LINE)

    def gone(_name: str) -> None:
        message = "orders-db cannot be used: its secret is missing"
        raise ConnectorError(message)

    monkeypatch.setattr(house.house.targets, "connector", gone)
    house.later(minutes=30)
    for _ in range(7):
        house.later(minutes=1)
    assert told_late(house) == 2
    assert house.latest()["grants"][0]["last_error"]
    monkeypatch.undo()
    house.later(minutes=1)
    assert house.latest()["state"] == "revoked"


def test_a_connector_that_fails_in_its_own_way_is_a_failed_attempt_and_told(
    house: TestHouse, monkeypatch: Patch
) -> None:
    house.asks("ada", LINE)
    guarded = house.house.targets.connector("orders-db")
    assert isinstance(guarded, Guarded)

    def defect(*_given: Any) -> None:
        raise KeyError

    monkeypatch.setattr(guarded.inner, "revoke", defect)
    house.later(minutes=30)
    house.later(minutes=2)
    assert told_late(house) == 1
    assert "KeyError" in house.latest()["grants"][0]["last_error"]


def test_what_a_worker_gives_that_was_asleep_until_after_the_end_is_taken_back(
    house: TestHouse, monkeypatch: Patch
) -> None:
    """Its leases ran out, others took back and said so, and only then did its call reach the target."""
    connector = house.house.targets.connector("orders-db")
    gives = connector.grant

    def asleep(*given: Any) -> Any:
        monkeypatch.undo()
        house.clock.advance(seconds=5)
        says(house, "ada", "end")
        house.work()
        assert house.latest()["state"] in {"failed", "revoked"}
        return gives(*given)

    monkeypatch.setattr(connector, "grant", asleep)
    house.asks("ada", LINE)
    assert not house.target.can_write("ada")
    assert house.rows(LedgerEntry, LedgerEntry.action == "LateCallTakenBack")
    assert house.ledger_is_clean()


@EACH
def test_what_is_given_so_late_and_without_an_answer_is_taken_back_too(
    house: TestHouse, monkeypatch: Patch
) -> None:
    connector = house.house.targets.connector("orders-db")
    gives = connector.grant

    def asleep(*given: Any) -> Any:
        monkeypatch.undo()
        house.clock.advance(seconds=5)
        says(house, "ada", "end")
        house.work()
        gives(*given)
        message = "orders-db did not answer in time."
        raise ConnectorError(message, unclear=True)

    monkeypatch.setattr(connector, "grant", asleep)
    house.asks("ada", LINE)
    assert not house.target.can_write("ada")


def test_what_was_given_late_stays_while_another_request_holds_it(
    house: TestHouse, monkeypatch: Patch
) -> None:
    connector = house.house.targets.connector("orders-db")
    gives = connector.grant

    def asleep(*given: Any) -> Any:
        monkeypatch.undo()
        house.clock.advance(seconds=5)
        says(house, "ada", "end")
        house.work()
        assert house.asks("ada", LINE)["state"] == "active"
        return gives(*given)

    monkeypatch.setattr(connector, "grant", asleep)
    house.asks("ada", LINE)
    assert house.target.can_write("ada")
    house.later(minutes=30)
    assert not house.target.can_write("ada")


def test_nothing_is_given_five_minutes_after_its_plan_though_the_clock_was_set_back(
    house: TestHouse, monkeypatch: Patch
) -> None:
    decided(house, "ada")
    ahead = house.clock.now() + timedelta(minutes=5)
    monkeypatch.setattr(house.clock, "latest", lambda: ahead)
    house.work()
    assert house.latest()["state"] == "failed"
    assert not house.target.can_write("ada")


@EACH
def test_a_lease_that_a_wrong_clock_wrote_keeps_no_revocation(house: TestHouse) -> None:
    house.asks("ada", LINE)
    says(house, "ada", "end")
    with house.house.steps.step() as step:
        far = step.now + timedelta(hours=1)
        (grant,) = house.rows(Grant)
        row = step.session.get(Due, f"revoke:{grant.id}")
        hold = step.lock(Hold, grant.hold_id)
        assert row is not None
        assert hold is not None
        row.lease_by, row.lease_until = "a host that is gone", far
        hold.lease_by, hold.lease_until = "work of a host that is gone", far
        step.session.add_all([row, hold])
    house.work()
    assert house.latest()["state"] == "revoked"
    assert not house.target.can_write("ada")


# --- taking only ---------------------------------------------------------------------------------------------


@pytest.fixture
def faulty(house: TestHouse, monkeypatch: Patch) -> Callable[[], None]:
    """From now on the house runs on the last good folder, because the one on disk is faulty."""
    return lambda: monkeypatch.setattr(
        house.house.shelf, "taking_only", lambda: "the policy folder is faulty"
    )


def test_on_a_faulty_folder_nothing_is_approved(house: TestHouse, faulty: Callable[[], None]) -> None:
    house.asks("alan", LINE)
    faulty()
    assert "folder is faulty" in house.presses("grace", "approve")
    assert house.latest()["state"] == "pending"
    assert not house.target.can_write("alan")


def test_on_a_faulty_folder_nothing_is_extended(house: TestHouse, faulty: Callable[[], None]) -> None:
    house.asks("ada", LINE)
    faulty()
    assert "folder is faulty" in house.presses("ada", "extend")
    assert house.latest()["extended_seconds"] == 0


def test_on_a_faulty_folder_nothing_that_was_planned_is_given(
    house: TestHouse, faulty: Callable[[], None]
) -> None:
    assert decided(house, "ada")["state"] == "granting"
    faulty()
    house.work()
    assert not house.target.can_write("ada")
    house.later(minutes=5)
    assert house.latest()["state"] == "failed"


# --- agreement -----------------------------------------------------------------------------------------------


def test_an_extension_that_is_approved_at_the_end_comes_too_late(build: Build) -> None:
    house = build(orders_db=ORDERS_DB.replace("within: 10m", "within: 20m"))
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    house.later(minutes=20)
    house.presses("alan", "extend")
    house.clock.advance(minutes=10)
    says(house, "heidi", "approve")
    house.work()
    assert house.latest()["state"] == "revoked"
    assert not house.target.can_write("alan")


def test_a_yes_of_an_earlier_stage_may_be_turned_into_a_no(build: Build) -> None:
    stages = "approval:\n  stages:\n    - [{by: [group:leads]}]\n    - [{by: [group:security], count: 2}]\n"
    house = build(orders_db=HEAD + stages)
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    says(house, "heidi", "deny")
    house.work()
    assert house.latest()["state"] == "pending", "heidi said no yes, and may say none now"
    says(house, "grace", "deny", reason="I was wrong.")
    house.work()
    assert house.latest()["state"] == "denied"
    assert house.ledger_is_clean()


def test_a_press_refuses_what_is_asked_by_a_policy_that_is_gone(build: Build) -> None:
    house = build(orders_db=ORDERS_DB, other=ORDERS_DB)
    house.asks("alan", LINE)
    (house.policies / "orders-db.yaml").unlink()
    house.house.shelf.reload()
    assert "gone" in house.presses("grace", "approve")
    assert house.latest()["state"] == "refused"
    assert house.ledger_is_clean()


def test_the_last_yes_refuses_whoever_has_no_account_any_more_and_tells_them_so(house: TestHouse) -> None:
    house.asks("alan", LINE)
    rewrite(house, settings=SETTINGS + "identities:\n  alan@example.com: {orders-db: turing}\n")
    assert "cannot be given now: orders-db has no account" in house.presses("grace", "approve")
    request = house.latest()
    assert request["state"] == "refused"
    assert "turing" in request["ended"]["reason"]
    assert house.ledger_is_clean()


def test_a_new_stage_begins_with_its_first_step(build: Build) -> None:
    house = build()
    house.asks("alan", LINE)
    stages = (
        "approval:\n  stages:\n    - [{by: [group:leads]}]\n"
        "    - [{by: [user:eve@example.com]}, {by: [user:frank@example.com]}]\n"
    )
    rewrite(house, orders_db=HEAD + stages)
    house.presses("grace", "approve")
    assert house.latest()["state"] == "pending"
    assert asked(house, "eve")
    assert not asked(house, "frank")
    house.later(minutes=15)
    assert asked(house, "frank")


def test_nobody_approves_what_is_now_given_to_their_own_account(house: TestHouse) -> None:
    house.asks("alan", LINE)
    rewrite(house, settings=SETTINGS + "identities:\n  alan@example.com: {orders-db: grace}\n")
    house.presses("grace", "approve")
    assert house.latest()["state"] == "pending"
    assert not house.target.can_write("grace")


def test_the_last_yes_gives_nobody_an_account_that_was_somebody_elses(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.presses("ada", "end")
    house.asks("alan", LINE)
    rewrite(house, settings=SETTINGS + "identities:\n  alan@example.com: {orders-db: ada}\n")
    house.presses("grace", "approve")
    assert house.latest()["state"] == "refused"
    assert not house.target.can_write("ada")


def test_whoever_is_not_asked_for_more_time_hears_nothing_of_it(build: Build) -> None:
    house = build()
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    rewrite(house, orders_db=HEAD + "approval:\n  - {by: [group:security], count: 2}\n")
    house.presses("alan", "extend")
    house.presses("eve", "approve")
    assert asked(house, "frank")
    assert not asked(house, "heidi")


@EACH
def test_a_decision_that_turns_under_its_lock_is_made_again_with_the_accounts(
    build: Build, monkeypatch: Patch
) -> None:
    """Refused for an earlier use that failed meanwhile: what is given then was looked at first."""
    once = ORDERS_DB.replace("{on_call: {schedule: sre-primary}}", "{used: {fewer_than: 1, in: 30d}}")
    house = build(orders_db=once)
    connector = house.house.targets.connector("orders-db")

    def busy(*_given: Any) -> None:
        message = "orders-db is busy"
        raise ConnectorError(message)

    monkeypatch.setattr(connector, "grant", busy)
    assert house.asks("frank", LINE)["state"] == "granting"
    first, looks = house.latest()["id"], assessing.assess

    def meanwhile(*given: Any) -> Any:
        found = looks(*given)
        monkeypatch.undo()
        says(house, "frank", "end", first)
        house.work()
        return found

    monkeypatch.setattr(deciding, "assess", meanwhile)
    house.clock.advance(milliseconds=1)
    house.person("frank").commands(f"/breakglass {LINE}")
    with pytest.raises(Lost):
        house.work()
    house.later(seconds=5)
    assert house.request(first)["state"] == "failed"
    assert house.latest()["state"] == "active"
    assert len(house.latest()["grants"]) == 1


# --- presses that stand in the way of others -----------------------------------------------------------------


@EACH
@pytest.mark.parametrize("kind", ["end", "not_me"])
def test_what_is_ones_own_is_given_back_though_slack_says_nothing(house: TestHouse, kind: str) -> None:
    house.asks("ada", LINE)
    house.clock.advance(seconds=61)
    house.slack.faults.rate_limit("users.info", retry_after=30)
    says(house, "ada", kind)
    house.work()
    assert house.latest()["state"] == "revoked"
    assert not house.target.can_write("ada")


def test_what_is_ones_own_is_given_back_by_whoever_may_ask_for_nothing_any_more(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.slack.faults.change_person("ada", email="somebody@example.com")
    house.clock.advance(seconds=61)
    says(house, "ada", "end")
    house.work()
    assert (house.latest()["state"], house.latest()["ended"]["by"]) == ("revoked", "ada@example.com")


def test_giving_back_does_not_wait_behind_an_extension_that_nobody_can_judge(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.clock.advance(seconds=61)
    house.slack.faults.rate_limit("users.info", retry_after=30)
    says(house, "ada", "extend")
    house.work()
    says(house, "ada", "end")
    house.work()
    assert house.latest()["state"] == "revoked"


def test_a_press_that_cannot_be_judged_at_all_stops_no_other(house: TestHouse) -> None:
    house.asks("ada", LINE)
    says(house, "ada", "of-another-version")
    says(house, "ada", "end")
    house.work()
    assert house.latest()["state"] == "revoked"
    assert house.ledger_is_clean()


@EACH
def test_a_press_that_cannot_be_judged_at_all_is_refused_in_the_end(house: TestHouse) -> None:
    house.asks("ada", LINE)
    says(house, "ada", "of-another-version")
    with pytest.raises(KeyError):
        house.work()
    house.later(minutes=2)
    assert "Nothing was changed" in house.told("ada")


@EACH
def test_one_person_cannot_fill_the_queue_of_presses(house: TestHouse) -> None:
    house.asks("alan", LINE)
    for _ in range(opening.MOST_UNJUDGED):
        says(house, "mallory", "deny")
    with pytest.raises(Refused, match="wait"):
        says(house, "mallory", "deny")
    says(house, "grace", "approve")
    house.work()
    assert house.latest()["state"] == "active"


@EACH
def test_twenty_open_requests_are_twenty_however_many_are_asked_for_at_once(house: TestHouse) -> None:
    wish = opening.Wish(SlackUser("T0ACME", "U0ALAN"), "orders-db", None, "INC-1 replica lag", None)

    def ask() -> bool:
        try:
            return opening.open_request(house.house.steps, wish, new_id()) is not None
        except Refused:
            return False

    assert sum(together(*[ask] * 30)) == opening.MOST_OPEN


@EACH
def test_presses_do_not_wait_where_decisions_wait(house: TestHouse) -> None:
    """A target that hangs fills the lane of decisions; a revocation that somebody pressed is judged in another."""
    house.asks("alan", LINE)
    house.person("ada").commands(f"/breakglass {LINE}")
    says(house, "alan", "cancel", house.requests()[0]["id"])
    lanes = {row.kind: row.lane for row in house.rows(Due)}
    assert len({lanes[kind] for kind in ("decide", "judge", "ask")}) == 3


# --- the house -----------------------------------------------------------------------------------------------


def test_one_request_that_cannot_be_stopped_keeps_no_other(build: Build, monkeypatch: Patch) -> None:
    at = build()
    odd, other = at.asks("ada", LINE)["id"], at.asks("alan", LINE)["id"]
    stops = ending.stop

    def stumbles(step: Step, request: Request, *more: Any) -> bool:
        if request.id == odd:
            message = "of another version"
            raise AssertionError(message)
        return stops(step, request, *more)

    monkeypatch.setattr(ending, "stop", stumbles)
    says(at, "eve", "revoke_all", HOUSE, "odd")
    with pytest.raises(AssertionError):
        at.work()
    assert at.request(other)["state"] == "cancelled"


def test_who_asked_to_thaw_and_left_the_team_does_not_count_any_more(house: TestHouse) -> None:
    says(house, "eve", "freeze", HOUSE, "odd")
    house.work()
    says(house, "eve", "thaw", HOUSE, "all right")
    house.work()
    rewrite(house, settings=SETTINGS.replace("eve@example.com, frank", "heidi@example.com, frank"))
    says(house, "frank", "thaw", HOUSE, "all right")
    house.work()
    (freeze,) = house.rows(Freeze)
    assert freeze.thawed_at is None
    says(house, "heidi", "thaw", HOUSE, "all right")
    house.work()
    (freeze,) = house.rows(Freeze)
    assert freeze.thawed_by == "heidi@example.com"


def test_what_a_clock_saw_that_was_set_back_is_not_fresh(house: TestHouse) -> None:
    house.asks("ada", LINE)
    house.presses("ada", "end")
    house.slack.faults.deactivate("ada")
    with house.house.steps.step() as step:
        row = step.session.get(PersonRow, "T0ACME:U0ADA")
        assert row is not None
        step.change(row, profile_at=step.now + timedelta(minutes=10))
    assert house.asks("ada", LINE)["state"] == "refused"


@EACH
def test_not_me_stops_what_was_opened_while_it_was_judged(house: TestHouse, monkeypatch: Patch) -> None:
    looks = assessing.assess

    def meanwhile(*given: Any) -> Any:
        found = looks(*given)
        with house.house.steps.step() as step:
            ending.freeze_person(step, SlackUser("T0ACME", "U0ADA"), "ada@example.com")
        return found

    monkeypatch.setattr(deciding, "assess", meanwhile)
    request = house.asks("ada", LINE)
    assert request["state"] == "refused"
    assert not house.target.can_write("ada")


def test_not_me_freezes_also_whom_nobody_here_has_seen_yet(house: TestHouse) -> None:
    house.slack.faults.rate_limit("users.info", retry_after=1, count=2)
    assert house.asks("ada", LINE)["state"] == "deciding"
    says(house, "ada", "not_me")
    house.work()
    assert house.latest()["state"] == "cancelled"
    assert house.asks("ada", LINE)["state"] == "refused"


@EACH
def test_locks_are_taken_in_one_order(build: Build, monkeypatch: Patch) -> None:
    """Requests, limits, freeze, holds: two steps that both wait for one another would hang."""
    entry = "  - {connector: orders-db, role: incident_"
    two = ORDERS_DB.replace("duration:", f"{entry}reader}}\n{entry}admin}}\nduration:")
    house = build(orders_db=two)
    taken: dict[int, list[str]] = {}
    takes = Step.lock_name

    def noted(step: Step, name: str, *, shared: bool = False) -> None:
        taken.setdefault(id(step), []).append(name)
        steps.append(step)
        takes(step, name, shared=shared)

    steps: list[Step] = []  # kept, so that no two have the same id
    monkeypatch.setattr(Step, "lock_name", noted)
    house.asks("ada", LINE)
    house.asks("alan", LINE)
    house.presses("grace", "approve")
    says(house, "eve", "freeze", HOUSE, "odd")
    house.work()
    assert house.rows(Freeze)
    order = {"presses": 0, "limits": 1, "freeze": 2, "hold": 3, "person": -1, "asks": -1}
    for names in taken.values():
        once = [(order[name.partition(":")[0]], name) for name in dict.fromkeys(names) if name != "outbox"]
        assert once == sorted(once), names
