"""``python -m tests.bench [--quick] [--only sqlite|postgresql]``."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import alone, crowd, giving, outages, record, report, scene, taking
from tests.bench.asking import Sender
from tests.bench.figures import (
    ACCESS,
    AMONG,
    ANSWER,
    CATALOGUE,
    CLOCK,
    GROWN,
    LONG,
    PER_DATABASE,
    TOGETHER,
    TOLD,
    TWO,
    VERIFIED,
    WEB,
    WORKER,
    Sample,
    Samples,
    number,
)
from tests.bench.scene import Database, Scene
from tests.bench.size import FEW_POLICIES, FULL, QUICK, Size

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
    with scene.folder() as place, scene.databases(kind, place) as databases:
        url = databases.new("breakglass")
        with scene.running(url, size, place / "usual") as running, _sender(running) as sender:
            samples = _usual(kind, running, sender, size)
            _say(f"{kind}: ends while something is gone")
            samples |= _shown(outages.measure(running, sender, size, databases.server))
            samples |= _crowds(kind, running, sender, size)
            for name in (WEB, WORKER, CLOCK):
                samples[name] = Sample([running.resident(name)])
            story = record.a_story(running)
        _say(f"{kind}: {size.policies:,} policies")
        url = databases.new("catalogue")
        samples[CATALOGUE] = _asked_in(url, size, place / "catalogue", size.policies)
        _say(f"{kind}: the ledger, then {size.long:,} entries of it")
        url = databases.new("ledger")
        samples[VERIFIED] = record.measure(story, url, size.entries)
        record.lengthen(story, url, size.long)
        samples[LONG] = _asked_in(url, size, place / "long", FEW_POLICIES)
    return samples | _growth(samples)


def _usual(kind: Database, running: Scene, sender: Sender, size: Size) -> dict[str, Sample]:
    _say(f"{kind}: from the command to the access")
    giving.warm_up(running, sender)
    samples = giving.measure(running, sender, size)
    _say(f"{kind}: from the end to its proof, which takes {2 * size.window} s")
    ends = taking.measure(running, sender, size)
    samples[ANSWER].values += ends.pop(ANSWER).values
    return _shown(samples | ends)


def _crowds(kind: Database, running: Scene, sender: Sender, size: Size) -> dict[str, Sample]:
    """The largest comes last: people are told of it for longer than anybody would wait here."""
    samples: dict[str, Sample] = {}
    crowd.until_all_are_told(running, datetime.now(UTC))
    with scene.second_worker(running):
        names = (TWO, TOGETHER.format(TWO))
        found, ends_at = _crowd(f"{kind}, two workers", running, sender, size, size.crowds[0], names)
        samples |= found
        crowd.until_all_are_told(running, ends_at)
    for count in size.crowds:
        names = (AMONG.format(count), TOGETHER.format(count))
        found, ends_at = _crowd(kind, running, sender, size, count, names)
        samples |= found
        if count != size.crowds[-1]:
            samples |= _shown({TOLD.format(count): crowd.until_all_are_told(running, ends_at)})
    return samples


def _crowd(
    where: str, running: Scene, sender: Sender, size: Size, count: int, names: tuple[str, str]
) -> tuple[dict[str, Sample], datetime]:
    """What many open grants cost those who ask, how long it takes until all of them are gone, and when they ended."""
    _say(f"{where}: {count:,} grants open, which then end at one instant")
    people, ends_at = running.newcomers(count), crowd.in_time_for(count, size.among)
    crowd.open_for(running, people, ends_at)
    asked = giving.among_many(running, sender, size.among)
    back = crowd.until_all_is_back(running, people, ends_at)
    return _shown(dict(zip(names, (asked, back), strict=True))), ends_at


def _asked_in(url: str, size: Size, place: Path, number_of_policies: int) -> Sample:
    with scene.running(url, size, place, number_of_policies) as running, _sender(running) as sender:
        giving.warm_up(running, sender)
        return _shown({place.name: giving.among_many(running, sender, size.among)})[place.name]


def _growth(samples: Samples) -> dict[str, Sample]:
    usual = samples[ACCESS].of("p50")
    grown = [name for name in samples if GROWN.format(name) in {line.figure for line in PER_DATABASE}]
    return {GROWN.format(name): samples[name].in_percent_of(usual) for name in grown}


@contextmanager
def _sender(running: Scene) -> Iterator[Sender]:
    sender = Sender(running.events)
    try:
        yield sender
    finally:
        sender.client.close()


def _say(what: str) -> None:
    sys.stderr.write(f"{what} …\n")


def _shown(found: dict[str, Sample]) -> dict[str, Sample]:
    """Told at once: what stops the benchmark later does not take it along."""
    for name, sample in found.items():
        p50, worst = number(sample.of("p50")), number(sample.of("max"))
        sys.stderr.write(f"    {name}: p50 {p50}, max {worst}, n {len(sample.values)}\n")
    return found


main()
