"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of requests and entries. ``gap``: seconds between two requests whose ends are measured."""

    grants: int
    ends: int
    asks: int
    entries: int
    seconds: float
    searches: int
    gap: tuple[float, float]
    crowds: tuple[int, ...]
    """So many grants are open at once and end at one instant, one crowd after the other."""
    among: int
    """So many ask where there is much of something: open grants, policies, a long ledger, workers."""
    outage: int
    """So many ends lie in each outage."""
    away: int
    """Seconds of access whose end lies in an outage."""
    policies: int
    """Of a large company."""
    long: int
    """Entries of its ledger after some years."""

    @property
    def people(self) -> int:
        """How many may ask, at most: some to warm up with, some beside each of the crowds, some in outages."""
        beside = len(self.crowds) + 1
        return WARM_UP + self.grants + self.ends + self.asks + beside * self.among + OUTAGES * self.outage

    @property
    def crowded(self) -> int:
        """How many have access in crowds: the smallest comes twice."""
        return sum(self.crowds) + self.crowds[0]

    @property
    def window(self) -> int:
        """Seconds of access whose end is measured: long enough to ask for all of it before."""
        return int(self.ends * (sum(self.gap) / 2 + 0.25)) + 4


WARM_UP = 3
OUTAGES = 3
FEW_POLICIES = 10
FULL = Size(
    grants=100,
    ends=60,
    asks=60,
    entries=100_000,
    seconds=2.0,
    searches=300,
    gap=(0.5, 1.1),
    crowds=(1_000, 10_000),
    among=30,
    outage=20,
    away=12,
    policies=1_000,
    long=1_000_000,
)
QUICK = Size(
    grants=6,
    ends=5,
    asks=4,
    entries=5_000,
    seconds=0.3,
    searches=30,
    gap=(0.2, 0.4),
    crowds=(50,),
    among=3,
    outage=3,
    away=4,
    policies=30,
    long=10_000,
)
