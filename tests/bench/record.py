"""``audit verify`` over a long ledger: the story of one real request, told again until it is long enough."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from sqlalchemy import Engine, insert, update
from sqlmodel import Session, SQLModel, col, select

from app import audit
from app.model import RequestState, iso, new_id
from app.store import ledger
from app.store.engine import make_engine, reading, writing
from app.store.tables import Grant, Hold, LedgerEntry, LedgerHead, Request
from tests.bench.figures import Sample
from tests.bench.scene import Scene

_BATCH = 500
_TIMES = 3

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """One request that was given and taken back, with every entry that says so."""

    request: Row
    grant: Row
    hold: Row
    entries: tuple[Row, ...]

    def told_again(self) -> "Story":
        """The same of another request."""
        new = {self.request["id"]: new_id(), self.grant["id"]: new_id()}
        request = self.request | {"id": new[self.request["id"]]}
        grant = self.grant | {"id": new[self.grant["id"]], "request_id": request["id"]}
        entries = (
            entry | {"request_id": request["id"], "data": _renamed(entry["data"], new)}
            for entry in self.entries
        )
        return Story(request, grant, self.hold, tuple(entries))


def _renamed(text: str, new: dict[str, str]) -> str:
    for old, name in new.items():
        text = text.replace(old, name)
    return text


def a_story(scene: Scene) -> Story:
    """The first request of the installation that is over."""
    over = select(Request).where(col(Request.state) == str(RequestState.REVOKED)).limit(1)
    with reading(scene.engine) as session:
        request = session.exec(over).one()
        grant = session.exec(select(Grant).where(col(Grant.request_id) == request.id)).one()
        hold = session.get_one(Hold, grant.hold_id)
        entries = [entry.model_dump() for entry in ledger.entries(session, request_id=request.id)]
        return Story(request.model_dump(), grant.model_dump(), hold.model_dump(), tuple(entries))


def measure(story: Story, url: str, entries: int) -> Sample:
    """Entries a second, a few times over, on a migrated database that is empty."""
    with _engine(url) as engine:
        _write(engine, story, entries)
        return Sample([_verify(engine, entries) for _ in range(_TIMES)])


def lengthen(story: Story, url: str, entries: int) -> None:
    """Some years go by, until there are so many."""
    with _engine(url) as engine:
        _write(engine, story, entries)


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _verify(engine: Engine, entries: int) -> float:
    with reading(engine) as session:
        begun = time.perf_counter()
        problems = audit.verify(session)
        took = time.perf_counter() - begun
    if problems:
        message = f"the ledger that was made up is not whole: {problems[0]}"
        raise RuntimeError(message)
    return entries / took


def _write(engine: Engine, story: Story, entries: int) -> None:
    with writing(engine) as session:
        there, prev_hash = session.exec(select(LedgerHead.seq, LedgerHead.hash)).one()
        if not there:
            _insert(session, Hold, [story.hold | {"lease_by": None, "lease_until": None}])
        numbers = count(there + 1)
        stories = (story.told_again() for _ in range((entries - there) // len(story.entries)))
        while told := list(islice(stories, _BATCH)):
            chained = list(_chained(told, numbers, prev_hash))
            prev_hash = chained[-1]["hash"]
            _insert(session, Request, [each.request for each in told])
            _insert(session, Grant, [each.grant for each in told])
            _insert(session, LedgerEntry, chained)
        head = {"seq": next(numbers) - 1, "hash": prev_hash}
        session.connection().execute(update(LedgerHead).values(**head))


def _chained(stories: list[Story], numbers: "count[int]", prev_hash: str) -> Iterator[Row]:
    for story in stories:
        for entry in story.entries:
            row = entry | {"seq": next(numbers), "prev_hash": prev_hash}
            said = (row["actor"], row["action"], row["request_id"], row["data"], prev_hash)
            row["hash"] = prev_hash = ledger.digest_of((row["seq"], iso(row["at"]), *said))
            yield row


def _insert(session: Session, table: type[SQLModel], rows: list[Row]) -> None:
    session.connection().execute(insert(table), rows)
