"""What people will do and what will go wrong, all of it out of one seed, before anything begins.

The same seed, length and database make the same stream. To whom it happens is named by rank (the second oldest
request that waits), because what waits then is decided by what died before.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle

from app.points import Point
from tests.chaos.company import LEADS, POLICIES, SECURITY, STAFF

ACTS_A_SECOND = 3.0
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
    """The stream. Deaths are ordered one after the other, for ever."""

    seed: int
    seconds: float
    acts: Sequence[Act]
    troubles: Sequence[Trouble]
    walk: Sequence[Death]

    @property
    def between_deaths(self) -> float:
        """Seconds between two orders to die: so many that work gets done between them, where there is time."""
        return min(2.0, self.seconds / 10)

    def deaths(self) -> Iterator[Death]:
        """First each point once, then any."""
        return chain(self.walk, cycle(random.Random(self.seed).sample(self.walk, len(self.walk))))  # noqa: S311


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
                policy = chance.choices(list(_POLICIES), list(_POLICIES.values()))[0]
                line = f"{policy} {chance.randint(4, 20)}s INC-{rank} replica lag"
                yield Act(at, what, chance.choice(STAFF), rank, line)
            case "revoke":
                yield Act(at, what, chance.choice(SECURITY), rank)
            case _:
                yield Act(at, what, chance.choice(LEADS), rank)


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
