"""Two policies held against each other in every circumstance: the cases that one has to tell apart.

Nobody is asked anything. What is known of a person (who they are, which groups with members they are in) is fixed; each
other condition may be true or false, whatever hour it is and whoever is on call. Branching stops as soon as both
policies have decided, so the cases are few; conditions that follow from one another are never set against each other.
In doubt (``doubts``) whatever an outside system has to say may be unknown as well, and the policy says what follows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from app.model import Email, Truth, Verdict
from app.policy.circumstances import Always, Joined, Not, leaves
from app.policy.conditions import Condition, InGroup, IsOnCall, IsUser
from app.policy.facts import Facts, group_fact
from app.policy.implied import excludes, implies
from app.policy.incidents import IncidentOpen
from app.policy.model import Rule, Settings

MOST_LOOKS = 5_000
"""At one pair of policies by one kind of person; beyond that, conditions that did not change are taken as a whole."""

Known = Mapping[Condition, bool]
UNKNOWN: Final = "unknown"
Value = bool | str
"""A truth, or ``UNKNOWN``."""
Consequence = Literal["approve", "refuse", "grant_and_page"]
"""What a policy says of what it cannot find out."""


class TooMany(Exception):
    """There are more cases than anybody would read."""


@dataclass(slots=True)
class Budget:
    """How often one may still look: a comparison ends, whatever somebody wrote."""

    left: int


@dataclass(frozen=True, slots=True)
class Side:
    """A policy's rules as somebody meets them, with what is known of them, and what follows where that is not."""

    rules: tuple[Rule, ...]
    fixed: Known
    unknown: Consequence = "approve"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The rule that decides; None: no rule gives anything. ``doubt``: what follows, as it is not known to hold."""

    rule: Rule | None
    doubt: Consequence | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What both policies come to where ``when`` holds."""

    before: Outcome
    after: Outcome
    when: Mapping[Condition, Value]


Differ = Callable[[Outcome, Outcome], bool]


def leaves_of(rules: Iterable[Rule]) -> set[Condition]:
    """Every condition that the rules are made of."""
    return {leaf for rule in rules for leaf in leaves(rule.condition)}


def cases(before: Side, after: Side, differ: Differ, budget: Budget, *, doubts: bool = False) -> list[Case]:
    """Every case of the two in which they differ; raises ``TooMany``.

    Everything is known in them or, with ``doubts``, something is not.
    """
    try:
        found = _Search(before, after, differ, frozenset(), doubts=doubts).all(budget)
    except TooMany:
        # Coarser, and never silent: what did not change is one question, however many parts it has.
        old, new = (frozenset(rule.condition for rule in side.rules) for side in (before, after))
        same = frozenset(each for each in old & new if _is_known_alike(each, before.fixed, after.fixed))
        found = _Search(before, after, differ, same, doubts=doubts).all(budget)
    return [each for each in found if UNKNOWN in each.when.values()] if doubts else found


def _is_known_alike(condition: Condition, before: Known, after: Known) -> bool:
    """Whether the condition comes to the same on both sides, whatever holds: nobody came into its groups or left."""
    return all(before.get(leaf) == after.get(leaf) for leaf in leaves(condition))


def deciding(rules: tuple[Rule, ...], budget: Budget) -> set[Rule]:
    """Those of the rules that decide in some case, for somebody; raises ``TooMany``."""
    found: set[Rule] = set()

    def note(outcome: Outcome, _other: Outcome) -> bool:
        found.update({outcome.rule} - {None})  # type: ignore[arg-type]
        return False

    _Search(Side(rules, {}), Side((), {}), note, frozenset(), doubts=False).all(budget)
    return found


# --- people -------------------------------------------------------------------------------------------------

OF_PEOPLE = (IsUser, InGroup, IsOnCall)
"""The conditions that say who somebody is."""


def told_of(leaf: Condition, email: Email | None, settings: Settings, facts: Facts) -> bool | None:
    """What folder and facts say of that person (None: of whoever is nobody special); None: nobody can say it."""
    match leaf:
        case IsUser():
            return leaf.email == email
        case InGroup():
            members = group_fact(leaf.name, settings, facts).members
            return None if members is None else email in members
        case IsOnCall():
            schedule = settings.schedules.get(leaf.schedule)
            return email in schedule.members if schedule and schedule.members else None
        case _:
            return None


def _of_others(condition: Condition) -> bool:
    """Whether somebody else has to say it, who may not answer."""
    return any(isinstance(leaf, InGroup | IsOnCall | IncidentOpen) for leaf in leaves(condition))


def _of_the_hour(condition: Condition) -> bool:
    return any(isinstance(leaf, IsOnCall | IncidentOpen) for leaf in leaves(condition))


def may_cover(rule: Rule, email: Email | None, settings: Settings) -> bool:
    """Whether the rule's condition may be true of that person, under some circumstances."""
    told = {leaf: told_of(leaf, email, settings, Facts()) for leaf in leaves(rule.condition)}
    return _known(rule.condition, {leaf: so for leaf, so in told.items() if so is not None}) is not False


# --- questions ----------------------------------------------------------------------------------------------

Answers = list[Value | None]
"""By the number of the question; None is open."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A condition over numbered questions: one of them (or its opposite), or parts of which one may be decisive."""

    question: int = -1
    positive: bool = True
    parts: tuple["_Node", ...] = ()
    decisive: bool = False

    def value(self, answers: Answers) -> Value | None:
        """Kleene's, where what is open may come to be anything."""
        if self.question >= 0:
            answer = answers[self.question]
            return not answer if isinstance(answer, bool) and not self.positive else answer
        value: Value | None = not self.decisive
        for part in self.parts:
            answer = part.value(answers)
            if answer is self.decisive:
                return answer
            if answer is None or (answer is UNKNOWN and value is not None):
                value = answer
        return value

    def open(self, answers: Answers) -> int:
        """The first question in it that is open."""
        if self.question >= 0:
            return self.question
        return next(part.open(answers) for part in self.parts if part.value(answers) is None)

    def dares(self, answers: Answers, of_the_hour: Sequence[bool]) -> bool | int:
        """Whether all that is known of it holds (see ``Condition.may_be``), or the question that has to be answered."""
        if self.question >= 0:
            answer = answers[self.question]
            if answer is None:
                return self.question
            return of_the_hour[self.question] if answer is UNKNOWN else answer is self.positive
        if not self.parts:
            return not self.decisive
        found = [part.dares(answers, of_the_hour) for part in self.parts]
        if any(each is False for each in found):
            return False
        return next((each for each in found if each is not True), True)


class _Questions:
    """Every condition that is no part of another, by number; ``whole`` ones are asked without their parts."""

    def __init__(self, whole: frozenset[Condition]) -> None:
        self.whole = whole
        self.asked: list[Condition] = []
        self._number: dict[Condition, int] = {}

    def node(self, condition: Condition, *, positive: bool = True) -> _Node:
        """The condition, or its opposite."""
        match condition:
            case Always():
                return _Node(decisive=not positive)
            case Not() if condition not in self.whole:
                return self.node(condition.part, positive=not positive)
            case Joined() if condition not in self.whole:
                parts = tuple(self.node(part, positive=positive) for part in condition.parts)
                return _Node(parts=parts, decisive=(condition.decisive is Truth.TRUE) is positive)
            case _:
                return _Node(self._numbered(condition), positive)

    def _numbered(self, condition: Condition) -> int:
        if condition not in self._number:
            self._number[condition] = len(self.asked)
            self.asked.append(condition)
        return self._number[condition]

    def answers(self, fixed: Known) -> Answers:
        """What is known of a person; of what is asked as a whole, what follows from its parts."""
        return [_known(condition, fixed) for condition in self.asked]

    def consequences(self) -> dict[tuple[int, Value], list[tuple[int, bool]]]:
        """What each answer says of the other questions; what is unknown says nothing."""
        found: dict[tuple[int, Value], list[tuple[int, bool]]] = {}
        for one, first in enumerate(self.asked):
            for other, second in enumerate(self.asked):
                if one != other and implies(first, second):
                    found.setdefault((one, True), []).append((other, True))
                    found.setdefault((other, False), []).append((one, False))
                if one != other and excludes(first, second):
                    found.setdefault((one, True), []).append((other, False))
        return found


def _known(condition: Condition, fixed: Known) -> bool | None:
    if condition in fixed or not isinstance(condition, Not | Joined):
        return fixed.get(condition)
    parts = _Questions(frozenset())
    node = parts.node(condition)
    value = node.value([fixed.get(part) for part in parts.asked])
    return value if isinstance(value, bool) else None


# --- the search ---------------------------------------------------------------------------------------------


class _Rules:
    """One side's rules over questions."""

    def __init__(self, side: Side, questions: _Questions) -> None:
        nodes = [(rule, questions.node(rule.condition)) for rule in side.rules]
        self.giving = [each for each in nodes if each[0].then is not Verdict.REFUSE]
        self.refusing = [each for each in nodes if each[0].then is Verdict.REFUSE]
        self.unknown = side.unknown

    def settle(self, answers: Answers, of_the_hour: Sequence[bool]) -> Outcome | int:
        """The rule that decides, or the question that has to be answered first."""
        values = [node.value(answers) for _, node in self.giving]
        first = next((place for place, value in enumerate(values) if value is not False), None)
        if first is None:
            return Outcome(None)
        doubtful: Rule | None = None
        for rule, node in self.refusing:
            value = node.value(answers)
            if value is UNKNOWN:
                doubtful = doubtful or rule
            elif value is not False:
                return Outcome(rule) if value else node.open(answers)
        rule, node = self.giving[first]
        if values[first] is None:
            return node.open(answers)
        grants = rule.then is Verdict.GRANT
        barred = doubtful is not None and (grants or doubtful.position < rule.position)
        if not barred and values[first] is True:
            return Outcome(rule)
        if barred or not grants or self.unknown != "grant_and_page":
            return Outcome(rule, "refuse" if self.unknown == "refuse" else "approve")
        dares = node.dares(answers, of_the_hour)
        return dares if type(dares) is int else Outcome(rule, "grant_and_page" if dares else "approve")


class _Search:
    def __init__(
        self, before: Side, after: Side, differ: Differ, whole: frozenset[Condition], *, doubts: bool
    ) -> None:
        self.questions = _Questions(whole)
        self.before, self.after = (_Rules(side, self.questions) for side in (before, after))
        self.known = tuple(self.questions.answers(side.fixed) for side in (before, after))
        asked = self.questions.asked
        self.of_the_hour = [doubts and _of_the_hour(each) for each in asked]
        self.doubtful = [doubts and _of_others(each) for each in asked]
        self.differ = differ
        self.follows = self.questions.consequences()
        self.looks = 0
        self.most = 0

    def all(self, budget: Budget) -> list[Case]:
        """Every case that differs, within what is left of the budget."""
        self.most = min(MOST_LOOKS, budget.left)
        try:
            return list(self._cases({}))
        finally:
            budget.left -= self.looks

    def _cases(self, when: dict[int, Value]) -> Iterator[Case]:
        """Decide by both; where one cannot yet, suppose one thing more, either way, or that nobody knows it."""
        old, new = self._settle(when)
        if isinstance(old, Outcome) and isinstance(new, Outcome):
            if self.differ(old, new):
                shortest = self._shortest(old, new, when)
                yield Case(old, new, {self.questions.asked[each]: so for each, so in shortest.items()})
            return
        question = new if isinstance(old, Outcome) else old
        assert isinstance(question, int)  # noqa: S101 - one of the two is open
        for so in (True, False, UNKNOWN) if self.doubtful[question] else (True, False):
            yield from self._cases({**when, question: so})

    def _settle(self, when: Mapping[int, Value]) -> tuple[Outcome | int, Outcome | int]:
        """What both sides come to under these suppositions and what follows from them."""
        if self.looks >= self.most:
            raise TooMany
        self.looks += 1
        supposed: dict[int, Value] = {}
        for question, so in when.items():
            supposed |= {question: so, **dict(self.follows.get((question, so), ()))}
        old, new = (
            [supposed.get(place) if answer is None else answer for place, answer in enumerate(known)]
            for known in self.known
        )
        return self.before.settle(old, self.of_the_hour), self.after.settle(new, self.of_the_hour)

    def _shortest(self, old: Outcome, new: Outcome, when: dict[int, Value]) -> dict[int, Value]:
        """What of it matters: the rest is left out, what is not so first, then what is unknown."""
        kept = when
        for question in sorted(when, key=lambda each: (False, UNKNOWN, True).index(when[each])):
            fewer = {each: so for each, so in kept.items() if each != question}
            if self._settle(fewer) == (old, new):
                kept = fewer
        return kept
