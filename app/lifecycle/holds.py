"""A hold: one person's account and one access at one target, whoever gives it. Work on it runs one after the other."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app.lifecycle.desk import Given
from app.model import Access, GrantState
from app.store.step import Step
from app.store.tables import Grant, Hold
from connectors.interface import AccessConnector, Present, Reading


def hold_key(access: Access, subject: str) -> str:
    """The same for the same access of the same account, whichever policy names it."""
    name = f"{access.connector}\0{subject}\0{access.canonical()}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def whose(reading: Reading, *, already_had: bool) -> Reading:
    """What the target says; where it does not know whose doing the access is, our own record does."""
    if reading.present is not Present.THERE:
        return reading
    return replace(reading, present=Present.OTHERS if already_had else Present.OURS)


def is_not_ours_to_change(connector: AccessConnector, grant: Given) -> bool:
    """They had it before, at a target that could not tell what we add or take from what was there."""
    return grant.already_had and not connector.promise(grant.access).keeps_giver


def lock_hold(step: Step, access: Access, subject: str) -> str:
    """The key of the hold, made where there was none, locked to the end of the step: nobody plans on it meanwhile."""
    key = hold_key(access, subject)
    step.put(Hold, id=key, connector=access.connector, subject=subject, access_key=access.canonical())
    return key


def until_last(step: Step, grant: Grant) -> datetime:
    """When the last grant of the same access ends: earlier than that the target may not end it by itself."""
    cover = covers(step.session, [grant]).get(grant.id)
    return max(grant.ends_at, cover.ends_at) if cover else grant.ends_at


def covers(session: Session, grants: Sequence[Grant]) -> dict[str, Grant]:
    """By the id of each: another request of the same person that holds the same access now.

    It stays until the last one ends.
    """
    found: Sequence[Grant] = session.exec(
        _held(), params={"holds": [grant.hold_id for grant in grants]}
    ).all()
    others = {
        grant.id: [other for other in found if other.hold_id == grant.hold_id and other.id != grant.id]
        for grant in grants
    }
    return {name: those[0] for name, those in others.items() if those}


@cache
def _held() -> Any:
    """The active grants of these ``:holds``, the one that ends last first."""
    of_these = col(Grant.hold_id).in_(bindparam("holds", expanding=True))
    held = select(Grant).where(of_these, col(Grant.state) == str(GrantState.ACTIVE))
    return held.order_by(col(Grant.ends_at).desc())
