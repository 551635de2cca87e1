"""A hold: one person's account and one access at one target, whoever gives it. Work on it runs one after the other."""

import hashlib

from app.model import Access
from app.store.step import Step
from app.store.tables import Hold


def hold_key(access: Access, subject: str) -> str:
    """The same for the same access of the same account, whichever policy names it."""
    name = f"{access.connector}\0{subject}\0{access.canonical()}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def lock_hold(step: Step, access: Access, subject: str) -> str:
    """The key of the hold, made where there was none, locked to the end of the step: nobody plans on it meanwhile."""
    key = hold_key(access, subject)
    step.put(Hold, id=key, connector=access.connector, subject=subject, access_key=access.canonical())
    return key
