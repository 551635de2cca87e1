"""Every grant that is not over, page by page: a sweep must not be one statement that grows with them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlmodel import col, select

from app.model import GRANT_MOVES, GrantState
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


def open_grants(steps: Steps) -> Iterator[OpenGrant]:
    """In no order that means anything. Each of them owes its end: the timetable, which lists no others, has them.

    By the timetable's key, so that no index has to be kept for this on the way to access.
    """
    columns = [getattr(Grant, name) for name in OpenGrant._fields]
    last = f"{_OWED}:"
    while True:
        owed = select(Due.id, *columns).join(Grant, col(Grant.id) == col(Due.ref))
        after = owed.where(col(Due.kind) == _OWED, col(Due.id) > last).order_by(col(Due.id)).limit(PAGE)
        with steps.read() as session:
            page = session.exec(after).all()
        found = [OpenGrant(*row[1:]) for row in page]
        yield from (grant for grant in found if GRANT_MOVES[GrantState(grant.state)])
        if len(page) < PAGE:
            return
        last = page[-1][0]
