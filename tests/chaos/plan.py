"""What people will do and what will go wrong, all of it out of one seed, before anything begins.

The same seed, length and database make the same stream. To whom it happens is named by rank (the second oldest
request that waits), because what waits then is decided by what died before.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from app.points import Point
from tests.chaos.company import LEADS, POLICIES, SECURITY, STAFF

ACTS_A_SECOND = 3.0
ASKS_A_SECOND = 1.45
"""So many are stored on average: what comes before a closed door is made up for."""
_ACTS = {
    "ask": 50,
    "approve": 22,
    "both approve": 6,
    "deny": 4,
    "cancel": 4,
    "end": 6,
    "extend": 5,
    "confirm": 5,
    "revoke": 3,
    "reload": 1,
}
_POLICIES = dict(zip(POLICIES, (40, 12, 22, 10, 8, 6, 2), strict=True))
_TROUBLES = {
    "kill": 36,
    "redis killed": 4,
    "redis flushed": 4,
    "redis suspended": 3,
    "redis hangs": 4,
    "redis restarted": 3,
    "slack down": 3,
    "slack fails": 3,
    "slack limits": 4,
    "slack is slow": 3,
    "slack loses answers": 4,
    "database cut": 5,
    "database hangs": 3,
    "database is slow": 3,
    "target cut": 5,
    "target refuses": 4,
    "target hangs": 4,
    "target is slow": 3,
    "faulty folder": 2,
    "asleep": 3,
    "one asleep": 3,
    "clock ahead": 1,
    "clock back": 1,
}
_PAUSE = (1.0, 4.0)
"""Seconds between the end of one trouble and the next."""
_LASTS = (0.7, 4.0)
_LONG = {"one asleep": (4.5, 8.0), "target hangs": (1.0, 7.0), "target refuses": (1.0, 9.0)}
"""Longer than a lease, than the deadline of a call, than a few attempts."""

WEB, BACK = "web", "back"
"""Where a death is ordered: at the door, or in a worker or clock."""
WEB_IN = 8
"""One order in so many is for the door."""
FEW = 4
SOONEST = 0.3
_STORED = ("RequestOpened", "Pressed")
_MOVES = (
    "ApprovalAsked",
    "Approved",
    "Decided",
    "EndBegun",
    "Extended",
    "GrantBegun",
    "GrantPlanned",
    "GrantRevoked",
    "GrantVerified",
    "RequestActive",
    "RequestEnded",
    "RequestRefused",
)
_CLAIMS = ("decide", "give", "judge", "revoke")
_READS = ("assess", "give", "take")
_METHODS = ("chat.postMessage", "chat.update")


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody does: who, about the how-manieth that fits, with what."""

    at: float
    what: str
    who: str
    rank: int = 0
    line: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong for so many seconds; ``pick`` chooses whom it hits."""

    at: float
    what: str
    seconds: float
    pick: int


@dataclass(frozen=True, slots=True)
class Death:
    """A process is to die when it passes a point for so many times. ``about`` None: whatever happens there."""

    where: str
    point: Point
    about: str | None
    passes: int

    def __str__(self) -> str:
        at = f"{self.point}: {self.about}" if self.about else str(self.point)
        return f"{at} (web)" if self.where == WEB else at


@dataclass(frozen=True, slots=True)
class Plan:
    """The stream; ``walk`` are the deaths that are to be died, each at least once."""

    seed: int
    seconds: float
    acts: Sequence[Act]
    troubles: Sequence[Trouble]
    walk: Sequence[Death]

    def more_asks(self) -> Iterator[Act]:
        """What is asked for besides, in its order, whenever fewer were stored than should be."""
        chance = random.Random(f"{self.seed} more")  # noqa: S311 - to be repeated, not to be secret
        while True:
            yield _ask(chance, 0.0, chance.randrange(100), _longest(self.seconds))


class Aims:
    """Where somebody is told to die: as long as there is a point at which nobody did, there."""

    def __init__(self, plan: Plan) -> None:
        self._seconds = plan.seconds
        self._unhit = list(plan.walk)
        mixed = random.Random(plan.seed).sample(plan.walk, len(plan.walk))  # noqa: S311 - to be repeated
        self._usual = {where: cycle([each for each in mixed if each.where == where]) for where in (WEB, BACK)}
        self._orders = 0

    @property
    def _plain(self) -> Sequence[Death]:
        return [each for each in self._unhit if each.about is None]

    def sides(self) -> Sequence[str]:
        """Where the next may die, the first of these where there is anybody."""
        return (WEB, BACK) if self._orders % WEB_IN == WEB_IN - 1 else (BACK,)

    def next(self, where: str) -> Sequence[Death]:
        """For one process there, which dies at whichever of these it passes first: what is passed often is soon done.

        Points by their name come first; with the last of them, which are passed seldom, come their meanings.
        """
        self._orders += 1
        unhit = [each for each in self._unhit if each.where == where]
        plain = [each for each in unhit if each.about is None]
        return (plain if len(plain) > FEW else unhit) or [next(self._usual[where])]

    def hit(self, death: Death) -> None:
        """Somebody died there: at that point by its name, and in this meaning of it."""
        self._unhit = [
            each
            for each in self._unhit
            if each != death and not (each.about is None and each.point == death.point)
        ]

    def pause(self, passed: float) -> float:
        """Seconds until the next order: so many that work gets done between them, where there is time."""
        left = max(0.0, self._seconds - passed)
        return max(SOONEST, min(2.0, self._seconds / 10, left / (2 * len(self._plain) + 1)))


def make(seed: int, seconds: float, kind: str) -> Plan:
    """The stream of that seed for a run of that length on that kind of database."""
    chance = random.Random(f"{seed} {kind}")  # noqa: S311 - to be repeated, not to be secret
    acts = list(_acts(chance, seconds))
    return Plan(seed, seconds, acts, list(_troubles(chance, seconds, kind)), list(_walk(chance)))


def _acts(chance: random.Random, seconds: float) -> Iterator[Act]:
    at = 0.0
    while (at := at + chance.expovariate(ACTS_A_SECOND)) < seconds:
        what = chance.choices(list(_ACTS), list(_ACTS.values()))[0]
        rank = chance.randrange(100)
        match what:
            case "ask":
                yield _ask(chance, at, rank, _longest(seconds))
            case "revoke":
                yield Act(at, what, chance.choice(SECURITY), rank)
            case _:
                yield Act(at, what, chance.choice(LEADS), rank)


def _longest(seconds: float) -> int:
    """Seconds of access at most: in a short run nobody waits for what was given at its end."""
    return 20 if seconds >= 60 else 8


def _ask(chance: random.Random, at: float, rank: int, longest: int) -> Act:
    policy = chance.choices(list(_POLICIES), list(_POLICIES.values()))[0]
    line = f"{policy} {chance.randint(4, longest)}s INC-{rank} replica lag"
    return Act(at, "ask", chance.choice(STAFF), rank, line)


def _troubles(chance: random.Random, seconds: float, kind: str) -> Iterator[Trouble]:
    weights = {what: weight for what, weight in _TROUBLES.items() if _can_be(what, kind)}
    at = chance.uniform(*_PAUSE)
    while at < seconds:
        what = chance.choices(list(weights), list(weights.values()))[0]
        lasts = 0.0 if what == "kill" else chance.uniform(*_LONG.get(what, _LASTS))
        yield Trouble(at, what, lasts, chance.randrange(1000))
        at += lasts + chance.uniform(*_PAUSE)


def _can_be(what: str, kind: str) -> bool:
    """Nobody can stand between a process and its file."""
    return kind != "sqlite" or what not in {"database cut", "database is slow"}


def _walk(chance: random.Random) -> Iterator[Death]:
    """Each point by its name, then each that has several meanings in each of them."""
    plain = [Death(BACK, point, None, chance.randint(1, 3)) for point in Point]
    kinds = (
        (("COMMIT", BACK), _MOVES),
        (("CLAIM", BACK), _CLAIMS),
        (("READ", BACK), _READS),
        (("SLACK", BACK), _METHODS),
        (("COMMIT", WEB), _STORED),
    )
    exact = [
        Death(where, point, about, 1)
        for (name, where), meanings in kinds
        for about in meanings
        for point in (Point[f"BEFORE_{name}"], Point[f"AFTER_{name}"])
    ]
    yield from chance.sample(plain, len(plain))
    yield from chance.sample(exact, len(exact))
