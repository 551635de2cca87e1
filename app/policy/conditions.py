"""Conditions: true, false or unknown, with a sentence and the facts behind it.

``truth`` is asked of every rule of every decision and only computes; ``explain`` of the few that decided.
Sentences say what was found, so they stay true under ``not``.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from app.model import Email, Truth, iso, short_duration
from app.policy.facts import (
    NO_ANSWER,
    UNHEARD,
    Facts,
    GroupFact,
    IncidentsFact,
    Needs,
    OnCallFact,
    group_fact,
    on_call_fact,
)
from connectors.interface import OnCall

if TYPE_CHECKING:
    from app.policy.model import Settings


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asks for; ``duration`` None is the policy's default, ``incident`` the one they name."""

    requester: Email
    at: datetime
    duration: timedelta | None = None
    reason: str = ""
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class FactSeen:
    """One fact as a decision saw it: whose answer, of when, since when it holds, made by whom."""

    fact: str
    value: Truth
    source: str
    at: datetime
    since: datetime | None = None
    by: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """An element of ``decision.facts``."""
        return {
            "fact": self.fact,
            "value": self.value.value,
            "source": self.source,
            "at": iso(self.at),
            "since": iso(self.since) if self.since else None,
            "by": self.by,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a condition came to, in words and with the facts behind it."""

    truth: Truth
    because: tuple[str, ...]
    facts: tuple[FactSeen, ...]


@dataclass(slots=True)
class Context:
    """What conditions read: the ask (with the duration that holds for it), the facts, the settings.

    Nobody changes one. It is not frozen, because one is made for each decision, and freezing takes three times as long.
    """

    ask: Ask
    duration: timedelta
    facts: Facts
    settings: "Settings"

    def saw(self, fact: str, value: Truth, source: str, at: datetime | None = None) -> FactSeen:
        """A fact without a history."""
        return FactSeen(fact, value, source, at or self.ask.at)


class Condition(Protocol):
    """What a rule asks for."""

    def truth(self, ctx: Context) -> Truth:
        """Kleene's value, computed and nothing else."""

    def explain(self, ctx: Context) -> Outcome:
        """The same value with sentences and facts."""

    def wish(self) -> str:
        """What would have to be the case: ``they were in group sre``."""

    def needs(self) -> Iterator[Needs]:
        """What the condition may read."""

    def questions(self, ctx: Context) -> Iterator[Needs]:
        """What it would have to be told in order not to be unknown."""

    def may_be(self, wanted: Truth, ctx: Context) -> bool:
        """All that is known of it is as wanted, and what is unknown is who is on call or which incident is open."""

    def known(self) -> Truth | None:
        """The value that it always has, if it has one."""


_TRUE, _FALSE, _UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
"""Looked up once: asking the class for a member takes longer than comparing with it."""


def as_truth(answer: bool) -> Truth:  # noqa: FBT001 - the one argument is the point
    """Of what is known for certain."""
    return _TRUE if answer else _FALSE


def both(left: Truth, right: Truth) -> Truth:
    """Kleene's *and*."""
    if left is _TRUE:
        return right
    return left if right is _TRUE or left is _FALSE else right


def needs(**wanted: Any) -> Needs:
    """What one condition may read; left out is nothing."""
    empty: dict[str, Any] = {
        "groups": frozenset(),
        "schedules": frozenset(),
        "incidents": False,
        "windows": frozenset(),
    }
    return Needs(**(empty | wanted))


class Leaf(ABC):
    """What conditions without parts share: nothing to gather, no value of their own."""

    __slots__ = ()

    of_the_hour: ClassVar[bool] = False
    """Whether it is about who is on call or which incident is open."""

    def needs(self) -> Iterator[Needs]:
        """Nothing that has to be gathered."""
        yield from ()

    @abstractmethod
    def truth(self, ctx: Context) -> Truth:
        """See ``Condition``."""

    def questions(self, ctx: Context) -> Iterator[Needs]:
        """All that it needs, while it is unknown."""
        if self.truth(ctx) is Truth.UNKNOWN:
            yield from self.needs()

    def may_be(self, wanted: Truth, ctx: Context) -> bool:
        """See ``Condition``."""
        truth = self.truth(ctx)
        return self.of_the_hour if truth is Truth.UNKNOWN else truth is wanted

    def known(self) -> Truth | None:
        """Depends."""
        return None


@dataclass(frozen=True, slots=True)
class InGroup(Leaf):
    """``group: NAME``."""

    name: str

    def truth(self, ctx: Context) -> Truth:
        """Whether the requester is in the group."""
        # `membership`, without its calls: most of what a decision does is this question.
        name, who = self.name, ctx.ask.requester
        fact = ctx.facts.groups.get(name) or ctx.settings.standing.groups.get(name) or UNHEARD
        members = fact.members
        if members is None or who in fact.unsettled:
            return _UNKNOWN
        return _TRUE if who in members else _FALSE

    def explain(self, ctx: Context) -> Outcome:
        """Says who did not answer, or who joined too lately."""
        truth, who = self.truth(ctx), ctx.ask.requester
        fact = group_fact(self.name, ctx.settings, ctx.facts)
        if truth is not Truth.UNKNOWN:
            sentence = f"{who} is {'' if truth is Truth.TRUE else 'not '}in group {self.name}"
        elif fact.members is None:
            sentence = f"whether {who} is in group {self.name} is unknown: {silent(fact)}"
        else:
            sentence = f"whether {who} is in group {self.name} is unknown: they joined too lately to count"
        return Outcome(truth, (sentence,), (ctx.saw(f"group:{self.name}", truth, fact.source, fact.at),))

    def wish(self) -> str:
        """In words."""
        return f"they were in group {self.name}"

    def needs(self) -> Iterator[Needs]:
        """That group."""
        yield needs(groups=frozenset({self.name}))


def silent(fact: GroupFact | OnCallFact | IncidentsFact) -> str:
    """Why nobody knows, where a source said nothing."""
    why = getattr(fact, "why", None)
    return why or ("nobody was asked" if fact.source == "none" else f"{fact.source} did not answer")


def _history(entry: OnCall, at: datetime) -> str:
    """Since when, and who made it so how long ago, as far as the source says."""
    since = f" since {iso(entry.since)}" if entry.since else ""
    ago = f" {_roughly(at - entry.made_at)} ago" if entry.made_at else ""
    made = f", made so{f' by {entry.by}' if entry.by else ''}{ago}" if entry.by or ago else ""
    return since + made


def _roughly(length: timedelta) -> str:
    """The largest unit alone: ``3 min``."""
    seconds = max(0, int(length.total_seconds()))
    sizes = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    unit, size = next((each for each in sizes if seconds >= each[1]), sizes[-1])
    return f"{seconds // size} {unit}"


@dataclass(frozen=True, slots=True)
class IsUser(Leaf):
    """``user: EMAIL``."""

    email: Email

    def truth(self, ctx: Context) -> Truth:
        """Whether the requester is that person."""
        return as_truth(ctx.ask.requester == self.email)

    def explain(self, ctx: Context) -> Outcome:
        """Says who it is."""
        truth = self.truth(ctx)
        word = "is" if truth is Truth.TRUE else "is not"
        sentence = f"{ctx.ask.requester} {word} {self.email}"
        return Outcome(truth, (sentence,), (ctx.saw(f"user:{self.email}", truth, "request"),))

    def wish(self) -> str:
        """In words."""
        return f"they were {self.email}"


@dataclass(frozen=True, slots=True)
class IsOnCall(Leaf):
    """``on_call: {schedule, level, for_at_least}``."""

    schedule: str
    level: int | None = None
    for_at_least: timedelta | None = None
    of_the_hour: ClassVar[bool] = True

    def truth(self, ctx: Context) -> Truth:
        """Whether the requester is on call; an empty rota is no answer."""
        name = self.schedule
        # `on_call_fact`, without the call.
        fact = ctx.facts.on_call.get(name) or ctx.settings.standing.on_call.get(name) or NO_ANSWER
        if not fact.people:
            return _UNKNOWN
        answer = _FALSE
        for entry in fact.about(ctx.ask.requester):
            truth = self._is_them(entry, ctx)
            if truth is _TRUE:
                return truth
            answer = truth if answer is _FALSE else answer
        return answer

    def _is_them(self, entry: OnCall, ctx: Context) -> Truth:
        """Whether this entry, theirs or nobody's, is the requester's at that level and for that long."""
        if self.level is not None and entry.level > self.level:
            return _FALSE
        known = _UNKNOWN if entry.doubt or entry.email is None else _TRUE
        return known if self.for_at_least is None else both(known, self._since(entry, self.for_at_least, ctx))

    def _since(self, entry: OnCall, at_least: timedelta, ctx: Context) -> Truth:
        if entry.since is None:
            # People whom settings name are always on call; of anybody else nobody knows since when.
            schedule = ctx.settings.schedules.get(self.schedule)
            return Truth.TRUE if schedule and schedule.members else Truth.UNKNOWN
        return as_truth(ctx.ask.at - entry.since >= at_least)

    def explain(self, ctx: Context) -> Outcome:
        """Says at which level, since when and who made it so, or why nobody knows."""
        truth = self.truth(ctx)
        fact = on_call_fact(self.schedule, ctx.settings, ctx.facts)
        entry = self._entry(fact.people or (), ctx)
        seen = FactSeen(
            f"on_call:{self.schedule}",
            truth,
            fact.source,
            fact.at or ctx.ask.at,
            entry.since if entry else None,
            entry.by if entry else None,
        )
        return Outcome(truth, (self._sentence(truth, fact, entry, ctx),), (seen,))

    def _entry(self, people: tuple[OnCall, ...], ctx: Context) -> OnCall | None:
        """The entry that speaks most for the requester: theirs, or the one that may be."""
        theirs = [each for each in people if each.email in (None, ctx.ask.requester)]
        order = {Truth.TRUE: 0, Truth.UNKNOWN: 1, Truth.FALSE: 2}
        speaks = min(theirs, key=lambda each: (order[self._is_them(each, ctx)], each.level), default=None)
        nobody = speaks is not None and speaks.email is None and self._is_them(speaks, ctx) is Truth.FALSE
        return None if nobody else speaks

    def _sentence(self, truth: Truth, fact: OnCallFact, entry: OnCall | None, ctx: Context) -> str:
        who = ctx.ask.requester
        unknown = f"whether {who} is on call in {self.schedule} is unknown"
        if not fact.people:
            return f"{unknown}: {'its rota is empty' if fact.people is not None else silent(fact)}"
        if entry is None:
            return f"{who} is not on call in {self.schedule}{self._asked()}"
        if entry.email is None or entry.doubt:
            hidden = f"{fact.source} does not tell the address of somebody who is"
            return f"{unknown}: {entry.doubt or hidden}"
        found = f"{who} is on call in {self.schedule} at level {entry.level}{_history(entry, ctx.ask.at)}"
        if truth is Truth.TRUE:
            return found
        if truth is Truth.UNKNOWN:
            return f"{found}, but nobody says since when"
        return f"{found}, which is not{self._asked()}"

    def _asked(self) -> str:
        level = f" at level {self.level} or above" if self.level else ""
        since = f" for at least {short_duration(self.for_at_least)}" if self.for_at_least else ""
        return level + since

    def wish(self) -> str:
        """In words."""
        return f"they were on call in {self.schedule}{self._asked()}"

    def needs(self) -> Iterator[Needs]:
        """That schedule."""
        yield needs(schedules=frozenset({self.schedule}))
