"""``breakglass doctor``: looks at everything the service stands on, changes nothing, says what mends it."""

import email.utils
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import packages_distributions
from typing import Any
from urllib.parse import urlsplit

from redis.exceptions import AuthenticationError, RedisError, ResponseError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app import watch
from app.clock import SystemClock
from app.embedded import EmbeddedValkey
from app.errors import ConnectorError, Misconfigured, Problem, Unproven
from app.model import Clock
from app.pagers import PagerRack
from app.policy import Kinds, PolicyFolder, load
from app.queue import connect
from app.restored import knows, seen
from app.settings import Settings, is_loopback
from app.slack.client import NETWORK_ERRORS, error_of, make_client
from app.slack.manifest import SCOPES
from app.state import StateFolder, Untrusted
from app.store import checkup, schema
from app.store.engine import make_engine, reading
from app.targets import ConnectorRack

DISTRIBUTION = "breakglass"
OWN_NAMES = ("app", "connectors")
REDIS_SECONDS = 2.0
_CLOCKS_APART = timedelta(seconds=2)
_A_SECOND_AT_MOST = timedelta(seconds=0.5)
"""Slack's header has whole seconds: half of one is what it may be off either way."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ASKED_HERE = {"redis", "policies", "channels"}
"""What the doctor asks itself, and need not be told by the processes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem; ``unreachable``: something did not answer, so what it would have said is not known."""

    problem: Problem
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every problem, in the order in which things were looked at."""

    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What ``--json`` shows."""
        return tuple(each.problem for each in self.findings if not isinstance(each.problem, Unproven))

    @property
    def unproven(self) -> tuple[Problem, ...]:
        """What could not be seen by looking, and is no problem."""
        return tuple(each.problem for each in self.findings if isinstance(each.problem, Unproven))

    @property
    def unreachable(self) -> bool:
        """Whether anything did not answer."""
        return any(finding.unreachable for finding in self.findings)


def examine(env: Mapping[str, str], kinds: Kinds, clock: Clock | None = None) -> Diagnosis:
    """Look at one thing after the other, each bounded in time; what depends on a fault is left out."""
    now = (clock or SystemClock()).now
    settings, faults = _settings(env)
    folder, faulty = _folder(settings, kinds, env)
    found: list[Finding] = [*faults, *faulty, *foreign_owners(packages_distributions())]
    if settings is not None:
        found += [*_database(settings, now), *_redis(settings), *_slack(settings, folder, now)]
    if folder is not None:
        pagers = PagerRack(lambda: folder, env)
        found += [*_connectors(folder, env), *look_at_pagers(pagers, folder)]
        pagers.close()
    return Diagnosis(tuple(found))


def _fault(where: str, what: str, remedy: str) -> Finding:
    return Finding(Problem(where, what, remedy))


def _silence(where: str, what: str, remedy: str) -> Finding:
    return Finding(Problem(where, what, remedy), unreachable=True)


# --- settings, policies, names ------------------------------------------------------------------------------


def _settings(env: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """The terminal's settings, and every fault of theirs or of the processes'."""
    settings: Settings | None = None
    problems: dict[Problem, None] = {}
    try:
        settings = Settings.load(env, "terminal")
    except Misconfigured as faulty:
        problems |= dict.fromkeys(faulty.problems)
    try:
        Settings.load(env, "up")
    except Misconfigured as faulty:
        problems |= dict.fromkeys(faulty.problems)
    return settings, [Finding(problem) for problem in problems]


def _folder(
    settings: Settings | None, kinds: Kinds, env: Mapping[str, str]
) -> tuple[PolicyFolder | None, list[Finding]]:
    if settings is None:
        return None, []
    try:
        return load(settings.policies, kinds=kinds, env=env), []
    except Misconfigured as faulty:
        return None, [Finding(problem) for problem in faulty.problems]


def foreign_owners(owners: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Two distributions with one import name: whichever was installed last is what runs."""
    for name in OWN_NAMES:
        for other in sorted(set(owners.get(name, ())) - {DISTRIBUTION}):
            what = f"the distribution `{other}` brings a package `{name}` as well"
            yield _fault(f"package {name}", what, "give breakglass a virtual environment of its own")


# --- database -----------------------------------------------------------------------------------------------


def _database(settings: Settings, now: Callable[[], datetime]) -> Iterator[Finding]:
    engine = make_engine(settings.database())
    try:
        yield from _tables(engine, StateFolder(settings.state), now)
    except SQLAlchemyError as error:
        what = f"the database does not answer ({type(error).__name__})"
        yield _silence("DATABASE_URL", what, "check that it runs, and the URL's host, name and password")
    finally:
        engine.dispose()


def _tables(engine: Engine, state: StateFolder, now: Callable[[], datetime]) -> Iterator[Finding]:
    if not schema.is_current(engine):
        yield _fault(
            "DATABASE_URL", "the database is not migrated to this version", "run `breakglass migrate`"
        )
        return
    yield from map(Finding, checkup.problems(engine, now()))
    with reading(engine) as session:
        yield from _restored(session, state)
        sight = watch.look(session, now(), _LONG_AGO)
    for problem in watch.unwell(sight):
        if problem.where not in _ASKED_HERE:
            yield Finding(problem)


def _restored(session: Session, state: StateFolder) -> Iterator[Finding]:
    """Whether it still holds what the processes of this host saw in it last."""
    remedy = "if it is meant so, run `breakglass doctor --accept-restore`; until then nothing is given"
    try:
        last = seen(state)
    except Untrusted as fault:
        yield _fault("BREAKGLASS_STATE", str(fault), remedy)
        return
    if last is not None and not knows(session, last):
        what = f"it does not hold #{last.short}, which this host has seen: it may come from an older back-up"
        yield _fault("database", what, remedy)


# --- Redis --------------------------------------------------------------------------------------------------


def _redis(settings: Settings) -> Iterator[Finding]:
    url = settings.redis() if settings.redis_url else _embedded(settings)
    if url is None:
        return
    yield from _exposed(url)
    try:
        with connect(url, patience=REDIS_SECONDS) as client:
            yield from _persistence(client.info("persistence"))
            yield from _memory(client.info("memory"))
    except AuthenticationError:
        yield _fault("REDIS_URL", "Redis refuses the password", "put the right one into REDIS_URL")
    except ResponseError as refusal:
        what = f"Redis does not say whether it keeps what it is told ({type(refusal).__name__})"
        yield _fault("REDIS_URL", what, "allow its user the command INFO")
    except (RedisError, OSError) as error:
        what = f"Redis does not answer ({type(error).__name__})"
        yield _silence("REDIS_URL", what, "check that it runs; until then the clock alone does the work")
    except ValueError:
        yield _fault("REDIS_URL", "it cannot be read as a URL", "compare it with the documentation")


def _embedded(settings: Settings) -> str | None:
    """The Valkey that ``breakglass up`` brought here, or None where it never ran."""
    folder = settings.state / "valkey"
    return EmbeddedValkey(folder).url if folder.is_dir() else None


def _exposed(url: str) -> Iterator[Finding]:
    """Who can write to Redis can make work early or late; over a network it takes a password and TLS."""
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        return
    hosts = rest.rpartition("@")[2].partition("/")[0].split(",")
    if all(is_loopback(_host(host)) for host in hosts):
        return
    if "@" not in rest.partition("/")[0] and "password=" not in rest:
        yield _fault(
            "REDIS_URL", "Redis is reached over a network without a password", "set one, and name it"
        )
    if scheme != "rediss":
        yield _fault("REDIS_URL", "Redis is reached over a network without TLS", "use rediss://")


def _host(place: str) -> str | None:
    try:
        return urlsplit(f"//{place}").hostname
    except ValueError:
        return None


def _memory(told: Any) -> Iterator[Finding]:
    policy = told.get("maxmemory_policy", "noeviction")
    if int(told.get("maxmemory", 0)) and policy != "noeviction":
        what = f"Redis drops what it likes when its memory is full (maxmemory-policy {policy})"
        yield _fault("REDIS_URL", what, "set `maxmemory-policy noeviction` in its configuration")


def _persistence(told: Any) -> Iterator[Finding]:
    if not int(told.get("aof_enabled", 0)):
        what = "Redis forgets everything when it stops (appendonly no)"
        yield _fault("REDIS_URL", what, "set `appendonly yes` in its configuration")


# --- Slack --------------------------------------------------------------------------------------------------


def _slack(settings: Settings, folder: PolicyFolder | None, now: Callable[[], datetime]) -> Iterator[Finding]:
    if settings.bot_token is None:
        return  # said among the settings already
    client = make_client(settings)
    try:
        said = client.auth_test()
    except NETWORK_ERRORS as failure:
        yield _of_slack("SLACK_BOT_TOKEN", failure, "check the token, and that the app is installed")
        return
    yield from _scopes(str(said.headers.get("x-oauth-scopes", "")))
    yield from _date(str(said.headers.get("date") or said.headers.get("Date") or ""), now())
    if folder is None:
        return
    teams, team = folder.settings.teams, str(said.get("team_id"))
    if teams and team not in teams:
        what = f"the token is of the workspace {team}, which settings.yaml does not name in `teams`"
        yield _fault("SLACK_BOT_TOKEN", what, "use the token of one of them, or add it there")
    for name in sorted({folder.settings.security_channel, folder.settings.approvals_channel}):
        yield from _channel(client, name)


def _of_slack(where: str, failure: Exception, remedy: str) -> Finding:
    """What Slack answered is a fault of ours; no answer, or one that says "later", is none."""
    name = error_of(failure)
    later = {"ratelimited", "fatal_error", "internal_error", "service_unavailable", "request_timeout"}
    if isinstance(failure, SlackApiError) and name not in later and not name.startswith("http_"):
        return _fault(where, f"Slack says {name}", remedy)
    return _silence(where, f"Slack does not answer ({name})", "check the way to Slack, and status.slack.com")


def _scopes(granted: str) -> Iterator[Finding]:
    have = {scope.strip() for scope in granted.split(",")}
    if missing := [scope for scope in SCOPES if scope not in have]:
        what = f"the app lacks the rights {', '.join(missing)}"
        yield _fault("SLACK_BOT_TOKEN", what, "paste `breakglass manifest` into the app and install it again")
    if excess := sorted(have - set(SCOPES) - {""}):
        what = f"the app has rights that it does not need: {', '.join(excess)}"
        yield _fault("SLACK_BOT_TOKEN", what, "paste `breakglass manifest` into the app and install it again")


def _date(written: str, now: datetime) -> Iterator[Finding]:
    """Slack refuses nothing for it, but the end of access, and what people are told of it, go by this clock."""
    try:
        theirs = email.utils.parsedate_to_datetime(written) + _A_SECOND_AT_MOST
    except ValueError:
        return
    if abs(theirs - now) > _CLOCKS_APART + _A_SECOND_AT_MOST:
        yield _fault(
            "clock", checkup.apart("Slack's clock", theirs - now), "let NTP set this machine's clock"
        )


def _channel(client: WebClient, channel: str) -> Iterator[Finding]:
    where = f"channel {channel}"
    try:
        told: Mapping[str, Any] = client.conversations_info(channel=channel)["channel"]
    except (*NETWORK_ERRORS, KeyError) as failure:
        yield _of_slack(where, failure, "name a channel's id in settings.yaml, and invite the app to it")
        return
    for unfit, what, remedy in _UNFIT_CHANNELS:
        if unfit(told):
            yield _fault(where, what, remedy)


_UNFIT_CHANNELS: Sequence[tuple[Callable[[Mapping[str, Any]], bool], str, str]] = (
    (lambda told: bool(told.get("is_archived")), "it is archived", "name another in settings.yaml"),
    (
        lambda told: not told.get("is_member"),
        "the app is not in it",
        "invite the app there: /invite @breakglass",
    ),
    (
        lambda told: bool(told.get("is_ext_shared") or told.get("is_pending_ext_shared")),
        "it is shared with another company",
        "name one that is not",
    ),
)


# --- targets ------------------------------------------------------------------------------------------------


def _connectors(folder: PolicyFolder, env: Mapping[str, str]) -> Iterator[Finding]:
    for name in folder.settings.connectors:
        yield from look_at_target(folder, name, env)


def look_at_target(folder: PolicyFolder, name: str, env: Mapping[str, str]) -> Iterable[Finding]:
    """What the connector lacks for what all policies give there; changes nothing at the target."""
    rack = ConnectorRack(lambda: folder, env, SystemClock().latest)
    try:
        connector = rack.connector(name)
    except ConnectorError as error:
        return [_fault(name, str(error), "check its part of settings.yaml, and its variables")]
    entries = [entry.access for policy in folder.policies.values() for entry in policy.access]
    try:
        problems = connector.check([access.options for access in entries if access.connector == name])
        return [Finding(problem) for problem in problems]
    except ConnectorError as error:
        remedy = "check that it runs, and the way there"
        return [Finding(Problem(name, str(error), remedy), unreachable=not error.permanent)]
    finally:
        rack.close()


def look_at_pagers(rack: PagerRack, folder: PolicyFolder) -> Iterator[Finding]:
    """Whether each could wake anybody; nobody is woken by that."""
    for name in folder.settings.pagers:
        where = f"pager {name}"
        try:
            pager = rack.pager(name)[0]
        except ConnectorError as error:
            yield _fault(where, str(error), "check its source in settings.yaml, and its variables")
            continue
        try:
            yield from (Finding(Problem(where, each.what, each.remedy)) for each in pager.check())
        except ConnectorError as error:
            remedy = "check that it runs, and the way there"
            yield Finding(Problem(where, str(error), remedy), unreachable=not error.permanent)
