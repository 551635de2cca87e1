"""Every grant that is not over, page by page: a sweep must not be one statement that grows with them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlmodel import col, select

from app.model import GRANT_MOVES
from app.store.step import Steps
from app.store.tables import Due, Grant

PAGE = 500
_OWED = "revoke"


class OpenGrant(NamedTuple):
    """As much of a grant as a sweep holds in memory for each of them."""

    id: str
    request_id: str
    hold_id: str
    connector: str
    subject: str
    access: Mapping[str, str]
    state: str
    already_had: bool


OPEN_GRANT_STATES = tuple(state for state, moves in GRANT_MOVES.items() if moves)
"""The states of a grant that is not over."""


def open_grants(steps: Steps) -> Iterator[OpenGrant]:
    """In no order that means anything. Each of them owes its end: the timetable, which lists no others, has them.

    By the timetable's key, so that no index has to be kept for this on the way to access.
    """
    found = (OpenGrant(*row) for row in _owed(steps, *OpenGrant._fields))
    return (grant for grant in found if grant.state in OPEN_GRANT_STATES)


def count_open(steps: Steps) -> Mapping[str, int]:
    """How many there are of each state, for all states of ``OPEN_GRANT_STATES``."""
    counted = Counter(str(state) for (state,) in _owed(steps, "state"))
    return {state: counted[state] for state in OPEN_GRANT_STATES}


def connectors_with_open(steps: Steps) -> frozenset[str]:
    """The connectors at which something is given or about to be."""
    owed = _owed(steps, "connector", "state")
    return frozenset(str(connector) for connector, state in owed if state in OPEN_GRANT_STATES)


def _owed(steps: Steps, *names: str) -> Iterator[tuple[Any, ...]]:
    """These columns of every grant whose end is owed: what is over is never read, however much of it there is."""
    columns = [getattr(Grant, name) for name in names]
    last = f"{_OWED}:"
    while True:
        owed = select(Due.id, *columns).join(Grant, col(Grant.id) == col(Due.ref))
        after = owed.where(col(Due.kind) == _OWED, col(Due.id) > last).order_by(col(Due.id)).limit(PAGE)
        with steps.read() as session:
            page = session.exec(after).all()
        yield from (row[1:] for row in page)
        if len(page) < PAGE:
            return
        last = page[-1][0]
