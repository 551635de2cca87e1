"""What comes due while something is gone: how long after its return all of it is done."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlmodel import col, select

from app.model import RequestState
from app.store.engine import reading
from app.store.tables import Grant, Request
from tests.bench.asking import Sender
from tests.bench.figures import OUTAGE, Sample
from tests.bench.scene import Scene
from tests.bench.size import Size
from tests.bench.slack import person_id
from tests.servers import PostgresServer, wait_until

_PATIENCE = 120.0
_LOOK_EVERY = 0.1
_LONGER = timedelta(seconds=2)


class _Server(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


def measure(scene: Scene, sender: Sender, size: Size, database: PostgresServer | None) -> dict[str, Sample]:
    """Seconds until each end is read back: without Valkey, from its time; else from the return of what it needs."""
    found = {
        "Valkey": _through(scene, sender, size, scene.valkey, late_by_it=False),
        "the target": _through(scene, sender, size, scene.target, late_by_it=True),
    }
    if database is not None:
        found["the database"] = _through(scene, sender, size, database, late_by_it=True)
    return {OUTAGE.format(name): sample for name, sample in found.items()}


def _through(scene: Scene, sender: Sender, size: Size, server: _Server, *, late_by_it: bool) -> Sample:
    people = scene.newcomers(size.outage)
    for number in people:
        sender.command(number, f"orders-read {size.away}s INC-1234 replica lag")
    _until_all_are(RequestState.ACTIVE, scene, people)
    ends = [ends_at for ends_at, _ in _rows(scene, people, RequestState.ACTIVE)]
    server.stop()
    if datetime.now(UTC) > min(ends):
        message = "the first ended before the outage: this machine is too slow, or too busy"
        raise RuntimeError(message)
    time.sleep((max(ends) + _LONGER - datetime.now(UTC)).total_seconds())
    server.start()
    there_again = datetime.now(UTC)
    _until_all_are(RequestState.REVOKED, scene, people)
    from_when = {ends_at: max(ends_at, there_again) if late_by_it else ends_at for ends_at in ends}
    rows = _rows(scene, people, RequestState.REVOKED)
    return Sample([(back_at - from_when[ends_at]).total_seconds() for ends_at, back_at in rows])


def _until_all_are(state: RequestState, scene: Scene, people: Sequence[int]) -> None:
    def done() -> bool:
        time.sleep(_LOOK_EVERY)
        return len(_rows(scene, people, state)) == len(people)

    wait_until(done, _PATIENCE, f"{len(people)} requests being {state}")


def _rows(scene: Scene, people: Sequence[int], state: RequestState) -> list[tuple[datetime, datetime]]:
    """When each of theirs ends, and when it was read back (until then: when it ends)."""
    query = (
        select(Grant.ends_at, Grant.revoke_verified_at)
        .join(Request, col(Request.id) == col(Grant.request_id))
        .where(col(Request.slack_user).in_([person_id(number) for number in people]))
        .where(col(Request.state) == str(state))
    )
    with reading(scene.engine) as session:
        return [(ends_at, back_at or ends_at) for ends_at, back_at in session.exec(query).all()]
