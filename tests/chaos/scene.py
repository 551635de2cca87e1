"""The installation, on wires that can be cut, out of processes that die on command."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import make_url

from tests.chaos.company import POLICIES, SETTINGS, STAFF, STANDING
from tests.chaos.nursery import Newborn, Nursery
from tests.chaos.plan import Death
from tests.chaos.proxy import Wire
from tests.house import PEOPLE, Target, migrate_to, new_database, prepare_roles, write_policies
from tests.processes.children import ROOT, Child
from tests.processes.company import ROLES
from tests.processes.installation import Installation
from tests.servers import PostgresServer, start_postgres, start_valkey

KINDS = ("sqlite", "postgresql")
SAID_BY = "%n %a "
"""The target's log says of each statement when it came, and from which process of ours."""


@dataclass(slots=True)
class Scene(Installation):
    """An installation whose processes take orders, and reach target and database through wires."""

    to_target: Wire | None = None
    to_database: Wire | None = None
    nursery: Nursery | None = None

    def environment(self, **more: str | None) -> dict[str, str]:
        """As ever, but through the wires."""
        ours: dict[str, str | None] = {}
        if self.to_target:
            ours["ORDERS_DB_DSN"] = f"postgresql://bot@/{self.target.name}?host={self.to_target.folder}"
        if self.to_database:
            url = make_url(self.database).update_query_dict({"host": str(self.to_database.folder)})
            ours["DATABASE_URL"] = url.render_as_string(hide_password=False)
        return Installation.environment(self, **(ours | more))

    def spawn(self, command: str, **env: str | None) -> Child:
        """As ever, but it takes orders; and the target knows it by the name of its log."""
        log = self.folder / f"{command}{len(self.children)}.log"
        ours = self.environment(**env)
        if "ORDERS_DB_DSN" in ours:
            ours["ORDERS_DB_DSN"] += f"&application_name={log.stem}"
        assert self.nursery is not None
        child = Child(command, cast("Any", self.nursery.begin(command, ours, log)), log)
        self.children.append(child)
        return child

    def close(self) -> None:
        """As ever; nobody takes orders any more."""
        Installation.close(self)
        for child in self.children:
            born(child).close()
        if self.nursery is not None:
            self.nursery.close()


def born(child: Child) -> Newborn:
    """The process as the nursery knows it."""
    return cast("Newborn", child.popen)


def order(child: Child, *words: Any) -> None:
    """Tell a child something; one that is dead does not mind."""
    try:
        born(child).order(json.dumps(words).encode() + b"\n")
    except OSError:
        return


def order_death(child: Child, deaths: Iterable[Death]) -> None:
    """It is to die at whichever of these points it passes first."""
    order(child, "die", [[str(each.point), each.about, each.passes] for each in deaths])


@contextmanager
def installed(kind: str, folder: Path) -> Iterator[Scene]:
    """An installation on that kind of database; nothing runs yet but Slack, target, database and Valkey."""
    with ExitStack() as closing:
        server = start_postgres(max_connections="300", log_statement="ddl", log_line_prefix=SAID_BY)
        closing.callback(server.close)
        _people(server)
        target = Target(server, "shop")
        behind = server.dsn().rpartition("host=")[2].replace("%2F", "/")
        database = (
            f"sqlite:///{folder / 'breakglass.db'}" if kind == "sqlite" else new_database(server, "house")
        )
        migrate_to(database)
        scene = Scene(database, target, start_valkey(), _policies(folder), folder, STAFF)
        scene.to_target = _wire(closing, behind)
        scene.to_database = _wire(closing, behind) if kind == "postgresql" else None
        closing.callback(scene.close)
        scene.open()
        scene.nursery = Nursery(ROOT, scene.environment(ORDERS_DB_DSN=None))
        yield scene


def _wire(closing: ExitStack, behind: str) -> Wire:
    wire = Wire(behind)
    closing.callback(wire.close)
    return wire


def _policies(folder: Path) -> Path:
    return write_policies(folder / "policies", POLICIES, SETTINGS)


def _people(server: PostgresServer) -> None:
    """Everybody has an account; some are writers and readers by somebody else's hand."""
    prepare_roles(server)
    server.run(*(f"CREATE ROLE {name} LOGIN" for name in STAFF if name not in PEOPLE))
    server.run(*(f"GRANT {ROLES['quick']} TO {name}" for name in STANDING))
