"""What needs no installation: the engine, the form's list, the terminal's help."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from app.model import Email, Verdict
from app.policy import Ask, Facts, decide
from app.slack import forms
from app.store import schema
from app.store.engine import make_engine
from tests.bench import policies
from tests.bench.asking import Sender
from tests.bench.figures import DECIDED, EXPLAINED, HELP, OFFERED, SEARCHED, WHO, Sample
from tests.bench.scene import environment, start, wait_for
from tests.bench.size import Size
from tests.bench.slack import email

_TYPED = ("", "orders", "payments write", "dns-77", "cluster 12", "nothing like it")
_ROUNDS = 3
_HELPS = 5


def measure(size: Size, place: Path) -> dict[str, Sample]:
    """All of it."""
    single = {WHO: _who_can(place / "people"), HELP: _help()}
    return _decisions(size, place / "ten") | _list(size, place) | single


def _decisions(size: Size, place: Path) -> dict[str, Sample]:
    folder = policies.ten_rules(place)
    policy, settings = folder.policies["orders-write"], folder.settings
    at = datetime.now(UTC)
    ask = Ask(Email(email(1)), at, timedelta(minutes=30), "INC-1234 replica lag", "INC-1234")
    facts = Facts(incidents=policies.known_incidents(folder, at))
    decision = decide(policy, settings, ask, facts)
    if (decision.verdict, decision.rule) != (Verdict.GRANT, policy.rules[4].name):
        message = f"{decision.rule} decides: {decision.verdict}"
        raise RuntimeError(message)

    def decided() -> None:
        decide(policy, settings, ask, facts)

    def explained() -> None:
        decide(policy, settings, ask, facts).as_json()

    return {DECIDED: _rate(decided, size.seconds), EXPLAINED: _rate(explained, size.seconds)}


def _rate(work: Callable[[], None], seconds: float) -> Sample:
    """How often a second, some rounds of it."""
    return Sample([_round(work, seconds / _ROUNDS) for _ in range(_ROUNDS)])


def _round(work: Callable[[], None], seconds: float) -> float:
    done, begun = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - begun) < seconds:
        for _ in range(200):
            work()
        done += 200
    return done / elapsed


def _list(size: Size, place: Path) -> dict[str, Sample]:
    folder = policies.loaded(policies.thousand(place / "thousand"))
    offered = Sample()
    for number in range(size.searches):
        begun = time.perf_counter()
        forms.options(forms.offer(folder, _TYPED[number % len(_TYPED)]))
        offered.values.append((time.perf_counter() - begun) * 1_000)
    return {OFFERED: offered, SEARCHED: _searched(size, place)}


def _searched(size: Size, place: Path) -> Sample:
    """The same through ``web``, which needs nothing but its database for it."""
    url = f"sqlite:///{place / 'thousand.db'}"
    engine = make_engine(url)
    schema.migrate(engine)
    engine.dispose()
    with ExitStack() as stack:
        env = environment(url, place / "thousand", place, stack, 10)
        web = start(stack, "web", ["web"], env, place)
        sender = Sender(f"http://127.0.0.1:{env['PORT']}/slack/events")
        stack.callback(sender.client.close)
        wait_for(web, lambda: _is_answered(sender), place / "web.log")
        typed = (_TYPED[number % len(_TYPED)] for number in range(size.searches))
        return Sample([sender.search(1, each).answered for each in typed])


def _is_answered(sender: Sender) -> bool:
    try:
        return "options" in sender.search(1, "").body
    except httpx.HTTPError:
        return False


def _who_can(place: Path) -> Sample:
    """From the shell, the folder read anew each time."""
    env = {**os.environ, "BREAKGLASS_POLICIES": str(policies.many_people(place))}
    words = ["policy", "who-can", "--all", "--json", "--at", "2026-11-22T03:10:00+01:00"]
    return Sample([_seconds(words, env) for _ in range(_ROUNDS)])


def _help() -> Sample:
    """From the shell, as people wait for it."""
    return Sample([_seconds(["--help"]) for _ in range(_HELPS + 1)][1:])


def _seconds(words: list[str], env: Mapping[str, str] | None = None) -> float:
    beside = shutil.which("breakglass", path=str(Path(sys.executable).parent))
    command = [beside] if beside else [sys.executable, "-m", "app.cli"]
    begun = time.perf_counter()
    subprocess.run([*command, *words], check=True, capture_output=True, env=env)
    return time.perf_counter() - begun
