"""What concerns no single request: freeze, thaw, revoke everything, accept a person."""

from datetime import timedelta

from sqlmodel import col, select

from app import notices
from app.errors import Refused
from app.lifecycle.desk import Desk
from app.lifecycle.ending import house_facts, stop_each
from app.lifecycle.limits import current_freeze
from app.lifecycle.press import Case, Judgement, must_be_security
from app.model import OPEN_STATES, Email, Ended, RequestState, Truth, new_id
from app.policy import Facts, PolicyFolder, Settings, is_one_of, members_of
from app.store.step import Step
from app.store.tables import Freeze, PersonRow, Request

FREEZE_FOR = timedelta(hours=4)
LONGEST_FREEZE = timedelta(days=30)


def freeze(desk: Desk, case: Case) -> Judgement:
    """Nothing that is not exempt is given until the freeze ends or is thawed; taking goes on."""
    must_be_security(case, house_facts(desk, case.folder), "freeze")
    length = timedelta(seconds=int(case.press.data.get("seconds") or FREEZE_FOR.total_seconds()))

    def judgement(step: Step, _request: Request | None) -> str:
        begin_freeze(step, case.folder.settings, length, case.presser.email, case.reason or "")
        return "Frozen: nothing is given until it ends or is thawed. Live access stays; taking goes on."

    return judgement


def begin_freeze(step: Step, settings: Settings, length: timedelta, by: str, reason: str) -> Freeze:
    """Freeze from now on; one that is in force already is replaced by the longer of the two ends."""
    step.lock_name("freeze")
    until = step.now + min(length, LONGEST_FREEZE)
    present = current_freeze(step.session, step.now)
    if present is not None:
        until = max(until, present.until)
        step.change(present, thawed_at=step.now, thawed_by="replaced")
    frozen = Freeze(id=new_id(), since=step.now, until=until, by=by, reason=reason)
    step.insert(frozen)
    step.record("Frozen", by, None, freeze=frozen.id)
    notices.alert(step, settings, "frozen", by=by, reason=reason, until=notices.stamp(until))
    return frozen


def thaw(desk: Desk, case: Case) -> Judgement:
    """Two people of the security team end a freeze early; one where the team has only one."""
    facts = house_facts(desk, case.folder)
    must_be_security(case, facts, "thaw")

    def judgement(step: Step, _request: Request | None) -> str:
        step.lock_name("freeze")
        present = current_freeze(step.session, step.now)
        if present is None:
            message = "Nothing is frozen."
            raise Refused(message)
        by = case.presser.email
        needs_two = _needs_two(case.folder, facts)
        asked_by = present.thaw_asked_by
        if needs_two and asked_by == by:
            message = "You asked to thaw already. Somebody else of the security team has to as well."
            raise Refused(message)
        if needs_two and not _is_security(case.folder, facts, asked_by):
            ask_to_thaw(step, case.folder.settings, present, by, case.reason or "")
            return "Asked. One more person of the security team has to thaw as well."
        step.change(present, thawed_at=step.now, thawed_by=by)
        step.record("Thawed", by, None, freeze=present.id, reason=case.reason, asked_by=asked_by)
        notices.alert(step, case.folder.settings, "thawed", by=by, asked_by=asked_by, reason=case.reason)
        return "Thawed."

    return judgement


def _is_security(folder: PolicyFolder, facts: Facts, email: str | None) -> bool:
    """Whether whoever asked first still counts; a terminal never does."""
    team = folder.settings.security_team
    return email is not None and is_one_of(Email(email), team, folder.settings, facts)[0] is Truth.TRUE


def _needs_two(folder: PolicyFolder, facts: Facts) -> bool:
    team = folder.settings.security_team
    known = [members_of(principal, folder.settings, facts) for principal in team]
    people = frozenset().union(*(members.emails for members in known))
    return len(people) != 1 or any(members.unknown for members in known)


def ask_to_thaw(step: Step, settings: Settings, present: Freeze, by: str, reason: str) -> None:
    """The first of the two; the terminal's word counts as nobody's."""
    step.change(present, thaw_asked_by=by, thaw_reason=reason)
    step.record("ThawAsked", by, None, freeze=present.id, reason=reason)
    notices.alert(step, settings, "thaw_asked", by=by, reason=reason)


def revoke_all(desk: Desk, case: Case) -> Judgement:
    """End everything live, exempt or not, and cancel what is pending. Does not freeze."""
    must_be_security(case, house_facts(desk, case.folder), "revoke everything")
    count = stop_all(desk, case.folder, case.presser.email, case.reason or "")

    def judgement(step: Step, _request: Request | None) -> str:
        by = case.presser.email
        notices.alert(step, case.folder.settings, "revoked_all", by=by, reason=case.reason, count=count)
        return f"Taking back or cancelling {count} requests now."

    return judgement


def stop_all(desk: Desk, folder: PolicyFolder, by: str, reason: str) -> int:
    """Stop every open request, as ``stop_each`` does; how many there were."""
    with desk.steps.read() as session:
        still_open = select(Request.id).where(
            col(Request.state).in_(sorted(OPEN_STATES)), col(Request.state) != str(RequestState.REVOKING)
        )
        ids = sorted(session.exec(still_open).all())
    stop_each(desk, ids, folder, Ended.REVOKED, by, reason)
    return len(ids)


def accept(desk: Desk, case: Case) -> Judgement:
    """The security team says that a changed or second account, or a frozen person, is all right."""
    must_be_security(case, house_facts(desk, case.folder), "accept a person")
    person_id = case.reason or ""

    def judgement(step: Step, _request: Request | None) -> str:
        person = step.lock(PersonRow, person_id)
        if person is None or not (person.proposed_email or person.frozen_at):
            message = "There is nothing to accept for that person."
            raise Refused(message)
        if case.presser.email in {person.email, person.proposed_email}:
            message = "Nobody accepts themselves."
            raise Refused(message)
        _accept(step, person, case.presser.email)
        email = person.email
        notices.alert(step, case.folder.settings, "person_accepted", by=case.presser.email, email=email)
        return f"Accepted: {email}."

    return judgement


def _accept(step: Step, person: PersonRow, by: str) -> None:
    if person.proposed_email:
        older = select(PersonRow).where(col(PersonRow.email) == person.proposed_email)
        for row in step.session.exec(older.with_for_update()).all():
            step.change(row, email=None)
        step.change(person, email=person.proposed_email, proposed_email=None, bound_at=step.now)
    if person.frozen_at:
        step.change(person, frozen_at=None)
    step.record("PersonAccepted", by, None, person=person.id)
