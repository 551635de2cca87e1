"""``python -m tests.bench [--quick] [--only sqlite|postgresql]``."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import alone, crowd, giving, record, report, scene, taking
from tests.bench.asking import Sender
from tests.bench.figures import AMONG, ANSWER, CLOCK, TOGETHER, VERIFIED, WEB, WORKER, Sample, Samples
from tests.bench.scene import Database, Scene
from tests.bench.size import FULL, QUICK, Size

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_DATABASES: tuple[Database, ...] = ("SQLite", "PostgreSQL")


def main() -> None:
    """Measure, print, keep."""
    options = _options()
    size = QUICK if options.quick else FULL
    wanted = [each for each in _DATABASES if options.only in (None, each.lower())]
    begun, load = datetime.now(UTC), os.getloadavg()[0]
    databases: dict[str, Samples] = {kind: _installation(kind, size) for kind in wanted}
    _say("engine, list, help")
    with scene.folder() as place:
        single = alone.measure(size, place)
    conditions = report.Conditions(begun, size.entries, (load, os.getloadavg()[0]))
    body = report.text(conditions, single, databases)
    sys.stdout.write(f"\n{body}")
    if not options.quick and len(wanted) == len(_DATABASES):
        report.write(_DOCS, body)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="Measure speed and size.")
    parser.add_argument("--quick", action="store_true", help="less than a minute; writes no page")
    names = [each.lower() for each in _DATABASES]
    parser.add_argument("--only", choices=names, help="one database; writes no page")
    return parser.parse_args()


def _installation(kind: Database, size: Size) -> dict[str, Sample]:
    with scene.folder() as place, scene.databases(kind, place) as made:
        with scene.running(made("breakglass"), size, place) as running, _sender(running) as sender:
            _say(f"{kind}: from the command to the access")
            giving.warm_up(running, sender)
            samples = giving.measure(running, sender, size)
            _say(f"{kind}: from the end to its proof, which takes {2 * size.window} s")
            ends = taking.measure(running, sender, size)
            samples[ANSWER].values += ends.pop(ANSWER).values
            crowds = _crowds(kind, running, sender, size)
            for name in (WEB, WORKER, CLOCK):
                samples[name] = Sample([running.resident(name)])
            story = record.a_story(running)
        _say(f"{kind}: the ledger")
        samples[VERIFIED] = record.measure(story, made("ledger"), size.entries)
    return samples | ends | crowds


def _crowds(kind: Database, running: Scene, sender: Sender, size: Size) -> dict[str, Sample]:
    """What many open grants cost those who ask, and how long it takes until all of them are gone."""
    found: dict[str, Sample] = {}
    asking = size.people - len(size.crowds) * size.among
    first = size.people
    for count in size.crowds:
        _say(f"{kind}: {count:,} grants open, which then end at one instant")
        people, ends_at = range(first, first + count), crowd.in_time_for(count, size.among)
        crowd.open_for(running, people, ends_at)
        found[AMONG.format(count)] = giving.among_many(running, sender, range(asking, asking + size.among))
        found[TOGETHER.format(count)] = crowd.until_all_is_back(running, people, ends_at)
        first, asking = first + count, asking + size.among
    return found


@contextmanager
def _sender(running: Scene) -> Iterator[Sender]:
    sender = Sender(running.events)
    try:
        yield sender
    finally:
        sender.client.close()


def _say(what: str) -> None:
    sys.stderr.write(f"{what} …\n")


main()
