"""What concerns no single request: freeze, thaw, revoke everything, accept a person."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, select

from app import notices
from app.errors import Refused
from app.lifecycle import paging
from app.lifecycle.desk import Desk
from app.lifecycle.ending import house_facts, stop_each
from app.lifecycle.limits import current_freeze, freezes
from app.lifecycle.press import Case, Judgement, must_be_security
from app.model import OPEN_STATES, Email, Ended, RequestState, Truth, new_id
from app.policy import Facts, PolicyFolder, Settings, is_one_of, members_of
from app.store.step import Step
from app.store.tables import Freeze, PersonRow, Request

FREEZE_FOR = timedelta(hours=4)
LONGEST_FREEZE = timedelta(days=30)
UNTIL_THAWED = timedelta(days=36_500)
"""The freeze of a connector has no end of its own."""


def freeze(desk: Desk, case: Case) -> Judgement:
    """Nothing that is not exempt is given until the freeze ends or is thawed; taking goes on."""
    must_be_security(case, house_facts(desk, case.folder), "freeze")
    length = timedelta(seconds=int(case.press.data.get("seconds") or FREEZE_FOR.total_seconds()))

    def judgement(step: Step, _request: Request | None) -> str:
        begin_freeze(step, case.folder, length, case.presser.email, case.reason or "")
        return "Frozen: nothing is given until it ends or is thawed. Live access stays; taking goes on."

    return judgement


def begin_freeze(step: Step, folder: PolicyFolder, length: timedelta, by: str, reason: str) -> Freeze:
    """Freeze from now on; one that is in force already is replaced by the longer of the two ends."""
    step.lock_name("freeze")
    until = step.now + min(length, LONGEST_FREEZE)
    present = current_freeze(step.session, step.now)
    if present is not None:
        until = max(until, present.until)
        step.change(present, thawed_at=step.now, thawed_by="replaced")
        paging.let_go(step, paging.freeze_ref(present))
    frozen = Freeze(id=new_id(), since=step.now, until=until, by=by, reason=reason)
    step.insert(frozen)
    step.record("Frozen", by, None, freeze=frozen.id)
    notices.alert(step, folder.settings, "frozen", by=by, reason=reason, until=notices.stamp(until))
    paging.frozen(step, folder, frozen)
    return frozen


def stop_connector(step: Step, connector: str, by: str, reason: str) -> Freeze | None:
    """Give nothing at one target until the security team thaws it; None: that holds already. Live access stays."""
    step.lock_name("freeze")
    if any(present.connector == connector for present in freezes(step.session, step.now)):
        return None
    until = step.now + UNTIL_THAWED
    frozen = Freeze(id=new_id(), since=step.now, until=until, by=by, reason=reason, connector=connector)
    step.insert(frozen)
    step.record("ConnectorFrozen", by, None, freeze=frozen.id, connector=connector)
    return frozen


def thaw(desk: Desk, case: Case) -> Judgement:
    """Two people of the security team end what is frozen; one where the team has only one.

    What was frozen after the first of them asked waits for a second one of its own.
    """
    facts = house_facts(desk, case.folder)
    must_be_security(case, facts, "thaw")

    def judgement(step: Step, _request: Request | None) -> str:
        step.lock_name("freeze")
        present = freezes(step.session, step.now)
        if not present:
            message = "Nothing is frozen."
            raise Refused(message)
        by, settings = case.presser.email, case.folder.settings
        waits = [each for each in present if each.thaw_asked_by != by]
        ready = [each for each in waits if _is_security(case.folder, facts, each.thaw_asked_by)]
        if not _needs_two(case.folder, facts):
            ready, waits = present, []
        elif not waits:
            message = "You asked to thaw already. Somebody else of the security team has to as well."
            raise Refused(message)
        if waits := [each for each in waits if each not in ready]:
            ask_to_thaw(step, settings, waits, by, case.reason or "")
        if ready:
            _end(step, settings, ready, by, case.reason)
        asked = f"Asked{_of(waits)}. One more person of the security team has to thaw as well."
        done = f"Thawed{_of(ready)}."
        return f"{done} {asked}" if ready and waits else done if ready else asked

    return judgement


def _end(step: Step, settings: Settings, frozen: Sequence[Freeze], by: str, reason: str | None) -> None:
    for each in frozen:
        step.change(each, thawed_at=step.now, thawed_by=by)
        paging.let_go(step, paging.freeze_ref(each))
        step.record("Thawed", by, None, freeze=each.id, reason=reason, asked_by=each.thaw_asked_by)
    asked_by, what = frozen[0].thaw_asked_by, _names(frozen)
    notices.alert(step, settings, "thawed", by=by, asked_by=asked_by, reason=reason, connectors=what)


def _names(frozen: Sequence[Freeze]) -> list[str]:
    """The connectors alone; none of them where everything is frozen and nothing else."""
    what = [each.connector or "everything" for each in frozen]
    return [] if what == ["everything"] else what


def _of(frozen: Sequence[Freeze]) -> str:
    return f" for {', '.join(names)}" if (names := _names(frozen)) else ""


def _is_security(folder: PolicyFolder, facts: Facts, email: str | None) -> bool:
    """Whether whoever asked first still counts; a terminal never does."""
    team = folder.settings.security_team
    return email is not None and is_one_of(Email(email), team, folder.settings, facts)[0] is Truth.TRUE


def _needs_two(folder: PolicyFolder, facts: Facts) -> bool:
    team = folder.settings.security_team
    known = [members_of(principal, folder.settings, facts) for principal in team]
    people = frozenset().union(*(members.emails for members in known))
    return len(people) != 1 or any(members.unknown for members in known)


def ask_to_thaw(step: Step, settings: Settings, frozen: Sequence[Freeze], by: str, reason: str) -> None:
    """The first of the two; the terminal's word counts as nobody's."""
    for each in frozen:
        step.change(each, thaw_asked_by=by, thaw_reason=reason)
        step.record("ThawAsked", by, None, freeze=each.id, reason=reason)
    notices.alert(step, settings, "thaw_asked", by=by, reason=reason, connectors=_names(frozen))


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
        paging.let_go(step, paging.not_me_ref(person))
        step.change(person, frozen_at=None)
    step.record("PersonAccepted", by, None, person=person.id)
