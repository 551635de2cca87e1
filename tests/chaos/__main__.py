"""``python -m tests.chaos [--seconds 600] [--seed 7] [--only sqlite|postgresql]``: 1 where a promise was broken."""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.chaos import run
from tests.chaos.scene import KINDS


def main(arguments: Iterable[str] | None = None) -> int:
    """Run on each database for its share of the time, and say what was seen."""
    options = _options(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    kinds = [options.only] if options.only else list(KINDS)
    place = Path(tempfile.mkdtemp(prefix="bg-chaos-"))
    broken = 0
    for kind in kinds:
        folder = place / kind
        folder.mkdir()
        outcome = run.on(kind, seed, options.seconds / len(kinds), folder)
        sys.stdout.write(outcome.report())
        sys.stdout.flush()
        broken += len(outcome.violations)
    if broken:
        sys.stdout.write(f"\n{broken} violations with --seed {seed}; everything is kept in {place}\n")
        return 1
    shutil.rmtree(place, ignore_errors=True)
    sys.stdout.write(f"\nNo violation with --seed {seed}.\n")
    return 0


def _options(arguments: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="Break everything, and see what holds.")
    parser.add_argument("--seconds", type=float, default=600.0, help="of troubles, both databases together")
    parser.add_argument("--seed", type=int, default=None, help="of the stream; any if not given, and printed")
    parser.add_argument("--only", choices=KINDS, help="all of the time on one database")
    return parser.parse_args(None if arguments is None else list(arguments))


if __name__ == "__main__":
    sys.exit(main())
