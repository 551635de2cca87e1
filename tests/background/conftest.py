from collections.abc import Iterator

import pytest

from tests.servers import NoServer, ValkeyServer, start_valkey


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    try:
        server = start_valkey()
    except NoServer as missing:
        pytest.skip(str(missing))
    yield server
    server.close()
