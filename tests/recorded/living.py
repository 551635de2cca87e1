"""What happened in the house that was recorded, with these policies."""

from app import canary
from app.store import due as timetable
from app.store import engine as databases
from tests.house import ORDERS_DB, TestHouse

READING = """
title: Orders database, read
owner: user:dba-lead@example.com
risk: low
unknown: refuse
access: [{connector: orders-db, role: incident_reader}]
duration: {default: 30m, max: 4h}
rules: [{name: engineering, if: {group: engineering}, then: grant}]
"""
POLICIES = {"orders-db": ORDERS_DB, "reading": READING}
WHY = "INC-1234 replica lag"


def live(house: TestHouse) -> None:
    """A few hours in the life of a house, until it stops with something in every state."""
    _over(house)
    house.asks("grace", f"reading 5m {WHY}")
    house.clock.advance(minutes=4)
    house.asks("ada", f"orders-db 4h {WHY}")
    house.asks("alan", f"orders-db 2h {WHY}")
    house.clock.advance(minutes=1)
    _ask_only(house, "heidi", f"reading 1h {WHY}")
    _work(house, "desk")  # granting: planned, and nobody has called the target yet
    house.target.server.run(f'ALTER DATABASE "{house.target.name}" ALLOW_CONNECTIONS false')
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
    house.target.server.run(f"{end}'{house.target.name}'")
    _work(house, "take:orders-db")  # revoking: the target does not answer
    canary.send(house.house.steps, house.house.steps.rings)
    _ask_only(house, "ada", f"reading 30m {WHY}")  # deciding


def _over(house: TestHouse) -> None:
    """What is over: refused, denied, cancelled, timed out, revoked, failed."""
    house.asks("mallory", f"orders-db 30m {WHY}")
    house.asks("alan", f"orders-db 30m {WHY}")
    house.presses("heidi", "deny")
    house.person("heidi").form(callback_id="breakglass_deny_reason").fill(reason="Not tonight.").submit()
    house.work()
    house.asks("alan", f"orders-db 30m {WHY}")
    house.presses("alan", "cancel")
    house.asks("alan", f"orders-db 30m {WHY}")
    house.later(minutes=4)
    house.later(minutes=6)
    house.asks("ada", f"reading 5m {WHY}")
    house.later(minutes=5)
    _ask_only(house, "heidi", f"reading 30m {WHY}")
    _work(house, "desk")
    house.later(minutes=6)


def _ask_only(house: TestHouse, name: str, line: str) -> None:
    house.clock.advance(milliseconds=1)
    house.person(name).commands(f"/breakglass {line}")


def _work(house: TestHouse, lane: str) -> None:
    """Only what is due in this lane, and then everything stops."""
    now = house.clock.now()
    with databases.writing(house.house.engine) as session:
        rows = timetable.claim(session, lane, "gone", now, now, 100)
    for row in rows:
        house.work_on(row)
