"""What processes say of themselves, one row a name: who was alive when, and what was told to be unwell."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.store.step import Step
from app.store.tables import Pulse


def read(session: Session) -> Mapping[str, Pulse]:
    """All of them by name; as many as there are processes' parts, connectors and channels."""
    return {pulse.name: pulse for pulse in session.exec(select(Pulse)).all()}


def beat(step: Step, name: str, note: str = "", *, ok: bool = True) -> None:
    """It is so now."""
    step.session.merge(Pulse(name=name, at=step.now, ok=ok, note=note))


def turn(step: Step, name: str, note: str = "", *, ok: bool, quiet_since: datetime | None = None) -> bool:
    """What was well is not, or what was not is well: True for exactly one caller, however many see it.

    ``quiet_since``: only where nobody has said otherwise after that.
    """
    step.ensure(Pulse(name=name, at=step.now, ok=True))
    held = [col(Pulse.name) == name, col(Pulse.ok).is_(not ok)]
    if quiet_since is not None:
        held.append(col(Pulse.at) <= quiet_since)
    turned = update(Pulse).where(*held).values(ok=ok, at=step.now, note=note)
    return step.session.connection().execute(turned).rowcount == 1


def renew(step: Step, name: str, note: str) -> None:
    """What is not well is still not: nobody may say otherwise for a while."""
    held = (col(Pulse.name) == name, col(Pulse.ok).is_(False))
    step.session.connection().execute(update(Pulse).where(*held).values(at=step.now, note=note))


def claim(step: Step, name: str, before: datetime) -> bool:
    """Take up what was last done before that: True for exactly one caller. What it finds, it says with ``beat``."""
    step.ensure(Pulse(name=name, at=before, ok=True))
    taken = update(Pulse).where(col(Pulse.name) == name, col(Pulse.at) <= before).values(at=step.now)
    return step.session.connection().execute(taken).rowcount == 1
