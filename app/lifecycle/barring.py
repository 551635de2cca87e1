"""Nobody approves, confirms or reviews their own request: not by another account, not by another name."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import Refused
from app.model import Email
from app.policy import Facts, Principal, Settings, members_of, subject_name
from app.store.tables import Request


@dataclass(frozen=True, slots=True)
class Barred:
    """Who the requester is, under each name: the address and the account at each target."""

    email: str
    subjects: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, request: Request) -> "Barred":
        """From the address and the accounts that were found when the request was decided."""
        subjects = frozenset((connector, name.casefold()) for connector, name in request.subjects or ())
        return cls((request.email or "").casefold(), subjects)


def speakers(
    principals: Sequence[Principal], settings: Settings, facts: Facts, barred: Barred
) -> tuple[frozenset[Email], bool]:
    """Who of these may speak, as far as is known, and whether somebody unknown may as well."""
    known = [members_of(principal, settings, facts) for principal in principals]
    people = frozenset().union(*(members.emails for members in known))
    fit = frozenset(email for email in people if may_speak(email, barred, settings))
    return fit, any(members.unknown for members in known)


def may_speak(email: Email, barred: Barred, settings: Settings) -> bool:
    """Whether this address is somebody else than the requester, here and at each target."""
    if email.casefold() == barred.email:
        return False
    return not any(_account(settings, name, email) == subject for name, subject in barred.subjects)


def _account(settings: Settings, connector: str, email: Email) -> str | None:
    try:
        return subject_name(settings, connector, email).casefold()
    except Refused:
        return None
