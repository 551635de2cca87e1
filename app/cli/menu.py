"""What ``breakglass --help`` shows, and where each command is found."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its section of the help, its place in the code, and a line for each way to use it."""

    section: str
    place: str
    lines: tuple[tuple[str, str], ...]

    @property
    def module(self) -> str:
        """What to import."""
        return self.place.partition(":")[0]

    @property
    def attribute(self) -> str:
        """The command inside of it."""
        return self.place.partition(":")[2]


_PROCESSES, _ACCESS, _RECORD, _POLICIES, _UPKEEP = "Processes", "Access", "Record", "Policies", "Upkeep"

MENU: Mapping[str, Entry] = MappingProxyType(
    {
        "web": Entry(_PROCESSES, "app.cli.processes:web", (("web", "Slack over HTTP or Socket Mode."),)),
        "worker": Entry(
            _PROCESSES,
            "app.cli.processes:worker",
            (("worker", "Decides, grants, revokes, delivers notices."),),
        ),
        "clock": Entry(
            _PROCESSES, "app.cli.processes:clock", (("clock", "The timetable; works without Redis."),)
        ),
        "up": Entry(
            _PROCESSES, "app.cli.processes:up", (("up", "All of them on this machine, with what they need."),)
        ),
        "demo": Entry(
            _PROCESSES, "app.cli.processes:demo", (("demo", "`up` with a Slack of its own, in the browser."),)
        ),
        "list": Entry(
            _ACCESS, "app.cli.requests:list_", (("list [--state STATE]…", "Requests, newest first."),)
        ),
        "show": Entry(_ACCESS, "app.cli.requests:show", (("show ID", "One request, whole."),)),
        "revoke": Entry(
            _ACCESS,
            "app.cli.revoke:revoke",
            (("revoke ID|--all --reason TEXT", "Take access back, and wait until it was read as gone."),),
        ),
        "freeze": Entry(
            _ACCESS, "app.cli.freezing:freeze", (("freeze [D] --reason TEXT", "Give nothing for a while."),)
        ),
        "thaw": Entry(
            _ACCESS,
            "app.cli.freezing:thaw",
            (("thaw --reason TEXT", "Ask the security team to end a freeze."),),
        ),
        "drift": Entry(
            _ACCESS,
            "app.cli.drift:drift",
            (("drift", "What the targets say, held against what was given."),),
        ),
        "people": Entry(
            _ACCESS,
            "app.cli.people:people",
            (
                ("people", "Who is bound to which address."),
                ("people check", "Who has no account where it would be needed."),
                ("people accept ID", "Ask the security team to accept somebody."),
            ),
        ),
        "audit": Entry(
            _RECORD,
            "app.cli.audit:audit",
            (
                ("audit verify [--head SEQ:HASH]", "Hold the ledger against itself and every row."),
                ("audit export [--format FORMAT]", "Every entry, as JSON Lines or CSV."),
            ),
        ),
        "policy": Entry(
            _POLICIES,
            "app.cli.policy:policy",
            (
                ("policy check [DIR] [--live]", "Every fault of a policy folder."),
                ("policy test [DIR]", "Run the tests that stand beside the policies."),
                ("policy explain POLICY --user EMAIL", "What would be decided, and why."),
                ("policy who-can POLICY|--all", "Who would be given what."),
                ("policy diff OLD NEW", "Who gains and who loses by a change."),
                ("policy schema", "The JSON Schema, for editors."),
            ),
        ),
        "migrate": Entry(
            _UPKEEP, "app.cli.upkeep:migrate", (("migrate", "Bring the database to this version."),)
        ),
        "doctor": Entry(_UPKEEP, "app.cli.upkeep:doctor", (("doctor", "Look at everything it depends on."),)),
        "connectors": Entry(
            _UPKEEP,
            "app.cli.connectors:connectors",
            (("connectors [NAME]", "What there is; with NAME, look at that target. Changes nothing."),),
        ),
        "manifest": Entry(
            _UPKEEP, "app.cli.upkeep:manifest", (("manifest", "The Slack app's manifest, ready to paste."),)
        ),
    }
)
