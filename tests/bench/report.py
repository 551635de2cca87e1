"""The tables, on the terminal and in docs/benchmarks.md."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.figures import ALONE, PER_DATABASE, Line, Sample, Samples, number

_PEER = """\
The best known open peer, measured on such a machine: 54 ms to access with nothing open, 2.7 s with 1,000
grants open; 1,000 grants that end together take it 14 s; two approvers on two instances grant twice, 20 times
out of 20; five requests in one second leave four grants that nothing will ever revoke."""

Table = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Conditions:
    """On what, when, and how busy it was with other things before and after."""

    at: datetime
    entries: int
    load: tuple[float, float]

    def __str__(self) -> str:
        """One paragraph."""
        return (
            f"{self.at:%Y-%m-%d %H:%M} UTC, {_processor()}, {os.cpu_count()} cores, "
            f"CPython {platform.python_version()}, load average {self.load[0]:.1f} before and "
            f"{self.load[1]:.1f} after (the benchmark itself makes about 1)."
        )


def text(conditions: Conditions, alone: Samples, databases: Mapping[str, Samples]) -> str:
    """Both tables as they are read on a terminal and on a page."""
    rows = [*_header(list(databases)), *_rows(PER_DATABASE, databases, conditions.entries)]
    single = [*_header(["measured"]), *_rows(ALONE, {"measured": alone}, conditions.entries)]
    parts = [str(conditions), _markdown(rows), _markdown(single), _PEER]
    return "\n\n".join(parts) + "\n"


def page(body: str) -> str:
    """docs/benchmarks.md."""
    how = """\
# Benchmarks

Written by `make bench`; change nothing here by hand. `make bench ARGS=--quick` looks in less than a minute
and writes nothing.

Real processes (`web`, `worker`, `clock`), a real Valkey, a real PostgreSQL as target, a Slack in a process
of its own that answers at once, all on one machine, the databases durable (fsync on). *Access* runs from the
moment the signed command leaves to the moment at which the role was read back at the target. Answers to Slack
are those to every command that was sent, one at a time. Ends lie at random fractions of a second. Percentiles
are by nearest rank: each was really measured. What is due while something is gone may be done 7 s after it is
there again. Where a figure is missed, docs/speed.md says where the time goes."""
    return f"{how}\n\n{body}"


def write(folder: Path, body: str) -> None:
    """Keep it."""
    (folder / "benchmarks.md").write_text(page(body), encoding="utf-8")


def _header(columns: Sequence[str]) -> Table:
    return [["figure", "", "target", *columns, "met", "n", "peer"]]


def _rows(lines: Sequence[Line], columns: Mapping[str, Samples], entries: int) -> Iterator[Sequence[str]]:
    for line in lines:
        found = {name: samples[line.figure] for name, samples in columns.items() if line.figure in samples}
        if found:
            yield _row(line, columns, found, entries)


def _row(
    line: Line, columns: Mapping[str, Samples], found: Mapping[str, Sample], entries: int
) -> Sequence[str]:
    values = {name: sample.of(line.measure) for name, sample in found.items()}
    cells = [f"{number(values[name])} {line.unit}" if name in values else "" for name in columns]
    met = "" if line.target is None else _met(line, values)
    several = " / ".join(dict.fromkeys(str(len(sample.values)) for sample in found.values()))
    says = line.says.format(entries=f"{entries:,}")
    return [says, line.measure, line.wanted, *cells, met, several, line.peer]


def _met(line: Line, values: Mapping[str, float]) -> str:
    missed = [name for name, value in values.items() if not line.met(value)]
    if not missed:
        return "yes"
    return "**no**" if len(missed) == len(values) else f"**not on {missed[0]}**"


def _markdown(rows: Table) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    padded.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(row)} |" for row in padded)


def _processor() -> str:
    try:
        known = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":")[1].strip() for line in known if line.startswith("model name")), "")
