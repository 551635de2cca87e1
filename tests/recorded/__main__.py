"""``python -m tests.recorded``: what a house leaves in database, queue and Slack when everything stops at once."""

import sys
import tempfile
from pathlib import Path

from app.model import RequestState
from app.queue import connect
from app.sandbox import Sandbox
from tests.clock import MovedClock
from tests.house import Target, TestHouse, build_house, prepare_roles, write_policies
from tests.recorded import keeping
from tests.recorded.living import POLICIES, live
from tests.servers import start_postgres, start_valkey
from tests.serving import Port
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Slack


def main() -> None:
    """Record, and say what there is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server, valkey, ports = start_postgres(), start_valkey(), (Port(), Port())
        prepare_roles(server)
        target, clock = Target(server, "orders"), MovedClock()
        sandbox = Sandbox(
            signing_secret=SIGNING_SECRET,
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
            base_url=ports[0].url,
            clock=clock,
        )
        ports[0].behind = sandbox.app
        house = build_house(
            database=f"sqlite:///{folder / 'breakglass.db'}",
            target=target,
            slack=Slack(sandbox),
            policies=write_policies(folder / "policies", POLICIES),
            state=folder / "state",
            clock=clock,
            redis=valkey.url,
        )
        ports[1].behind = house.web.app
        sandbox.bot_url = f"{ports[1].url}/slack/events"
        assert house.house.bell is not None
        house.house.steps.rings = house.house.bell.ring
        live(house)
        _keep(house, folder, valkey.url)
        house.house.close()
        sandbox.close()
        for port in ports:
            port.stop()
        valkey.close()
        server.close()


def _keep(house: TestHouse, folder: Path, redis_url: str) -> None:
    states = {request["state"] for request in house.requests()}
    assert states == set(RequestState), set(RequestState) - states
    assert house.ledger_is_clean()
    keeping.FIRST.mkdir(exist_ok=True)
    keeping.keep_database(folder / "breakglass.db")
    with connect(redis_url, patience=2) as redis:
        keeping.keep_queue(redis)
    keeping.keep_slack(house.slack, house.clock.now())
    for file in (keeping.DATABASE, keeping.QUEUE, keeping.SLACK):
        sys.stdout.write(f"{file}: {file.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
