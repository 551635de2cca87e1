"""``python -m tests.chaos [--seconds 600] [--seed 7] [--only sqlite|postgresql]``: 1 where a promise was broken."""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.chaos import run
from tests.chaos.scene import KINDS

WHOLE = 1800.0
LEAST = (2000, 300)
"""Requests and kills of a run of that many seconds."""


def main(arguments: Iterable[str] | None = None) -> int:
    """Run on each database for its share of the time, and say what was seen."""
    options = _options(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    kinds = [options.only] if options.only else list(KINDS)
    place = Path(tempfile.mkdtemp(prefix="bg-chaos-"))
    outcomes = []
    for kind in kinds:
        folder = place / kind
        folder.mkdir()
        outcome = run.on(kind, seed, options.seconds / len(kinds), folder)
        sys.stdout.write(outcome.report())
        sys.stdout.flush()
        outcomes.append(outcome)
    broken = sum(len(outcome.violations) for outcome in outcomes)
    sys.stdout.write(f"\n{_in_all(outcomes)}\n")
    if options.seconds >= WHOLE and (too_little := _too_little(outcomes)):
        sys.stdout.write(f"VIOLATION {too_little}\n")
        broken += 1
    if broken:
        sys.stdout.write(f"{broken} violations with --seed {seed}; everything is kept in {place}\n")
        return 1
    shutil.rmtree(place, ignore_errors=True)
    sys.stdout.write(f"No violation with --seed {seed}.\n")
    return 0


def _in_all(outcomes: Sequence[run.Outcome]) -> str:
    requests, kills = _counts(outcomes)
    worst = max((late for outcome in outcomes for late in outcome.lateness.values()), default=0.0)
    return f"In all {requests} requests, {kills} kills; nothing was later than {worst:.2f} s."


def _counts(outcomes: Iterable[run.Outcome]) -> tuple[int, int]:
    every = list(outcomes)
    return sum(each.states.total() for each in every), sum(each.diary.kills.total() for each in every)


def _too_little(outcomes: Sequence[run.Outcome]) -> str:
    """Empty where enough happened for a run of that length to say something."""
    seen = _counts(outcomes)
    if all(count >= least for count, least in zip(seen, LEAST, strict=True)):
        return ""
    return f"{seen[0]} requests and {seen[1]} kills, and there should be at least {LEAST[0]} and {LEAST[1]}"


def _options(arguments: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="Break everything, and see what holds.")
    parser.add_argument("--seconds", type=float, default=600.0, help="of troubles, both databases together")
    parser.add_argument("--seed", type=int, default=None, help="of the stream; any if not given, and printed")
    parser.add_argument("--only", choices=KINDS, help="all of the time on one database")
    return parser.parse_args(None if arguments is None else list(arguments))


if __name__ == "__main__":
    sys.exit(main())
