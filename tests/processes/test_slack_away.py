"""Slack down, limiting or slow while access ends: it ends on time, and everybody hears of it afterwards, in order."""

from collections.abc import Callable, Sequence

import pytest
from sqlmodel import col

from app.sandbox.faults import Faults
from app.store.tables import Notice
from tests.processes.installation import Installation

pytestmark = pytest.mark.xdist_group("one service")

Trouble = Callable[[Faults], None]
NAMES = ("dev00", "dev01")


def down(faults: Faults) -> None:
    faults.down()


def failing(faults: Faults) -> None:
    faults.down(503)


def limiting(faults: Faults) -> None:
    faults.rate_limit(retry_after=2)


def slow(faults: Faults) -> None:
    faults.slow(1.5)


@pytest.mark.parametrize("trouble", [down, failing, limiting, slow])
def test_access_ends_on_time_and_everybody_hears_of_it_in_order(
    service: Installation, trouble: Trouble, request: pytest.FixtureRequest
) -> None:
    faults = service.slack.faults
    first = service.all_ask(NAMES, "quick 3s INC-1234 replica lag")
    second = service.all_ask(NAMES, "quick 4s INC-1234 replica lag")
    ids = (*first.values(), *second.values())
    service.given(*ids)
    service.notices_are_out()
    trouble(faults)
    request.addfinalizer(faults.clear)
    for name in NAMES:
        service.ends_on_time(name, second[name])
    service.until("revoked", *ids)
    if trouble is not slow:
        assert service.all(
            Notice, col(Notice.request_id).in_(ids), col(Notice.kind) == "line", col(Notice.ts).is_(None)
        )
    faults.clear()
    service.notices_are_out(60)
    for name in NAMES:
        direct = service.slack.workspace.direct_message(service.slack.person(name).id).id
        told = heard(service, direct, (first[name], second[name]), "line")
        assert told == [first[name], second[name]]
    for request_id in ids:
        assert heard(service, "C0SECURITY", (request_id,), "event") == [request_id]


def heard(service: Installation, channel: str, ids: Sequence[str], kind: str) -> list[str]:
    """Of which of these requests the lines in a channel speak, in the order in which people see them there."""
    rows = service.all(Notice, col(Notice.request_id).in_(ids), col(Notice.kind) == kind)
    places = {row.ts: row.request_id or "" for row in rows}
    assert None not in places
    return [
        places[message.ts] for message in service.slack.channel(channel).messages() if message.ts in places
    ]


def test_afterwards_the_record_is_whole(service: Installation) -> None:
    service.ledger_is_clean()
