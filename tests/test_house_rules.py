"""The rules of the house that no reader should have to check: who imports whom, what importing does, names, sizes."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from app.cli.menu import MENU
from app.lifecycle.judging import HANDLERS
from app.model import GRANT_MOVES, REQUEST_MOVES, Ended, GrantState, RequestState

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "connectors")

LAYERS: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        (
            {"app.model", "app.errors", "app.points"},
            {"connectors"},
            {"app.policy", "app.store", "app.settings", "app.state", "app.supervisor", "app.redis_bounds"},
            {
                "app.audit",
                "app.notices",
                "app.clock",
                "app.log",
                "app.embedded",
                "app.queue",
                "app.senders",
                "app.gates",
            },
            {"app.lifecycle", "app.targets"},
            {"app.pagers", "app.sources"},
            {
                "app.people",
                "app.routes",
                "app.shelf",
                "app.facts",
                "app.jobs",
                "app.pools",
                "app.ops",
                "app.restored",
                "app.sandbox",
                "app.canary",
            },
            {"app.rosters", "app.slack", "app.watch"},
            {"app.metrics", "app.web", "app.doctor", "app.together"},
            {"app.wiring", "app.live"},
            {"app.background", "app.serving"},
            {"app.cli"},
        ),
    )
)
"""Each may import what stands in an earlier line, and nothing beside itself in its own."""

FRONT_OF_CONNECTORS = "connectors.interface"
KNOW_THE_REGISTRY = {"app.targets", "app.sources", "app.pagers", "app.wiring", "app.cli"}

WALL_CLOCK = {
    "app/clock.py": "the clock adapter",
    "app/queue.py": "RQ's own schedule is kept by the wall clock, and all that it does is ring",
    "connectors/access/google_cloud_link.py": "an assertion says when it was made, and Google has a clock of its own",
    "connectors/access/github_api.py": "a JWT says when it was made, and GitHub has a clock of its own",
    "connectors/tokened.py": "vendors are told when something was signed or begins, and have a clock of their own",
    "connectors/access/ldap.py": "an account may have a last day, and OpenLDAP no clock to compare it with",
    "connectors/access/ssh_ca.py": "a certificate says when it ends, and no server is asked whether it has",
    "connectors/access/webhook_signing.py": "as the pager's: a signature says when it was made",
    "connectors/pagers/webhook.py": "a signature says when it was made, and its receiver has a clock of its own",
    "app/sandbox/workspace.py": "the sandbox is Slack, which has a clock of its own",
}
SLEEP = {
    "app/cli/terminal.py": "the terminal waits for the read-back, and nobody waits for the terminal",
    "app/store/engine.py": "SQLite tells no other process when its one writer is done",
    "app/web.py": "the count of refused senders is written once a minute",
    "connectors/http.py": "a safe call is repeated within the deadline that its caller gave",
    "app/sandbox/api.py": "a slow Slack is one of its faults",
    "app/sandbox/sockets.py": "Slack keeps the old connection open while the new one opens",
}
READS_ENVIRONMENT = {"app/cli", "app/wiring.py", "app/embedded.py", "app/supervisor.py"}
MOST_LINES_OF_A_FUNCTION, MOST_LINES_OF_A_MODULE = 50, 400
A_LIST_NOT_A_STORY = "app/store/migrations/versions"

PROMISED = {
    "commands": """migrate doctor list show revoke freeze thaw drift people audit policy connectors manifest
        web worker clock up demo""",
    "settings": """SLACK_BOT_TOKEN SLACK_SIGNING_SECRET SLACK_APP_TOKEN SLACK_API_URL BREAKGLASS_POLICIES
        DATABASE_URL REDIS_URL BREAKGLASS_STATE HOST PORT OPS_HOST OPS_PORT BREAKGLASS_LOG""",
    "forms": """breakglass_request breakglass_deny_reason breakglass_revoke_reason breakglass_revoke_all
        breakglass_freeze breakglass_thaw""",
    "fields": "policy duration reason incident emergency",
    "buttons": "approve deny cancel end extend confirm revoke wake not_me",
    "request states": """deciding refused pending granting cancelled denied timed_out active revoking
        failed revoked""",
    "grant states": "planned granting failed active revoking revoked left",
    "because": """expired given_back revoked not_me unconfirmed incident_resolved shift_ended offboarded
        frozen vanished policy_removed refused denied timed_out cancelled failed""",
}


def promised(what: str) -> set[str]:
    return set(PROMISED[what].split())


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the application, by its path from the root."""
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text()) for file in files}


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(tree: ast.Module) -> Iterator[str]:
    """What a module imports of ours, in functions too, as precisely as it says."""
    modules = {module_of(path) for path in sources()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            deeper = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules else node.module for name in deeper]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in PACKAGES)


def part_of(module: str) -> str:
    """``app.slack`` for everything in it; ``connectors`` as a whole."""
    first, _, rest = module.partition(".")
    return first if first == "connectors" else f"{first}.{rest.partition('.')[0]}".rstrip(".")


def layer(part: str) -> int:
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


def called(tree: ast.AST, *names: tuple[str, str]) -> bool:
    """Whether ``thing.attribute`` is used anywhere."""
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in names
        for node in ast.walk(tree)
    )


# --- imports ---------------------------------------------------------------------------------------


def test_every_part_of_the_house_stands_in_the_order() -> None:
    parts = {part_of(module_of(path)) for path in sources()} - {"app"}
    assert parts == frozenset().union(*LAYERS)


def test_imports_run_one_way() -> None:
    for path, tree in sources().items():
        part = part_of(module_of(path))
        for name in imported(tree):
            other = part_of(name)
            if "app" not in (part, other) and other != part:
                assert layer(other) < layer(part), f"{path} imports {name}"


def test_connectors_know_the_vocabulary_and_never_each_other() -> None:
    for path, tree in sources().items():
        if not path.startswith("connectors/"):
            continue
        for name in imported(tree):
            known = name.startswith("connectors.") or name in {"app.model", "app.errors"}
            assert known, f"{path} imports {name}"
            if name.startswith(("connectors.access.", "connectors.sources.", "connectors.pagers.")):
                assert family(name) == family(module_of(path)), f"{path} imports {name}"


def family(module: str) -> str:
    """One system may have several files: ``sources.pagerduty_shapes`` and ``pagers.pagerduty`` are of ``pagerduty``."""
    return module.rpartition(".")[2].partition("_")[0]


def test_the_house_knows_connectors_by_their_promises_alone() -> None:
    for path, tree in sources().items():
        if path.startswith("app/") and part_of(module_of(path)) not in KNOW_THE_REGISTRY:
            foreign = [name for name in imported(tree) if name.startswith("connectors")]
            assert set(foreign) <= {FRONT_OF_CONNECTORS}, f"{path} imports {foreign}"


def test_slack_is_not_what_the_desk_stands_on() -> None:
    for path, tree in sources().items():
        if path.startswith(("app/lifecycle/", "app/store/", "app/policy/")):
            names = {
                name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
                for name in [node.module or ""]
            }
            assert not [name for name in names if name.startswith(("slack_", "rq", "redis", "starlette"))], (
                path
            )


LOOK = """
import importlib, json, pkgutil, sys, threading
writes = set("wax+")
seen = []

def watch(event, given):
    writing = event == "open" and isinstance(given[1], str) and writes & set(given[1])
    if writing or event in WATCHED:
        seen.append(f"{event} {given}"[:200])

WATCHED = {"socket.__new__", "socket.bind", "socket.connect", "subprocess.Popen", "os.system", "os.fork", "os.mkdir",
           "sqlite3.connect", "_thread.start_new_thread"}
sys.addaudithook(watch)
import app, connectors
found = [m.name for p in (app, connectors) for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")]
wanted = [name for name in found if not name.endswith("__main__") and ".migrations." not in name]
for name in wanted:
    importlib.import_module(name)
print(json.dumps({"modules": len(wanted), "seen": seen, "threads": threading.active_count()}))
"""


def test_importing_everything_builds_nothing_and_needs_no_environment() -> None:
    run = subprocess.run(
        [sys.executable, "-B", "-c", LOOK],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = json.loads(run.stdout)
    assert found["modules"] > 100
    assert found["seen"] == []
    assert found["threads"] == 1


def test_only_entry_points_look_at_the_environment() -> None:
    found = {path for path, tree in sources().items() if called(tree, ("os", "environ"), ("os", "getenv"))}
    assert not {path for path in found if not path.startswith(tuple(READS_ENVIRONMENT))}


def test_nothing_of_ours_listens_to_the_points_or_sets_a_clock() -> None:
    """What the crash harness does to its own processes nobody does to a real one."""
    for path, tree in sources().items():
        if path not in {"app/points.py", "app/clock.py"}:
            assert not called(tree, ("points", "listen"), ("SystemClock", "wrong_by")), path
            names = {
                alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            }
            assert "listen" not in names, path


def test_no_other_distribution_owns_our_names() -> None:
    owners = metadata.packages_distributions()
    for name in PACKAGES:
        assert set(owners.get(name, ["breakglass"])) == {"breakglass"}


# --- time -----------------------------------------------------------------------------------------


def test_only_the_clock_adapter_reads_the_wall_clock() -> None:
    reads = [
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("date", "today"),
        ("time", "time"),
    ]
    assert {path for path, tree in sources().items() if called(tree, *reads)} == set(WALL_CLOCK)


def test_nothing_sleeps_where_somebody_could_wait_for_it() -> None:
    sleeps = [("time", "sleep"), ("anyio", "sleep"), ("asyncio", "sleep")]
    assert {path for path, tree in sources().items() if called(tree, *sleeps)} == set(SLEEP)


# --- sizes ----------------------------------------------------------------------------------------


def test_nothing_is_too_long_to_be_read() -> None:
    for path, tree in sources().items():
        assert len((ROOT / path).read_text().splitlines()) <= MOST_LINES_OF_A_MODULE, path
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and A_LIST_NOT_A_STORY not in path:
                assert (node.end_lineno or 0) - node.lineno < MOST_LINES_OF_A_FUNCTION, f"{path}: {node.name}"


def test_every_broad_except_says_why_or_passes_it_on() -> None:
    silent = []
    for path, tree in sources().items():
        lines = (ROOT / path).read_text().splitlines()
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and catches_everything(node):
                says_why = any("#" in line for line in lines[node.lineno - 1 : node.body[0].lineno])
                passes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                silent += [] if says_why or passes_on else [f"{path}:{node.lineno}"]
    assert silent == []


def catches_everything(handler: ast.ExceptHandler) -> bool:
    named = isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    return handler.type is None or named


# --- names that are promises ----------------------------------------------------------------------


def text_of(folder: str) -> str:
    return "\n".join((ROOT / path).read_text() for path in sources() if path.startswith(folder))


def test_the_terminal_has_the_promised_commands() -> None:
    assert set(MENU) == promised("commands")


def test_the_environment_has_the_promised_names() -> None:
    code = text_of("app/settings.py")
    assert [name for name in sorted(promised("settings")) if f'"{name}"' not in code] == []


def test_requests_and_grants_have_the_promised_states() -> None:
    assert {str(state) for state in RequestState} == promised("request states")
    assert {str(state) for state in GrantState} == promised("grant states")
    assert {str(because) for because in Ended} == promised("because")


def test_every_state_is_reached_and_the_final_ones_are_left_by_nothing() -> None:
    for moves, first in ((REQUEST_MOVES, "deciding"), (GRANT_MOVES, "planned")):
        reached = {str(state) for targets in moves.values() for state in targets} | {first}
        assert reached == {str(state) for state in moves}


def test_slack_finds_the_promised_forms_fields_and_buttons() -> None:
    code = text_of("app/slack/")
    assert [name for name in sorted(promised("forms")) if f'"{name}"' not in code] == []
    assert [name for name in sorted(promised("fields")) if f'"{name}"' not in code] == []
    assert [name for name in sorted(promised("buttons")) if f'"breakglass_{name}"' not in code] == []


def test_every_button_that_is_stored_has_somebody_who_judges_it() -> None:
    assert promised("buttons") <= set(HANDLERS)


def test_the_processes_are_those_of_the_procfile() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    assert dict(line.split(": ", 1) for line in lines) == {
        name: f"breakglass {name}" for name in ("web", "worker", "clock")
    }
