"""Many ends at one instant share their transactions, and nothing else: what one of them meets is its own affair."""

from collections.abc import Sequence

from sqlalchemy import Connection, event
from sqlmodel import col, update

from app.jobs import TOGETHER
from app.store import due as timetable
from app.store import engine as databases
from app.store.tables import Due, Hold, LedgerEntry
from connectors.access.postgres import PostgresConnector
from connectors.interface import Kind, Receipt
from tests.conftest import BuildHouse
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse

EVERYBODY = ("ada", "alan", "grace", "heidi")
AT_ONCE = ORDERS_DB.replace("{group: engineering}, then: approve", "{group: engineering}, then: grant")
LANE = "take:orders-db"


class Moody(PostgresConnector):
    """A target at which one account cannot be touched."""

    def revoke(self, subject: str, access: dict[str, str], receipt: Receipt | None) -> None:  # type: ignore[override]
        """Alan's, namely."""
        if subject == "alan":
            message = "a defect of the connector"
            raise RuntimeError(message)
        super().revoke(subject, access, receipt)


def all_have_it(house: TestHouse) -> None:
    for name in EVERYBODY:
        house.asks(name, "orders-db 30m INC-1234 replica lag")
    assert house.target.members() == set(EVERYBODY)
    house.clock.advance(minutes=30)


def claim(house: TestHouse) -> list[Due]:
    now = house.clock.now()
    with databases.writing(house.house.engine) as session:
        return timetable.claim(session, LANE, "test", now, now, 100)


def take(house: TestHouse, rows: Sequence[Due]) -> list[str]:
    """As a worker does it; what had to go alone."""
    alone: list[str] = []

    def one_by_one(row: Due) -> None:
        alone.append(row.ref)
        house.work_on(row)

    TOGETHER["revoke"](house.house.desk, rows, one_by_one)
    return alone


def said(house: TestHouse) -> list[str]:
    """What the ledger says of the ends, in order."""
    entries = house.rows(
        LedgerEntry, col(LedgerEntry.action).in_(["EndBegun", "GrantRevoked", "RequestEnded"])
    )
    return sorted(f"{entry.action} {entry.request_id}" for entry in entries)


def whole_story(house: TestHouse) -> list[str]:
    actions = ("EndBegun", "GrantRevoked", "RequestEnded")
    return sorted(f"{action} {request['id']}" for request in house.requests() for action in actions)


@EACH
def test_many_ends_are_two_transactions_and_each_has_its_own_entries(build: BuildHouse) -> None:
    house = build(orders_db=AT_ONCE)
    all_have_it(house)
    rows, commits = claim(house), list[Connection]()
    event.listen(house.house.engine, "commit", commits.append)
    assert take(house, rows) == []
    assert len([each for each in commits if not each.get_execution_options().get("reading")]) == 2
    assert house.target.members() == set()
    assert {request["state"] for request in house.requests()} == {"revoked"}
    assert said(house) == whole_story(house)
    assert not house.rows(Due, col(Due.kind) == "revoke")
    assert not house.rows(Hold, col(Hold.lease_by).is_not(None))
    assert house.ledger_is_clean()
    house.deliver()
    for name in EVERYBODY:
        assert "taken back" in house.told(name) or "revoked" in house.told(name).casefold()


def test_what_one_target_account_refuses_keeps_no_other_waiting(build: BuildHouse) -> None:
    kind = Kind("moody", f"{__name__}:Moody")
    house = build(SETTINGS.replace("kind: postgres", "kind: moody"), kinds={"moody": kind}, orders_db=AT_ONCE)
    all_have_it(house)
    assert take(house, claim(house)) == []
    assert house.target.members() == {"alan"}
    states = {request["requester"]["email"]: request["state"] for request in house.requests()}
    assert states.pop("alan@example.com") == "revoking"
    assert set(states.values()) == {"revoked"}
    (owed,) = house.rows(Due, col(Due.kind) == "revoke")
    assert "RuntimeError" in owed.data["error"]
    assert owed.due_at > house.clock.now()
    house.deliver()
    assert any("Still open until" in message.plain() for message in house.person("alan").dm())
    assert house.ledger_is_clean()


def test_what_cannot_be_begun_with_the_others_goes_alone_and_so_do_they(build: BuildHouse) -> None:
    """Such as what an older version owed, which does not say of which request it is."""
    house = build(orders_db=AT_ONCE)
    all_have_it(house)
    with databases.writing(house.house.engine) as session:
        session.connection().execute(update(Due).where(col(Due.lane) == LANE).values(data={}))
    rows = claim(house)
    assert sorted(take(house, rows)) == sorted(row.ref for row in rows)
    assert house.target.members() == set()
    assert said(house) == whole_story(house)
    assert house.ledger_is_clean()


def test_what_is_asked_for_again_meanwhile_is_looked_at_again(build: BuildHouse) -> None:
    house = build(orders_db=AT_ONCE)
    all_have_it(house)
    rows = claim(house)
    with databases.writing(house.house.engine) as session:
        session.connection().execute(
            update(Due).where(col(Due.id) == rows[0].id).values(rung=rows[0].rung + 1)
        )
    assert take(house, rows) == []
    assert house.target.members() == set()
    assert [row.id for row in house.rows(Due, col(Due.kind) == "revoke")] == [rows[0].id]
    house.work()
    assert said(house) == whole_story(house)
    assert not house.rows(Due, col(Due.kind) == "revoke")
    assert house.ledger_is_clean()


def test_work_on_one_hold_is_done_one_after_the_other_even_among_many(build: BuildHouse) -> None:
    house = build(orders_db=AT_ONCE)
    all_have_it(house)
    (hold,) = house.rows(Hold, col(Hold.subject) == "grace")
    until = house.clock.now() + timetable.RENEW_EVERY
    with databases.writing(house.house.engine) as session:
        taken = {"lease_by": "other work", "lease_until": until}
        session.connection().execute(update(Hold).where(col(Hold.id) == hold.id).values(taken))
    assert take(house, claim(house)) == []
    assert house.target.members() == {"grace"}
    house.later(seconds=2)
    assert house.target.members() == set()
    assert said(house) == whole_story(house)
