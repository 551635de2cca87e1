"""Many grants that are open at once and end at one instant: written as the service writes them, given for real.

Asked for one by one they would take the better part of an hour; what is measured is what becomes of them.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import func, insert, update
from sqlmodel import Session, SQLModel, col, select

from app.lifecycle.holds import hold_key
from app.model import Access, GrantState, RequestState, iso, new_id
from app.store import ledger
from app.store.engine import reading, writing
from app.store.tables import Due, Grant, Hold, LedgerEntry, LedgerHead, Notice, Request
from tests.bench.figures import Sample
from tests.bench.scene import Scene
from tests.bench.slack import email, person_id, person_key

_BATCH = 250
_LOOK_EVERY = 0.1
_GRACE = 600.0
_OPEN = (str(GrantState.ACTIVE), str(GrantState.REVOKING))

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Model:
    """One request that is active, with everything that belongs to it."""

    request: Row
    grant: Row
    hold: Row
    dues: tuple[Row, ...]
    notices: tuple[Row, ...]
    entries: tuple[Row, ...]

    def of(self, number: int, ends_at: datetime) -> "Model":
        """The same of somebody else, with another end."""
        user, subject = person_id(number), person_key(number)
        access = Access(self.grant["connector"], self.grant["access"])
        hold = self.hold | {"id": hold_key(access, subject), "subject": subject}
        ids = {self.request["id"]: new_id(), self.grant["id"]: new_id(), self.hold["id"]: hold["id"]}
        # So that whatever names the one names the other.
        said = ids | {
            self.request["slack_user"]: user,
            self.request["email"]: email(number),
            f'"{self.grant["subject"]}"': f'"{subject}"',
            iso(self.request["ends_at"]): iso(ends_at),
        }
        request = self.request | {"id": ids[self.request["id"]], "slack_user": user, "email": email(number)}
        request |= {"ends_at": ends_at, "subjects": [[access.connector, subject]]}
        request |= {"decision": json.loads(_said(json.dumps(request["decision"]), said))}
        grant = self.grant | {"id": ids[self.grant["id"]], "request_id": request["id"], "hold_id": hold["id"]}
        grant |= {"subject": subject, "ends_at": ends_at}
        return Model(
            request,
            grant,
            hold,
            tuple(_due(each, said, ends_at) for each in self.dues),
            tuple(_notice(each, said, request["id"]) for each in self.notices),
            tuple(
                each | {"request_id": request["id"], "data": _said(each["data"], said)}
                for each in self.entries
            ),
        )


def _said(text: str, instead: dict[str, str]) -> str:
    for old, new in instead.items():
        text = text.replace(old, new)
    return text


def _due(row: Row, instead: dict[str, str], ends_at: datetime) -> Row:
    changed = {name: _said(row[name], instead) for name in ("id", "ref")}
    data = {name: _said(value, instead) for name, value in row["data"].items()}
    return row | changed | {"data": data, "due_at": ends_at}


def _notice(row: Row, instead: dict[str, str], request_id: str) -> Row:
    slot = None if row["slot"] is None else _said(row["slot"], instead)
    return row | {
        "request_id": request_id,
        "slot": slot,
        "conversation": _said(row["conversation"], instead),
    }


def model(scene: Scene) -> Model:
    """The newest request that is active."""
    active = select(Request).where(col(Request.state) == str(RequestState.ACTIVE))
    with reading(scene.engine) as session:
        request = session.exec(active.order_by(col(Request.requested_at).desc()).limit(1)).one()
        grant = session.exec(select(Grant).where(col(Grant.request_id) == request.id)).one()
        hold = session.get_one(Hold, grant.hold_id)
        entries = [entry.model_dump() for entry in ledger.entries(session, request_id=request.id)]
        dues = session.exec(select(Due).where(col(Due.id) == f"revoke:{grant.id}")).all()
        # Said long ago, as it were: what waits yet is of the request that was asked a moment ago.
        said = (col(Notice.request_id) == request.id, col(Notice.sent_at).is_not(None))
        notices = session.exec(select(Notice).where(*said)).all()
        return Model(
            request.model_dump(),
            grant.model_dump(),
            hold.model_dump(),
            tuple(each.model_dump() for each in dues),
            tuple(each.model_dump(exclude={"id"}) for each in notices),
            tuple(each for each in entries if each["action"] != "AlertDelivered"),
        )


def open_for(scene: Scene, people: Sequence[int], ends_at: datetime) -> None:
    """These people have it, at the target and in the records, until ``ends_at``."""
    like = model(scene)
    _give(scene, [person_key(number) for number in people], like.grant["access"]["role"])
    for begin in range(0, len(people), _BATCH):
        told = [like.of(number, ends_at) for number in people[begin : begin + _BATCH]]
        with writing(scene.engine) as session:
            _write(session, told)


def _give(scene: Scene, names: Sequence[str], role: str) -> None:
    given = sql.SQL("GRANT {} TO {} WITH SET TRUE GRANTED BY CURRENT_USER")
    with psycopg.connect(scene.target.dsn(user="bot")) as bot:
        for name in names:
            bot.execute(given.format(sql.Identifier(role), sql.Identifier(name)))


def _write(session: Session, told: Sequence[Model]) -> None:
    connection = session.connection()
    seq, prev_hash = connection.execute(
        select(col(LedgerHead.seq), col(LedgerHead.hash)).with_for_update()
    ).one()
    chained = list(_chained(told, seq, prev_hash))
    _insert(session, Request, [each.request for each in told])
    _insert(session, Hold, [each.hold | {"lease_by": None, "lease_until": None} for each in told])
    _insert(session, Grant, [each.grant for each in told])
    _insert(session, Due, [row for each in told for row in each.dues])
    _insert(session, Notice, [row for each in told for row in each.notices])
    _insert(session, LedgerEntry, chained)
    connection.execute(update(LedgerHead).values(seq=chained[-1]["seq"], hash=chained[-1]["hash"]))


def _chained(told: Sequence[Model], seq: int, prev_hash: str) -> Iterator[Row]:
    for entry in (entry for each in told for entry in each.entries):
        seq += 1
        row = entry | {"seq": seq, "prev_hash": prev_hash}
        said = (row["actor"], row["action"], row["request_id"], row["data"], prev_hash)
        row["hash"] = prev_hash = ledger.digest_of((seq, iso(row["at"]), *said))
        yield row


def _insert(session: Session, table: type[SQLModel], rows: list[Row]) -> None:
    session.connection().execute(insert(table), rows)


def until_all_is_back(scene: Scene, people: Sequence[int], ends_at: datetime) -> Sample:
    """Seconds from the end until the last is read back and written down, where everybody can see it."""
    left = (
        select(func.count())
        .select_from(Grant)
        .where(col(Grant.ends_at) == ends_at, col(Grant.state).in_(_OPEN))
    )
    left_until = (ends_at - datetime.now(UTC)).total_seconds()
    if left_until < 0:
        message = "it ended before it was looked at: this machine is too slow, or too busy, for so many"
        raise RuntimeError(message)
    time.sleep(left_until)
    deadline = time.monotonic() + _GRACE
    while _count(scene, left):
        if time.monotonic() > deadline:
            message = f"{_count(scene, left)} of {len(people)} are still open"
            raise TimeoutError(message)
        time.sleep(_LOOK_EVERY)
    took = (datetime.now(UTC) - ends_at).total_seconds()
    _must_be_gone(scene, people)
    return Sample([took])


def until_all_are_told(scene: Scene, ends_at: datetime) -> Sample:
    """Seconds from the end until nothing waits that anybody is to hear: whoever is measured next has a quiet house."""
    waiting = select(func.count()).select_from(Notice).where(col(Notice.sent_at).is_(None))
    deadline = time.monotonic() + _GRACE
    while left := _count(scene, waiting):
        if time.monotonic() > deadline:
            message = f"{left} messages still wait"
            raise TimeoutError(message)
        time.sleep(_LOOK_EVERY)
    return Sample([(datetime.now(UTC) - ends_at).total_seconds()])


def _count(scene: Scene, query: Any) -> int:
    with reading(scene.engine) as session:
        return int(session.connection().execute(query).scalar_one())


def _must_be_gone(scene: Scene, people: Sequence[int]) -> None:
    """At the target itself."""
    names = [person_key(number) for number in people]
    query = (
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = ANY(%s)"
    )
    with psycopg.connect(scene.target.dsn()) as owner:
        found = owner.execute(query, [names]).fetchone()
    if found is None or found[0]:
        message = f"{found} are members still, and nobody says so"
        raise RuntimeError(message)


def in_time_for(count: int, asked: int) -> datetime:
    """An end that lies behind the writing of so many, and behind what so many ask meanwhile."""
    return datetime.now(UTC) + timedelta(seconds=4 + count / 200 + 2 * asked)
