"""Conditions on time and on the ask itself, and those that join others."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.model import Truth, iso, short_duration
from app.policy.conditions import Condition, Context, FactSeen, Leaf, Outcome, as_truth, needs
from app.policy.facts import Needs
from app.policy.fields import found_in
from app.policy.hours import Hours

_TRUE, _FALSE, _UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
_NOT = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}


@dataclass(frozen=True, slots=True)
class InHours(Leaf):
    """``hours: NAME``."""

    hours: Hours

    def truth(self, ctx: Context) -> Truth:
        """Whether now lies inside."""
        return as_truth(self.hours.contain(ctx.ask.at))

    def explain(self, ctx: Context) -> Outcome:
        """Says which hours these are."""
        truth = self.truth(ctx)
        word = "inside" if truth is Truth.TRUE else "outside"
        sentence = f"{iso(ctx.ask.at)} lies {word} {self.hours.name} ({self.hours.describe()})"
        return Outcome(truth, (sentence,), (ctx.saw(f"hours:{self.hours.name}", truth, "clock"),))

    def wish(self) -> str:
        """In words."""
        return f"it were inside the hours {self.hours.name}"


@dataclass(frozen=True, slots=True)
class Between(Leaf):
    """``between: {from, to}``."""

    start: datetime
    end: datetime

    def truth(self, ctx: Context) -> Truth:
        """Whether now lies in the half-open interval."""
        return as_truth(self.start <= ctx.ask.at < self.end)

    def explain(self, ctx: Context) -> Outcome:
        """Says which interval it is."""
        truth = self.truth(ctx)
        word = "lies" if truth is Truth.TRUE else "does not lie"
        sentence = f"{iso(ctx.ask.at)} {word} between {iso(self.start)} and {iso(self.end)}"
        return Outcome(truth, (sentence,), (ctx.saw("between", truth, "clock"),))

    def wish(self) -> str:
        """In words."""
        return f"it were between {iso(self.start)} and {iso(self.end)}"


@dataclass(frozen=True, slots=True)
class ShortEnough(Leaf):
    """``duration: {at_most}``."""

    at_most: timedelta

    def truth(self, ctx: Context) -> Truth:
        """Whether what is asked for is short enough."""
        return as_truth(ctx.duration <= self.at_most)

    def explain(self, ctx: Context) -> Outcome:
        """Says how long was asked for."""
        truth = self.truth(ctx)
        word = "at most" if truth is Truth.TRUE else "more than"
        sentence = f"{short_duration(ctx.duration)} is {word} {short_duration(self.at_most)}"
        return Outcome(truth, (sentence,), (ctx.saw("duration", truth, "request"),))

    def wish(self) -> str:
        """In words."""
        return f"they asked for at most {short_duration(self.at_most)}"


@dataclass(frozen=True, slots=True)
class ReasonMatches(Leaf):
    """``reason: {matches}``; ``compiled`` is the pattern, ready."""

    pattern: str
    compiled: Any = field(compare=False, repr=False)

    def truth(self, ctx: Context) -> Truth:
        """Whether the pattern is found anywhere in the reason."""
        return as_truth(bool(found_in(self.compiled, ctx.ask.reason)))

    def explain(self, ctx: Context) -> Outcome:
        """Says which pattern it is, and never what the reason was."""
        truth = self.truth(ctx)
        word = "matches" if truth is Truth.TRUE else "does not match"
        return Outcome(
            truth, (f"the reason {word} `{self.pattern}`",), (ctx.saw("reason", truth, "request"),)
        )

    def wish(self) -> str:
        """In words."""
        return f"the reason matched `{self.pattern}`"


@dataclass(frozen=True, slots=True)
class UsedRarely(Leaf):
    """``used: {fewer_than, in}``."""

    fewer_than: int
    window: timedelta

    def truth(self, ctx: Context) -> Truth:
        """Whether the requester was given this policy fewer times."""
        count = ctx.facts.used.within(self.window)
        return Truth.UNKNOWN if count is None else as_truth(count < self.fewer_than)

    def explain(self, ctx: Context) -> Outcome:
        """Says how often it was."""
        truth = self.truth(ctx)
        count, window = ctx.facts.used.within(self.window), short_duration(self.window)
        if count is None:
            sentence = f"how often {ctx.ask.requester} used this policy in {window} is unknown"
        else:
            word = "fewer than" if truth is Truth.TRUE else "not fewer than"
            times = "once" if count == 1 else f"{count} times"
            sentence = f"{ctx.ask.requester} used this policy {times} in {window}, {word} {self.fewer_than}"
        return Outcome(truth, (sentence,), (ctx.saw(f"used:{window}", truth, "records"),))

    def wish(self) -> str:
        """In words."""
        return (
            f"they had used this policy fewer than {self.fewer_than} times in {short_duration(self.window)}"
        )

    def needs(self) -> Iterator[Needs]:
        """That window."""
        yield needs(windows=frozenset({self.window}))


@dataclass(frozen=True, slots=True)
class Always(Leaf):
    """``always: true``."""

    def truth(self, _ctx: Context) -> Truth:
        """True."""
        return Truth.TRUE

    def explain(self, _ctx: Context) -> Outcome:
        """Says so."""
        return Outcome(Truth.TRUE, ("this rule always applies",), ())

    def wish(self) -> str:
        """In words."""
        return "anything were asked"

    def known(self) -> Truth:
        """True."""
        return Truth.TRUE


@dataclass(frozen=True, slots=True)
class Not:
    """``not: …``."""

    part: Condition

    def truth(self, ctx: Context) -> Truth:
        """The opposite; of unknown, unknown."""
        return _NOT[self.part.truth(ctx)]

    def explain(self, ctx: Context) -> Outcome:
        """The part's own sentences: they say what was found."""
        inner = self.part.explain(ctx)
        return Outcome(_NOT[inner.truth], inner.because, inner.facts)

    def wish(self) -> str:
        """In words."""
        return f"it were not so that {self.part.wish()}"

    def needs(self) -> Iterator[Needs]:
        """What the part needs."""
        yield from self.part.needs()

    def questions(self, ctx: Context) -> Iterator[Needs]:
        """The part's."""
        yield from self.part.questions(ctx)

    def may_be(self, wanted: Truth, ctx: Context) -> bool:
        """The part the opposite."""
        return self.part.may_be(_NOT[wanted], ctx)

    def known(self) -> Truth | None:
        """The opposite of what the part always is."""
        inner = self.part.known()
        return None if inner is None else _NOT[inner]


@dataclass(frozen=True, slots=True)
class Joined:
    """``all`` and ``any``: Kleene's *and* and *or* are one another's mirror.

    ``decisive`` is the value that one part alone gives the whole: false for ``all``, true for ``any``.
    """

    parts: tuple[Condition, ...]
    decisive: Truth

    def truth(self, ctx: Context) -> Truth:
        """Stops at the first part that decides."""
        decisive = self.decisive
        answer = _TRUE if decisive is _FALSE else _FALSE
        for part in self.parts:
            truth = part.truth(ctx)
            if truth is decisive:
                return truth
            if truth is _UNKNOWN:
                answer = truth
        return answer

    def explain(self, ctx: Context) -> Outcome:
        """The sentences of the parts that made it so."""
        truth = self.truth(ctx)
        told = [
            outcome
            for outcome in (part.explain(ctx) for part in self.parts)
            if self._tells(outcome.truth, truth)
        ]
        because: tuple[str, ...] = tuple(dict.fromkeys(line for outcome in told for line in outcome.because))
        facts: tuple[FactSeen, ...] = tuple(dict.fromkeys(fact for outcome in told for fact in outcome.facts))
        return Outcome(truth, because, facts)

    def _tells(self, part: Truth, whole: Truth) -> bool:
        """Of an unknown ``all`` the true parts are worth telling too: they are what does hold."""
        holds = whole is Truth.UNKNOWN and self.decisive is Truth.FALSE and part is Truth.TRUE
        return part is whole or holds

    def wish(self) -> str:
        """In words."""
        word = " and " if self.decisive is Truth.FALSE else " or "
        return word.join(part.wish() for part in self.parts)

    def needs(self) -> Iterator[Needs]:
        """What the parts need."""
        for part in self.parts:
            yield from part.needs()

    def questions(self, ctx: Context) -> Iterator[Needs]:
        """Those of the parts, unless one of them decides already."""
        if self.truth(ctx) is Truth.UNKNOWN:
            for part in self.parts:
                yield from part.questions(ctx)

    def may_be(self, wanted: Truth, ctx: Context) -> bool:
        """Every part, of ``any`` as well: what is known to be otherwise speaks against it."""
        return all(part.may_be(wanted, ctx) for part in self.parts)

    def known(self) -> Truth | None:
        """The value that the parts always give."""
        values = [part.known() for part in self.parts]
        if self.decisive in values:
            return self.decisive
        return None if None in values else _NOT[self.decisive]


def leaves(condition: Condition) -> Iterator[Condition]:
    """Its parts that have no parts."""
    match condition:
        case Not():
            yield from leaves(condition.part)
        case Joined():
            for part in condition.parts:
                yield from leaves(part)
        case _:
            yield condition
