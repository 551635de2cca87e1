"""What is measured, what it has to be (docs/benchmarks.md says where it comes from), and what came out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

ACCESS, FIRST, ANSWER = "access", "first", "answer"
STAGES = ("RequestOpened", "Decided", "GrantBegun", "GrantVerified")
BEGUN, BACK = "begun", "back"
OFFERED, SEARCHED, DECIDED, EXPLAINED = "offered", "searched", "decided", "explained"
AMONG, TOGETHER, TOLD = "among {}", "together {}", "told {}"
CATALOGUE, LONG, TWO = "catalogue", "long", "two workers"
OUTAGE, GROWN = "outage of {}", "growth by {}"
WHO, VERIFIED, HELP, WEB, WORKER, CLOCK = "who", "verified", "help", "web", "worker", "clock"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a measure of one figure; ``target`` None: shown, and held against nothing."""

    figure: str
    measure: Literal["p50", "p95", "p99", "max", "min"]
    says: str
    unit: str
    target: float | None = None
    at_least: bool = False
    peer: str = ""

    def met(self, value: float) -> bool:
        """Whether this is good enough."""
        if self.target is None:
            return True
        return value >= self.target if self.at_least else value <= self.target

    @property
    def wanted(self) -> str:
        """The target in words."""
        if self.target is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {number(self.target)} {self.unit}"


@dataclass(slots=True)
class Sample:
    """Every value of one figure, as it was measured; ``note`` is for the reader."""

    values: list[float] = field(default_factory=list)

    def in_percent_of(self, usual: float) -> "Sample":
        """The same, as a part of what is usual."""
        return Sample([100 * each / usual for each in self.values])

    def of(self, measure: str) -> float:
        """The measure; percentiles by nearest rank, so that each was really measured."""
        ranked = sorted(self.values)
        match measure:
            case "max":
                return ranked[-1]
            case "min":
                return ranked[0]
            case _:
                return ranked[max(0, math.ceil(len(ranked) * int(measure[1:]) / 100) - 1)]


Samples = Mapping[str, Sample]

_TOGETHER = "grants end at one instant: all are read back"
_OUTAGE = "ends while {} is gone: read back after it is there again"


def _grown(figure: str, where: str, peer: str = "") -> Sequence[Line]:
    return (
        Line(figure, "p50", f"command to access read back, {where}", "ms", peer=peer),
        Line(GROWN.format(figure), "p50", "which is, of the first figure of this table", "%", 120),
    )


PER_DATABASE: Sequence[Line] = (
    Line(ACCESS, "p50", "command to access read back, person seen a moment ago", "ms", 50, peer="54 ms"),
    Line(ACCESS, "p95", "the same", "ms", 100),
    Line(STAGES[0], "p50", "of which until the request is being stored", "ms"),
    Line(STAGES[1], "p50", "of which then until its decision is being written", "ms"),
    Line(STAGES[2], "p50", "of which then until the grant is being begun", "ms"),
    Line(STAGES[3], "p50", "of which then until it was read back", "ms"),
    Line(FIRST, "p50", "the same, first command of a person nobody has seen yet", "ms", 50),
    Line(FIRST, "p95", "the same", "ms", 100),
    Line(ANSWER, "p50", "answer to Slack, slash command that is stored", "ms"),
    Line(ANSWER, "p99", "the same", "ms", 50),
    Line(BEGUN, "min", "revocation begun after its time (below 0: too early)", "ms", 0, at_least=True),
    Line(BEGUN, "p50", "the same", "ms"),
    Line(BEGUN, "p99", "the same", "ms", 600),
    Line(BEGUN, "max", "the same", "ms"),
    Line(BACK, "p50", "revocation read back after its time", "ms"),
    Line(BACK, "p99", "the same", "ms", 1_000),
    Line(BACK, "max", "the same", "ms"),
    *_grown(AMONG.format(1_000), "1,000 grants open", peer="2,700 ms"),
    *_grown(AMONG.format(10_000), "10,000 grants open"),
    *_grown(CATALOGUE, "1,000 policies instead of 10"),
    *_grown(LONG, "a ledger of 1,000,000 entries instead of some thousands"),
    *_grown(TWO, "two workers instead of one"),
    Line(TOGETHER.format(1_000), "max", f"1,000 {_TOGETHER}", "s", 5, peer="14 s"),
    Line(TOLD.format(1_000), "max", "the same, and everybody was told, by a Slack that answers at once", "s"),
    Line(TOGETHER.format(10_000), "max", f"10,000 {_TOGETHER}", "s", 30),
    Line(TOGETHER.format(TWO), "max", f"1,000 {_TOGETHER}, two workers", "s", 5),
    Line(OUTAGE.format("Valkey"), "max", "ends while Valkey is gone: read back after its time", "s", 2),
    Line(OUTAGE.format("the target"), "max", _OUTAGE.format("the target"), "s", 7),
    Line(OUTAGE.format("the database"), "max", _OUTAGE.format("the database"), "s", 7),
    Line(VERIFIED, "p50", "`audit verify`, of {entries} entries", "entries/s", 100_000, at_least=True),
    Line(WEB, "max", "`web`, resident, after all of this", "MB", 150),
    Line(WORKER, "max", "`worker`, resident, after all of this", "MB", 150),
    Line(CLOCK, "max", "`clock`, resident, after all of this", "MB"),
)
ALONE: Sequence[Line] = (
    Line(OFFERED, "p99", "the form's list for 1,000 policies, made", "ms", 20),
    Line(SEARCHED, "p50", "the same, asked for by Slack and answered by `web`", "ms"),
    Line(SEARCHED, "p99", "the same", "ms", 20),
    Line(DECIDED, "p50", "decisions by the fifth of ten rules, one core", "1/s", 100_000, at_least=True),
    Line(EXPLAINED, "p50", "the same, each written down with its sentences and facts", "1/s"),
    Line(WHO, "p50", "`policy who-can --all`, 1,000 people, 100 policies of ten rules", "s", 5),
    Line(HELP, "p50", "`breakglass --help`", "s", 0.3),
)


def number(value: float) -> str:
    """As people read it: three significant digits, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
