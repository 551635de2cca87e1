"""What every handler of a press gets and gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.errors import Refused
from app.model import Person
from app.policy import Facts, Policy, PolicyFolder, is_one_of
from app.store.step import Step
from app.store.tables import Press, Request


@dataclass(frozen=True, slots=True)
class Case:
    """A press, who pressed as known now, and the policies in force."""

    press: Press
    presser: Person
    folder: PolicyFolder

    @property
    def reason(self) -> str | None:
        """What the presser typed into the form, if there was one."""
        said = self.press.data.get("reason")
        return str(said) if said is not None else None

    def policy(self, request: Request) -> Policy | None:
        """The request's policy as it is now."""
        return self.folder.policies.get(request.policy)

    def is_requester(self, request: Request) -> bool:
        """Whether the very account that asked pressed."""
        return (request.team, request.slack_user) == (self.press.team, self.press.slack_user)

    def must_be_requester(self, request: Request, what: str) -> None:
        """Refuse everybody but the person whose request it is."""
        if not self.is_requester(request):
            message = f"Only {request.email or 'the person who asked'} can {what} this."
            raise Refused(message)


Judgement = Callable[[Step, Request | None], str]
"""Runs inside the step, with the request locked; answers the sentence for the presser."""


def the(request: Request | None) -> Request:
    """The request of a press that must have one."""
    if request is None:
        message = "That request is not known here."
        raise Refused(message)
    return request


def look_at(session: Session, request_id: str) -> Request:
    """The request as it stands, for what is gathered before the step."""
    return the(session.get(Request, request_id))


def must_be_security(case: Case, facts: Facts, what: str) -> None:
    """Refuse everybody outside the security team."""
    settings = case.folder.settings
    truth, _ = is_one_of(case.presser.email, settings.security_team, settings, facts)
    if truth != "true":
        unknown = (
            " Who belongs to it is not known just now; try again in a minute." if truth == "unknown" else ""
        )
        message = f"Only the security team may {what}.{unknown}"
        raise Refused(message)


def extensions_unjudged(session: Session, requests: Sequence[str]) -> dict[str, datetime]:
    """Those of these requests of which an extension waits to be judged, and when the first was pressed."""
    waiting = select(Press.subject, func.min(Press.at)).where(
        col(Press.subject).in_(requests),
        col(Press.judged_at).is_(None),
        col(Press.kind).in_(["extend", "approve"]),
    )
    return dict(session.exec(waiting.group_by(col(Press.subject))).all())
