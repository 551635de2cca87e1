"""A target that takes ten changes at a time, and grumbles: many ends, none lost, and no other target waits."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import delete
from sqlmodel import col

from app.errors import ConnectorError
from app.lifecycle.holds import hold_key
from app.lifecycle.taking import take_lane
from app.model import Access, GrantState, RequestState, new_id
from app.store.tables import Due, Grant, Hold, LedgerEntry, Notice, Request
from connectors.interface import Kind, Limits, Receipt
from tests.club import INSIDE, Club, forget
from tests.house import ORDERS_DB, SETTINGS, TestHouse
from tests.serving import wait

AT_ONCE, GRUMBLES = 10, 13
CELLAR = Access("narrow", {"room": "cellar"})


class Narrow(Club):
    """More than ten at once it refuses, and of those that it takes every thirteenth."""

    kind: ClassVar[str] = "narrow"
    limits = Limits(concurrency=AT_ONCE)
    inside, most, calls, refused = 0, 0, 0, 0
    lock, never = threading.Lock(), threading.Event()

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        del access, receipt
        with self.lock:
            Narrow.inside += 1
            Narrow.calls += 1
            Narrow.most = max(Narrow.most, self.inside)
            refuses = self.inside > AT_ONCE or self.calls % GRUMBLES == 0
            Narrow.refused += refuses
        try:
            if refuses:
                raise ConnectorError("narrow says that we ask too often (HTTP 429)", retry_after=1.0)
            self.never.wait(0.005)  # a target takes its time
            INSIDE.pop(subject, None)
        finally:
            with self.lock:
                Narrow.inside -= 1


@pytest.fixture
def house(build: Callable[..., TestHouse]) -> Iterator[TestHouse]:
    settings = SETTINGS + '  narrow: {kind: narrow, subject: "{local}"}\n'
    yield build(
        settings=settings, kinds={"narrow": Kind("narrow", f"{__name__}:Narrow")}, orders_db=ORDERS_DB
    )
    forget()


def crowd(house: TestHouse, many: int) -> None:
    """As many people as that have it, as if they had been given it; all end in half an hour."""
    people = [f"p{number:04}" for number in range(many)]
    for first in range(0, many, 250):
        with house.house.steps.step() as step:
            ends_at = step.now + timedelta(minutes=30)
            for name in people[first : first + 250]:
                request = Request(
                    id=new_id(),
                    team="T0ACME",
                    slack_user=f"U{name}",
                    email=f"{name}@example.com",
                    policy="orders-db",
                    state=str(RequestState.ACTIVE),
                    state_at=step.now,
                    reason="INC-1",
                    requested_at=step.now,
                    granted_at=step.now,
                    active_at=step.now,
                    ends_at=ends_at,
                    duration_seconds=1800,
                )
                hold = hold_key(CELLAR, name)
                step.put(Hold, id=hold, connector="narrow", subject=name, access_key=CELLAR.canonical())
                step.insert(request)
                grant = Grant(
                    id=new_id(),
                    request_id=request.id,
                    n=0,
                    connector="narrow",
                    access=dict(CELLAR.options),
                    subject=name,
                    hold_id=hold,
                    state=str(GrantState.ACTIVE),
                    already_had=False,
                    planned_at=step.now,
                    ends_at=ends_at,
                    granted_at=step.now,
                    verified_at=step.now,
                    expiry="worker",
                )
                step.insert(grant)
                step.due("revoke", grant.id, ends_at, take_lane("narrow"), request=request.id)
                step.record("GrantVerified", "worker", request.id, grant=grant.id)
                INSIDE[name] = None


def test_many_ends_at_a_target_that_takes_ten_at_a_time(
    house: TestHouse, pytestconfig: pytest.Config
) -> None:
    many = pytestconfig.getoption("--crowd")
    crowd(house, many)
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    house.clock.advance(minutes=31)
    pools = house.pools()
    pools.start()
    try:
        pools.wake([take_lane("narrow"), take_lane("orders-db")])
        wait(lambda: not house.target.can_write("ada"), 60, "the other target to be taken back")
        assert INSIDE, "the other target waited for all of the narrow one"

        def nothing_owed() -> bool:
            """The clock goes on to the end: a call whose lease ran out meanwhile is made again, and may be refused."""
            house.clock.advance(seconds=0.25)
            pools.wake([take_lane("narrow")])
            return not INSIDE and not house.rows(Due, Due.kind == "revoke")

        wait(nothing_owed, 180, "everybody to be outside, and nothing to be owed")
    finally:
        with (
            house.house.engine.begin() as connection
        ):  # nothing of this crowd may reach the next test's Slack
            connection.execute(delete(Notice).where(col(Notice.sent_at).is_(None)))
        pools.stop(60)
    assert {grant.state for grant in house.rows(Grant)} == {GrantState.REVOKED}
    assert 1 < Narrow.most <= AT_ONCE
    assert Narrow.refused >= many // GRUMBLES
    assert len([row for row in house.rows(LedgerEntry) if row.action == "GrantRevoked"]) == many + 1
