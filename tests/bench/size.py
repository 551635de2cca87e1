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
    crowds: tuple[int, ...]
    """So many grants are open at once and end at one instant, one crowd after the other."""
    among: int
    """So many ask while a crowd has its access."""
    gap: tuple[float, float]

    @property
    def people(self) -> int:
        """How many ask: some more to warm up with."""
        return WARM_UP + self.grants + self.ends + self.asks + len(self.crowds) * self.among

    @property
    def everybody(self) -> int:
        """How many accounts that takes."""
        return self.people + sum(self.crowds)

    @property
    def window(self) -> int:
        """Seconds of access whose end is measured: long enough to ask for all of it before."""
        return int(self.ends * (sum(self.gap) / 2 + 0.25)) + 4


WARM_UP = 3
FULL = Size(100, 60, 60, 100_000, 2.0, 300, (1_000, 10_000), 30, (0.5, 1.1))
QUICK = Size(6, 5, 4, 5_000, 0.3, 30, (50,), 3, (0.2, 0.4))
