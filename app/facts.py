"""Gathers what a decision needs, in parallel, with a deadline and provenance. What does not answer is unknown."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.lifecycle.limits import count_used
from app.model import Email, Verdict
from app.policy import (
    Ask,
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
    decide,
    needs,
    questions,
    speakers_of,
)
from app.sources import Question, SourceRack, Told, question_of
from app.store.step import Steps
from app.store.tables import Roster

DEADLINE = 2.0
"""Seconds that all sources have together, one repetition included."""
FRESH = timedelta(seconds=60)
"""Nothing that anybody said longer ago than that is a fact."""
RECENT = timedelta(seconds=15)
"""What is only watched is not asked anew where somebody else was told that lately."""
FILE = "file"


class Gatherer:
    """Answers what the engine asks for. ``unheard``: why nobody would hear of a grant, from memory."""

    def __init__(
        self, steps: Steps, sources: SourceRack, unheard: Callable[[Settings, Policy], str | None]
    ) -> None:
        self._steps = steps
        self._sources = sources
        self._unheard = unheard

    def gather(
        self, folder: PolicyFolder, policy: Policy, ask: Ask, but: str | None = None, *, warm: bool = False
    ) -> Facts:
        """Facts for this policy and ask; see ``lifecycle.desk.FactFinder``."""
        wanted = needs(policy, folder.settings)
        with self._steps.read() as session:
            known = Facts(
                groups=_groups(session, folder, wanted.groups, ask.at),
                used=count_used(session, policy, ask.requester, wanted.windows, ask.at, but),
                unheard=self._unheard(folder.settings, policy),
            )
        # Who would have to agree is asked at the same time, and waited for only where somebody has to.
        matter = questions(policy, folder.settings, ask, known)
        asked = self._ask(folder, matter.schedules, ask.at, incidents=matter.incidents, warm=warm)
        speaking = _schedules_of([*speakers_of(policy), *folder.settings.security_team]) - matter.schedules
        of_speakers = self._ask(folder, speaking, ask.at, warm=warm)
        facts = asked.answer(known)
        decision = decide(policy, folder.settings, ask, facts)
        alone = decision.verdict is Verdict.GRANT and not decision.confirm and not policy.limits
        return facts if alone or decision.verdict is Verdict.REFUSE else of_speakers.answer(facts)

    def of_policy(self, folder: PolicyFolder, policy: Policy, at: datetime) -> Facts:
        """All that this policy may want to know of anybody; nobody's uses are counted."""
        wanted = needs(policy, folder.settings)
        asked = self._ask(folder, wanted.schedules, at, incidents=wanted.incidents)
        with self._steps.read() as session:
            return asked.answer(Facts(groups=_groups(session, folder, wanted.groups, at)))

    def of_people(self, folder: PolicyFolder, principals: Sequence[Principal], at: datetime) -> Facts:
        """Only what is needed to know who these are."""
        asked = self._ask(folder, _schedules_of(principals), at)
        names = {principal.name for principal in principals if principal.kind == "group"}
        with self._steps.read() as session:
            return asked.answer(Facts(groups=_groups(session, folder, names, at)))

    def circumstances(
        self, folder: PolicyFolder, schedules: frozenset[str], at: datetime, *, incidents: bool
    ) -> Facts:
        """Only who is on call there, and which incidents are open; see ``lifecycle.desk.FactFinder``."""
        return self._ask(folder, schedules, at, incidents=incidents, young=RECENT).answer(Facts())

    def warm(self, folder: PolicyFolder, at: datetime) -> None:
        """Ask for all that this folder's policies may want to know, so that forms need not wait for it."""
        wanted = [needs(policy, folder.settings) for policy in folder.policies.values()]
        schedules = frozenset[str]().union(*(each.schedules for each in wanted))
        incidents = folder.settings.incidents is not None
        self._ask(folder, schedules, at, incidents=incidents, young=FRESH / 2)

    def _ask(
        self,
        folder: PolicyFolder,
        schedules: frozenset[str],
        at: datetime,
        *,
        incidents: bool = False,
        warm: bool = False,
        young: timedelta = timedelta(),
    ) -> "_Asked":
        young = FRESH if warm else young
        settings, asked = folder.settings, _Asked(folder, at, time.monotonic() + DEADLINE)
        for name in sorted(schedules):
            schedule = settings.schedules[name]
            if schedule.source:
                asked.rotas[name] = self._sources.ask(*question_of(folder, schedule), at, young)
        origin = settings.incidents
        if incidents and origin and not origin.file:
            question = Question.incidents(origin.source, origin.which)
            asked.incidents = self._sources.ask(question, settings.sources[origin.source], at, young)
        return asked

    def close(self) -> None:
        """Let go of the sources."""
        self._sources.close()


@dataclass
class _Asked:
    """Questions that are under way, and the facts that come of them."""

    folder: PolicyFolder
    at: datetime
    ends: float
    rotas: dict[str, "Future[Told]"] = field(default_factory=dict)
    incidents: "Future[Told] | None" = None

    def answer(self, known: Facts) -> Facts:
        """What was known, and what was said until the deadline."""
        wait([*self.rotas.values(), *filter(None, [self.incidents])], max(0.0, self.ends - time.monotonic()))
        settings = self.folder.settings
        rotas = {name: _rota(settings.schedules[name], told) for name, told in self.rotas.items()}
        return replace(
            known, on_call={**known.on_call, **rotas}, incidents=self._incidents(settings, known.incidents)
        )

    def _incidents(self, settings: Settings, known: IncidentsFact) -> IncidentsFact:
        """The incident file is part of the folder: a change is there within seconds, as any other change."""
        origin = settings.incidents
        if origin is None:
            return known
        if origin.file:
            return IncidentsFact(origin.incidents, FILE, self.at)
        if self.incidents is None:
            return known
        told = _told(self.incidents, origin.source)
        return IncidentsFact(told.said, origin.source, told.at, told.why)


def _rota(schedule: Schedule, asked: "Future[Told]") -> OnCallFact:
    told = _told(asked, schedule.source or "")
    return OnCallFact(told.said, schedule.source or "", told.at, told.why)


def _told(asked: "Future[Told]", source: str) -> Told:
    """What was said, if it was said in time."""
    if not asked.done():
        return Told(None, None, f"{source} did not answer within {DEADLINE:g} s")
    return asked.result()


def _schedules_of(principals: Iterable[Principal]) -> frozenset[str]:
    return frozenset(principal.name for principal in principals if principal.kind == "on_call")


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
