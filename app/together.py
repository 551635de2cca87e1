"""``up`` and ``demo``: everything on one machine, kept alive by the supervisor."""

import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from app.embedded import EmbeddedPostgres, EmbeddedValkey, hold
from app.errors import Unavailable
from app.lifecycle.journal import JOURNAL
from app.lifecycle.remembering import LIVE
from app.restored import HEAD
from app.settings import Settings
from app.store import schema
from app.store.engine import make_engine
from app.supervisor import Child, Supervisor, port_must_be_free

DEMO_TARGET = "ORDERS_DB_DSN"
DEMO_TRY = "SANDBOX_TARGET_DSN"
DEMO_PAGE = "SANDBOX_PAGE_TOKEN"


def run_up(env: Mapping[str, str]) -> int:
    """Migrate, then run web, worker and clock until told to stop; the exit code."""
    settings = Settings.load(env, "up")
    port_must_be_free(settings.host, settings.port)
    with hold(settings.state):
        _migrate(settings.database())
        valkey = None if settings.redis_url else EmbeddedValkey(settings.state / "valkey")
        url = valkey.url if valkey else settings.redis()
        children = _children(settings.environment_of_children(env, url))
        servers = [valkey.child()] if valkey else []
        where = f"http://{settings.host}:{settings.port}/slack/events"
        click.echo(f"breakglass listens on {where if not settings.socket_mode else 'Socket Mode'}", err=True)
        return Supervisor([*servers, *children]).run()


def run_demo(env: Mapping[str, str], port: int | None) -> int:
    """A whole installation with a Slack workspace in the browser; everything of an earlier demo is thrown away."""
    settings = Settings.load(env, "demo")
    port = port or settings.port
    port_must_be_free(settings.host, port)
    with hold(settings.state):
        return _demo(settings, env, settings.state, port)


def _demo(settings: Settings, env: Mapping[str, str], state: Path, port: int) -> int:
    for left in ("breakglass.db", "breakglass.db-wal", "breakglass.db-shm", HEAD, LIVE, JOURNAL):
        (state / left).unlink(missing_ok=True)
    shutil.rmtree(state / "valkey", ignore_errors=True)
    valkey = EmbeddedValkey(state / "valkey")
    target = EmbeddedPostgres(state / "target")
    target.destroy()
    click.echo("Starting a PostgreSQL of its own, which is what the demo gives access to …", err=True)
    with target:
        prepare_target(target)
    common = _demo_environment(settings, env, state, port, valkey.url)
    _migrate(common["DATABASE_URL"])
    token = secrets.token_urlsafe(24)
    web = common | {DEMO_TRY: target.dsn(dbname="orders"), DEMO_PAGE: token}
    background = common | {DEMO_TARGET: target.dsn(user="breakglass", dbname="orders")}
    click.echo(f"\n  Open http://{settings.host}:{port}/sandbox/?token={token}", err=True)
    click.echo("  Then, as Ada, type: /breakglass orders-db 5m INC-1234 replica lag\n", err=True)
    servers = [target.child(), valkey.child()]
    return Supervisor([*servers, *_children(background, web=web, sandbox=True)]).run()


def _demo_environment(
    settings: Settings, env: Mapping[str, str], state: Path, port: int, redis_url: str
) -> dict[str, str]:
    kept = {name: env[name] for name in ("PATH", "HOME", "LANG", "TZ", "TERM", "NO_COLOR") if name in env}
    return kept | {
        "SLACK_BOT_TOKEN": f"xoxb-{secrets.token_urlsafe(24)}",
        "SLACK_SIGNING_SECRET": secrets.token_hex(16),
        "SLACK_API_URL": f"http://{settings.host}:{port}/sandbox/api/",
        "BREAKGLASS_POLICIES": str(example_policies()),
        "DATABASE_URL": f"sqlite:///{state.absolute() / 'breakglass.db'}",
        "REDIS_URL": redis_url,
        "BREAKGLASS_STATE": str(state),
        "HOST": settings.host,
        "PORT": str(port),
        "OPS_PORT": "0",
    }


def example_policies() -> Path:
    """The example policies, which lie beside the code in a clone."""
    folder = Path(__file__).resolve().parent.parent / "policies"
    if not (folder / "settings.yaml").is_file():
        message = "The demo needs the example policies, which come with a clone of the repository, not with the wheel."
        raise Unavailable(message)
    return folder


def _migrate(url: str) -> None:
    engine = make_engine(url)
    schema.migrate(engine)
    engine.dispose()


def _children(
    env: Mapping[str, str], *, web: Mapping[str, str] | None = None, sandbox: bool = False
) -> list[Child]:
    start = [sys.executable, "-m", "app.cli"]
    # One port for health in detail on one machine: web's.
    quiet = {**env, "OPS_PORT": "0"}
    return [
        Child(
            name="web",
            argv=[*start, "web", *(["--sandbox"] if sandbox else [])],
            env=web or env,
            serves=sandbox,
        ),
        Child(name="worker", argv=[*start, "worker"], env=quiet),
        Child(name="clock", argv=[*start, "clock"], env=quiet),
    ]


PEOPLE = ("ada", "alan", "grace", "heidi", "eve", "frank")
ROLES = ("incident_reader", "incident_writer", "incident_admin")


def prepare_target(target: EmbeddedPostgres) -> None:
    """A small shop: people with accounts and no rights, roles with rights and no people, and the bot's own account."""
    target.run(["CREATE DATABASE orders", "CREATE ROLE breakglass LOGIN"])
    target.run(
        [
            *(f"CREATE ROLE {person} LOGIN" for person in PEOPLE),
            "CREATE TABLE orders (id serial PRIMARY KEY, item text NOT NULL, placed timestamptz DEFAULT now())",
            "CREATE TABLE payments (id serial PRIMARY KEY, amount numeric, placed timestamptz DEFAULT now())",
            "INSERT INTO orders (item) VALUES ('lamp'), ('kettle'), ('umbrella')",
            "INSERT INTO payments (amount) VALUES (19.90), (42.00)",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO PUBLIC",
            *(f"CREATE ROLE {role}" for role in ROLES),
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO incident_reader, incident_writer",
            "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO incident_writer",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO incident_writer",
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO incident_admin",
            f"GRANT {', '.join(ROLES)} TO breakglass WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
            "GRANT pg_signal_backend, pg_read_all_stats TO breakglass",
        ],
        dbname="orders",
    )
