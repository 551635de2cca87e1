"""Gathers what a decision needs, in parallel, with a deadline and provenance. What does not answer is unknown."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from sqlmodel import Session, col, select

from app.errors import ConnectorError
from app.lifecycle.limits import count_used
from app.model import Email
from app.policy import (
    Facts,
    Group,
    GroupFact,
    IncidentsFact,
    OnCallFact,
    Policy,
    PolicyFolder,
    Principal,
    Schedule,
    Settings,
    needs,
)
from app.store.step import Steps
from app.store.tables import Roster
from connectors.interface import OnCall

log = structlog.get_logger()

DEADLINE = 2.0
"""Seconds that all sources have together."""
FRESH = timedelta(seconds=60)

Answer = TypeVar("Answer")
Rota = Callable[[datetime], Sequence[OnCall]]
"""Asks who is on call in one schedule at an instant; raises ``ConnectorError`` where nobody can say."""


class Sources:
    """The sources that the folder in force names, built on first use and rebuilt with each new folder."""

    def __init__(self, on_call: Callable[[PolicyFolder, Schedule], Rota]) -> None:
        self._make_on_call = on_call
        self._of: tuple[str, dict[str, Rota]] = ("", {})

    def on_call(self, folder: PolicyFolder, schedule: Schedule) -> Rota:
        """The source of one schedule."""
        digest, built = self._of
        if folder.digest != digest:
            # Replaced as a whole: whoever still asks with the old folder puts nothing among the new ones.
            built = {}
            self._of = (folder.digest, built)
        if schedule.name not in built:
            built[schedule.name] = self._make_on_call(folder, schedule)
        return built[schedule.name]


class Gatherer:
    """Answers what the engine asks for. ``unheard``: why nobody would hear of a grant, from memory.

    ``failed`` is told of each source that did not answer.
    """

    def __init__(
        self,
        steps: Steps,
        sources: Sources,
        unheard: Callable[[Settings, Policy], str | None],
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._steps = steps
        self._sources = sources
        self._unheard = unheard
        self._failed = failed
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="facts")

    def gather(
        self, folder: PolicyFolder, policy: Policy, email: Email, at: datetime, but: str | None = None
    ) -> Facts:
        """Facts for this policy and person; see ``lifecycle.desk.FactFinder``."""
        wanted = needs(policy, folder.settings)
        schedules = [folder.settings.schedules[name] for name in sorted(wanted.schedules)]
        asked = self._ask_schedules(folder, schedules, at)
        with self._steps.read() as session:
            groups = _groups(session, folder, wanted.groups, at)
            used = count_used(session, policy, email, wanted.windows, at, but)
        return Facts(
            groups=groups,
            on_call=_on_call(asked, schedules, at, self._failed),
            incidents=_incidents(folder, at),
            used=used,
            unheard=self._unheard(folder.settings, policy),
        )

    def of_people(self, folder: PolicyFolder, principals: Sequence[Principal], at: datetime) -> Facts:
        """Only what is needed to know who these are."""
        names = {principal.name for principal in principals if principal.kind == "group"}
        named = {principal.name for principal in principals if principal.kind == "on_call"}
        schedules = [folder.settings.schedules[name] for name in sorted(named)]
        asked = self._ask_schedules(folder, schedules, at)
        with self._steps.read() as session:
            groups = _groups(session, folder, names, at)
        return Facts(groups=groups, on_call=_on_call(asked, schedules, at, self._failed))

    def circumstances(
        self, folder: PolicyFolder, schedules: Collection[str], at: datetime, *, incidents: bool
    ) -> Facts:
        """Only who is on call there, and which incidents are open; see ``lifecycle.desk.FactFinder``."""
        named = [folder.settings.schedules[name] for name in sorted(schedules)]
        asked = self._ask_schedules(folder, named, at)
        found = _incidents(folder, at) if incidents else IncidentsFact(None, "none")
        return Facts(on_call=_on_call(asked, named, at, self._failed), incidents=found)

    def _ask_schedules(
        self, folder: PolicyFolder, schedules: Sequence[Schedule], at: datetime
    ) -> dict[str, Future[Any]]:
        def ask(schedule: Schedule) -> Sequence[OnCall]:
            return self._sources.on_call(folder, schedule)(at)

        asked = {
            schedule.name: self._threads.submit(ask, schedule)
            for schedule in schedules
            if not schedule.members
        }
        wait(asked.values(), timeout=DEADLINE)
        return asked

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _answer(asked: "Future[Answer]", what: str) -> Answer | None:
    try:
        return asked.result(timeout=0)
    except (ConnectorError, TimeoutError) as silence:
        log.warning("a source did not answer", source=what, error=str(silence))
    except Exception as defect:  # a source of other people's: what fails in its own way is as unknown
        log.exception("a source failed", source=what, error=type(defect).__name__)
    return None


def _on_call(
    asked: Mapping[str, "Future[Any]"],
    schedules: Sequence[Schedule],
    at: datetime,
    failed: Callable[[], None] = lambda: None,
) -> dict[str, OnCallFact]:
    facts = {}
    for schedule in schedules:
        if schedule.name in asked:
            people = _answer(asked[schedule.name], schedule.name)
            if people is None:
                failed()
            facts[schedule.name] = OnCallFact(None if people is None else tuple(people), "calendar", at)
    return facts


def _incidents(folder: PolicyFolder, at: datetime) -> IncidentsFact:
    """The incident file is part of the folder: a change is there within seconds, as any other change."""
    source = folder.settings.incidents
    return IncidentsFact(None, "none") if source is None else IncidentsFact(source.incidents, "file", at)


def _groups(session: Session, folder: PolicyFolder, names: object, at: datetime) -> dict[str, GroupFact]:
    """What the clock last read of Slack's user groups; groups with members in settings need nothing."""
    wanted = [folder.settings.groups[name] for name in sorted(names) if name in folder.settings.groups]  # type: ignore[call-overload]
    slack = [group for group in wanted if group.slack]
    query = select(Roster).where(col(Roster.name).in_([group.slack for group in slack]))
    rosters = {roster.name: roster for roster in session.exec(query).all()} if slack else {}
    return {group.name: _group(group, rosters.get(group.slack or ""), at) for group in slack}


def _group(group: Group, roster: Roster | None, at: datetime) -> GroupFact:
    if roster is None or roster.members is None or abs(at - roster.at) > FRESH:
        return GroupFact(None, "slack", roster.at if roster else None)
    members = frozenset(Email(email) for email in roster.members)
    unsettled = frozenset(
        Email(email)
        for email, known in roster.members.items()
        if group.settle and at - datetime.fromisoformat(known["since"]) < group.settle
    )
    return GroupFact(members, "slack", roster.at, unsettled)
