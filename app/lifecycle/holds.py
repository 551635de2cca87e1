"""A hold: one person's account and one access at one target, whoever gives it. Work on it runs one after the other."""

import hashlib
from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.model import Access, GrantState
from app.store.step import Step
from app.store.tables import Grant, Hold


def hold_key(access: Access, subject: str) -> str:
    """The same for the same access of the same account, whichever policy names it."""
    name = f"{access.connector}\0{subject}\0{access.canonical()}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def lock_hold(step: Step, access: Access, subject: str) -> str:
    """The key of the hold, made where there was none, locked to the end of the step: nobody plans on it meanwhile."""
    key = hold_key(access, subject)
    step.put(Hold, id=key, connector=access.connector, subject=subject, access_key=access.canonical())
    return key


def covers(session: Session, grants: Sequence[Grant]) -> dict[str, Grant]:
    """By the id of each: another request of the same person that holds the same access now.

    It stays until the last one ends.
    """
    held = select(Grant).where(
        col(Grant.hold_id).in_([grant.hold_id for grant in grants]),
        col(Grant.state) == str(GrantState.ACTIVE),
    )
    found = session.exec(held.order_by(col(Grant.ends_at).desc())).all()
    others = {
        grant.id: [other for other in found if other.hold_id == grant.hold_id and other.id != grant.id]
        for grant in grants
    }
    return {name: those[0] for name, those in others.items() if those}
