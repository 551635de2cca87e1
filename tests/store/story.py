"""A night's worth of rows and entries, as the service writes them, with no audited column left empty."""

from datetime import timedelta
from typing import Any

from sqlmodel import SQLModel

from app.model import GrantState, RequestState
from app.store.step import Step, Steps
from app.store.tables import Approval, Freeze, Grant, Hold, PersonRow, Press, Request
from tests.store.conftest import START, TestClock

REASON = "INC-1234 replica lag \u2028 \x01 \x7f 😀 <!channel> =HYPERLINK(1)"
ADA, GRACE = "slack:T1/UADA", "slack:T1/UGRACE"


def request(key: str, **values: Any) -> Request:
    usual: dict[str, Any] = {
        "team": "T1",
        "slack_user": "UADA",
        "policy": "prod-db",
        "state": str(RequestState.DECIDING),
        "state_at": START,
        "reason": REASON,
        "requested_at": START,
        "asked_seconds": 1800,
    }
    return Request(id=key, **{**usual, **values})


def grant(key: str, request_id: str, **values: Any) -> Grant:
    usual: dict[str, Any] = {
        "n": 1,
        "connector": "orders-db",
        "access": {"role": "incident_writer", "database": "orders"},
        "subject": "ada",
        "hold_id": "hold1",
        "state": str(GrantState.PLANNED),
        "already_had": False,
        "planned_at": START,
        "ends_at": START + timedelta(minutes=30),
        "expiry": "worker",
    }
    return Grant(id=key, request_id=request_id, **{**usual, **values})


def approval(key: str, request_id: str, **values: Any) -> Approval:
    usual: dict[str, Any] = {
        "round": 0,
        "team": "T1",
        "slack_user": "UGRACE",
        "email": "grace@example.com",
        "principal": "group:leads",
        "verdict": "approve",
        "stage": 1,
        "step": 1,
        "note": "fine",
        "at": START,
    }
    return Approval(id=key, request_id=request_id, **{**usual, **values})


def tell(steps: Steps, clock: TestClock) -> None:
    """Ada is bound, asks, is approved, given, extended, and it is taken back; then a freeze is thawed."""
    with steps.step() as step:
        person = PersonRow(
            id="T1/UADA", team="T1", slack_user="UADA", email="ada@example.com", bound_at=step.now, name="Ada"
        )
        step.insert(person)
        step.record("PersonBound", "clock")
    with steps.step() as step:
        step.insert(request("req1"))
        step.record("RequestOpened", ADA, "req1")
    clock.advance(0.25)
    _decided_and_approved(steps, clock)
    _given(steps, clock)
    _taken(steps, clock)
    _the_rest(steps, clock)


def _move(step: Step, row: Any, to: str, /, **values: Any) -> None:
    assert step.change(row, state=to, **values)


def _row(step: Step, table: type[SQLModel], key: str) -> Any:
    row = step.lock(table, key)
    assert row is not None
    return row


def _decided_and_approved(steps: Steps, clock: TestClock) -> None:
    decision = {
        "verdict": "approve",
        "rule": "anyone",
        "because": ["Ada is in engineering"],
        "ratio": 1.0,
        "facts": [],
    }
    with steps.step() as step:
        _move(
            step,
            _row(step, Request, "req1"),
            RequestState.PENDING,
            state_at=step.now,
            email="ada@example.com",
            name="Ada",
            policy_digest="sha256:00",
            incident="INC-1234",
            decision=decision,
            plan={"stages": [[{"by": ["group:leads"], "count": 1}]], "factor": 1e21},
            stage=1,
            step=1,
            step_at=step.now,
            decide_by=step.now + timedelta(minutes=15),
            duration_seconds=1800,
            max_seconds=14_400,
        )
        step.record("RequestDecided", "policy", "req1", verdict="approve")
    clock.advance(7)
    with steps.step() as step:
        press = Press(
            id="press1",
            subject="req1",
            n=1,
            kind="approve",
            team="T1",
            slack_user="UGRACE",
            at=step.now,
            data={},
        )
        step.insert(press)
        step.record("Pressed", GRACE, "req1")
    with steps.step() as step:
        step.insert(approval("app1", "req1", at=step.now))
        step.change(
            _row(step, Press, "press1"), judged_at=step.now, outcome="Approved.", data={"channel": "C1"}
        )
        step.record("Approved", GRACE, "req1")


def _given(steps: Steps, clock: TestClock) -> None:
    ends = clock.now() + timedelta(minutes=30)
    with steps.step() as step:
        step.session.add(Hold(id="hold1", connector="orders-db", subject="ada", access_key="{}"))
        step.session.flush()
        _move(step, _row(step, Request, "req1"), RequestState.GRANTING, granted_at=step.now, ends_at=ends)
        step.insert(grant("grant1", "req1", ends_at=ends))
        step.record("GrantPlanned", "policy", "req1")
    with steps.step() as step:
        _move(step, _row(step, Grant, "grant1"), GrantState.GRANTING)
        step.record("GrantCalled", "worker", "req1")
    with steps.step() as step:
        receipt = {"grantor": 16_384, "names": ["incident_writer"]}
        row = _row(step, Grant, "grant1")
        _move(step, row, GrantState.ACTIVE, granted_at=step.now, verified_at=step.now, receipt=receipt)
        step.record("GrantVerified", "worker", "req1")
        confirmed: dict[str, Any] = {"confirm_by": ["group:security"], "confirmed_by": "eve@example.com"}
        confirmed |= {"confirm_due": ends, "confirmed_at": step.now}
        _move(step, _row(step, Request, "req1"), RequestState.ACTIVE, active_at=step.now, **confirmed)
        step.record("RequestActive", "worker", "req1")
    with steps.step() as step:
        row = _row(step, Request, "req1")
        step.change(row, round=1, extension_seconds=600, extensions=1, extended_seconds=600, over_limit=True)
        step.change(row, subjects=[["orders-db", "ada"]])
        step.record("RequestExtended", ADA, "req1")


def _taken(steps: Steps, clock: TestClock) -> None:
    clock.advance(1800)
    with steps.step() as step:
        _move(step, _row(step, Request, "req1"), RequestState.REVOKING)
        _move(step, _row(step, Grant, "grant1"), GrantState.REVOKING)
        step.record("RevocationBegun", "clock", "req1")
    with steps.step() as step:
        taken = {"revoked_at": step.now, "revoke_verified_at": step.now, "left_because": "standing"}
        row = _row(step, Grant, "grant1")
        _move(step, row, GrantState.LEFT, sessions="none", left_behind=["a function"], **taken)
        step.change(row, attempts=3, last_error="housekeeping needs no entry")
        over = {"ended_because": "expired", "ended_by": "clock", "ended_reason": "", "ended_at": step.now}
        _move(step, _row(step, Request, "req1"), RequestState.REVOKED, **over)
        step.record("AccessTaken", "worker", "req1")


def _the_rest(steps: Steps, clock: TestClock) -> None:
    with steps.step() as step:
        until = step.now + timedelta(hours=4)
        by, where = "eve@example.com", "orders-db"
        step.insert(Freeze(id="freeze1", since=step.now, until=until, by=by, reason="drill", connector=where))
        step.record("Frozen", "slack:T1/UEVE")
    clock.advance(60)
    with steps.step() as step:
        row = _row(step, Freeze, "freeze1")
        step.change(row, thaw_asked_by="eve@example.com", thaw_reason="over")
        step.change(row, thawed_at=step.now, thawed_by="frank@example.com")
        step.record("Thawed", "slack:T1/UFRANK")
    with steps.step() as step:
        row = _row(step, PersonRow, "T1/UADA")
        step.change(
            row, proposed_email="ada@example.org", accept_asked_by="eve@example.com", frozen_at=step.now
        )
        step.record("PersonFrozen", "slack:T1/UADA")
    with steps.step() as step:
        step.record("PoliciesLoaded", "clock", digest="sha256:00", huge=1e21, small=1e-7, third=1 / 3)
