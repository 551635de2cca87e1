"""Redis behind a sentinel: its master dies, the clock works meanwhile, and the bell is heard again from the new one."""

from collections.abc import Iterator

import pytest
from sqlmodel import col

from app import canary
from app.queue import Bell
from app.store.tables import Pulse
from tests.processes.children import SOON, wait
from tests.processes.conftest import Install
from tests.processes.installation import Installation
from tests.servers import NoServer, SentinelServer, start_sentinel

pytestmark = pytest.mark.xdist_group("one service")


@pytest.fixture(scope="module")
def sentinel() -> Iterator[SentinelServer]:
    try:
        server = start_sentinel()
    except NoServer as missing:
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture(scope="module")
def house(install: Install, sentinel: SentinelServer) -> Iterator[Installation]:
    """The worker first: it should find whoever comes home."""
    installation = install("sqlite")
    installation.start("web", "worker", REDIS_URL=sentinel.url)
    installation.start("clock", REDIS_URL=sentinel.url)
    yield installation
    installation.close()


def pulse(house: Installation, name: str) -> Pulse | None:
    return house.one(Pulse, col(Pulse.name) == name)


def test_the_canary_goes_through_sweep_queue_and_worker_and_the_second_bell_rings(
    house: Installation,
) -> None:
    home = wait(lambda: pulse(house, canary.PULSE), SOON, "the canary to come home")
    assert home is not None
    assert canary.of(home)[0] in {"worker", "clock"}
    wait(lambda: pulse(house, canary.BELL_LANE), SOON, "the second bell to be heard")
    wait(lambda: pulse(house, "connector:orders-db"), SOON, "the credentials to be checked")


def test_a_master_that_dies_delays_nothing_and_its_successor_is_found(
    house: Installation, sentinel: SentinelServer
) -> None:
    sentinel.master.kill()
    request_id = house.asks("dev06", "quick 3s INC-1234 replica lag")
    house.given(request_id)
    house.ends_on_time("dev06", request_id)
    wait(lambda: sentinel.master_port() == sentinel.replica.port, SOON, "the sentinel to name another master")
    bell = Bell(sentinel.url)

    def heard() -> bool:
        bell.ring(["desk"])
        return bell.error is None and bell.waiting() == 0

    wait(heard, SOON, "a ring to be heard again")
    bell.close()
    house.ledger_is_clean()
