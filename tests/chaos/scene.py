"""The installation, on wires that can be cut, out of processes that die on command."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from app.points import Point
from tests.chaos.company import POLICIES, SETTINGS, STAFF, STANDING
from tests.chaos.proxy import Wire
from tests.house import PEOPLE, Target, migrate_to, new_database, prepare_roles, write_policies
from tests.processes.children import Child, start_child
from tests.processes.company import ROLES
from tests.processes.installation import Installation
from tests.servers import PostgresServer, start_postgres, start_valkey

KINDS = ("sqlite", "postgresql")


@dataclass(slots=True)
class Scene(Installation):
    """An installation whose processes take orders, and reach target and database through wires."""

    to_target: Wire | None = None
    to_database: Wire | None = None

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
        """As ever, but it takes orders."""
        log = self.folder / f"{command}{len(self.children)}.log"
        program = ("-m", "tests.chaos.child")
        child = start_child(command, self.environment(**env), log, program=program, stdin=subprocess.PIPE)
        self.children.append(child)
        return child

    def close(self) -> None:
        """As ever; nobody takes orders any more."""
        Installation.close(self)
        for child in self.children:
            if child.popen.stdin is not None:
                with contextlib.suppress(OSError):
                    child.popen.stdin.close()


def order(child: Child, *words: Any) -> None:
    """Tell a child something; one that is dead does not mind."""
    assert child.popen.stdin is not None
    try:
        child.popen.stdin.write(json.dumps(words).encode() + b"\n")
        child.popen.stdin.flush()
    except OSError:
        return


def order_death(child: Child, point: Point, about: str | None, passes: int) -> None:
    """It is to die at that point."""
    order(child, "die", str(point), about, passes)


@contextmanager
def installed(kind: str, folder: Path) -> Iterator[Scene]:
    """An installation on that kind of database; nothing runs yet but Slack, target, database and Valkey."""
    with ExitStack() as closing:
        server = start_postgres(max_connections="300")
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
