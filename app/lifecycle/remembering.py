"""What the clock keeps in its memory of everything that is live: all that taking it back needs, without a database.

Kept up to date by what the ledger says has changed since the last look, so that a look costs what happened and not
what is open. The same list lies in ``BREAKGLASS_STATE``, for a clock that starts while the database is away. It is
never the truth: what it says is only ever a reason to ask the target.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session, col, select

from app.lifecycle.moves import FINAL_GRANT_STATES
from app.model import GrantState, iso
from app.state import StateFolder, Untrusted
from app.store import ledger
from app.store.step import Steps
from app.store.tables import Due, Grant, LedgerEntry

log = structlog.get_logger()

LIVE = "live.json"
"""The file's name."""
WRITE_EVERY = timedelta(seconds=3)
MOST_ENTRIES = 5_000
"""Where more than that happened since the last look, everything is read anew."""
_AT_ONCE = 500
_COVERS = frozenset({GrantState.GRANTING, GrantState.ACTIVE})


class Remembered(BaseModel):
    """One grant that is not over, as it was when the database was last seen. No secret is in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(max_length=64)
    request_id: str = Field(max_length=64)
    connector: str = Field(max_length=256)
    subject: str = Field(max_length=1024)
    access: dict[str, str]
    receipt: dict[str, Any] | None
    hold_id: str = Field(max_length=64)
    state: GrantState
    already_had: bool
    ends_at: AwareDatetime

    @classmethod
    def of(cls, grant: Grant) -> "Remembered":
        """As it stands in the database."""
        return cls.model_validate({name: getattr(grant, name) for name in cls.model_fields})


class _List(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime
    grants: list[Remembered]


class Memory:
    """Every grant that is not over, by its id. ``refresh`` belongs to one thread, the rest to any."""

    def __init__(self, steps: Steps, state: StateFolder, latest: Callable[[], datetime]) -> None:
        self._steps = steps
        self._state = state
        self._latest = latest
        self._grants: Mapping[str, Remembered] = {}
        self._unknown: Mapping[str, Remembered] = {}
        self._head: tuple[int, str] | None = None
        self._unwritten = False
        self._written_at: datetime | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many grants are remembered."""
        return len(self._grants) + len(self._unknown)

    # --- keeping -------------------------------------------------------------------------------------------
    def refresh(self) -> None:
        """Learn what changed, and keep the list on disk. Raises what a database raises that is away."""
        try:
            self._learn()
        finally:
            self._write_if_due()

    def _learn(self) -> None:
        with self._steps.read() as session:
            head = ledger.head_of(session)
            if head == self._head:
                return
            changed = _changed(session, self._head, head[0])
            if changed is None:
                grants = {grant.id: Remembered.of(grant) for grant in _all_live(session)}
                unknown = _strangers(session, {**self._unknown, **self._grants})
            else:
                grants, unknown = dict(self._grants), dict(self._unknown)
                for grant in changed:
                    grants.pop(grant.id, None)
                    if grant.state not in FINAL_GRANT_STATES:
                        grants[grant.id] = Remembered.of(grant)
        with self._lock:
            self._unwritten |= (grants, unknown) != (self._grants, self._unknown)
            self._grants, self._unknown, self._head = grants, unknown, head

    def _write_if_due(self) -> None:
        now = self._latest()
        if not self._unwritten or (self._written_at is not None and now - self._written_at < WRITE_EVERY):
            return
        self._written_at = now
        listed = ",".join(grant.model_dump_json() for grant in {**self._unknown, **self._grants}.values())
        try:
            self._state.replace(LIVE, f'{{"at":"{iso(now)}","grants":[{listed}]}}'.encode())
            self._unwritten = False
        except OSError as error:
            log.warning("the list of what is live cannot be kept", why=error.strerror)

    def load(self) -> bool:
        """Begin with the list on disk; False where there is none that can be used."""
        try:
            text = self._state.read(LIVE)
            if text is None:
                return False
            found = _List.model_validate_json(text)
        except Untrusted as fault:
            log.warning("the list of what is live is not used", why=str(fault))
            return False
        except ValidationError:
            log.warning("the list of what is live is not used", why="it cannot be read")
            return False
        self._grants = {grant.id: grant for grant in _told_apart(found.grants)}
        log.warning("what is live is known from the list on disk", grants=len(self), written=iso(found.at))
        return True

    # --- asking --------------------------------------------------------------------------------------------
    def ended(self, now: datetime) -> Sequence[Remembered]:
        """What has to be taken back by now: its end has come or begun, and no other grant holds the same."""
        with self._lock:
            grants = self._grants.values()
        holders = {grant.hold_id for grant in grants if grant.state in _COVERS and grant.ends_at > now}
        return [grant for grant in grants if is_over(grant, now) and grant.hold_id not in holders]

    def unknown(self) -> Sequence[Remembered]:
        """What the database that is there now has never heard of: it is older, or another. Only this host knows."""
        with self._lock:
            return list(self._unknown.values())

    def forget(self, grant: Remembered) -> None:
        """It was taken back, and nothing is owed of it."""
        with self._lock:
            self._unknown = {name: each for name, each in self._unknown.items() if name != grant.id}
            self._unwritten = True


def _told_apart(grants: Sequence[Remembered]) -> Iterator[Remembered]:
    """A receipt that stands beside two accounts names neither: what is theirs is told by their names alone."""
    beside: dict[str, set[str]] = {}
    for grant in grants:
        beside.setdefault(_said_of(grant), set()).add(grant.subject)
    for grant in grants:
        alone = len(beside[_said_of(grant)]) == 1
        yield grant if alone else grant.model_copy(update={"receipt": None})


def _said_of(grant: Remembered) -> str:
    return json.dumps([grant.connector, grant.receipt or grant.id], sort_keys=True)


def is_over(grant: Remembered, now: datetime) -> bool:
    """Its end has come, or had begun."""
    return grant.state is GrantState.REVOKING or grant.ends_at <= now


def _all_live(session: Session) -> Iterable[Grant]:
    """By what is owed: every grant that is not over has its revocation among the due work."""
    owed = select(Grant).join(Due, col(Due.ref) == col(Grant.id)).where(col(Due.kind) == "revoke")
    return session.exec(owed).all()


def _strangers(session: Session, remembered: Mapping[str, Remembered]) -> dict[str, Remembered]:
    """Those of which the database has never heard."""
    ids, known = sorted(remembered), set[str]()
    for first in range(0, len(ids), _AT_ONCE):
        known.update(session.exec(select(Grant.id).where(col(Grant.id).in_(ids[first : first + _AT_ONCE]))))
    return {name: each for name, each in remembered.items() if name not in known}


def _changed(session: Session, last: tuple[int, str] | None, head: int) -> Iterable[Grant] | None:
    """The grants of which the ledger speaks since that entry; None where all have to be read.

    That is so at the beginning, after very much, and where the ledger does not hold that entry: it is another.
    """
    if last is None or not last[0] < head <= last[0] + MOST_ENTRIES:
        return None
    since = col(LedgerEntry.seq) >= last[0], col(LedgerEntry.seq) <= head
    entries = select(LedgerEntry.seq, LedgerEntry.hash, LedgerEntry.request_id).where(*since)
    found = session.exec(entries.order_by(col(LedgerEntry.seq))).all()
    if not found or (found[0][0], found[0][1]) != last:
        return None
    requests = sorted({request for _, _, request in found[1:] if request is not None})
    grants: list[Grant] = []
    for first in range(0, len(requests), _AT_ONCE):
        some = col(Grant.request_id).in_(requests[first : first + _AT_ONCE])
        grants += session.exec(select(Grant).where(some)).all()
    return grants
