"""How soon after its end access is being taken back, and read as gone: ends at random instants."""

import random
import time

from sqlmodel import col, select

from app.model import RequestState
from app.store.engine import reading
from app.store.tables import Grant, LedgerEntry, Request
from tests.bench.asking import Sender
from tests.bench.figures import ANSWER, BACK, BEGUN, Sample
from tests.bench.giving import wait_for
from tests.bench.scene import Scene
from tests.bench.size import Size

_GRACE = 60.0


def measure(scene: Scene, sender: Sender, size: Size) -> dict[str, Sample]:
    """Ask for all of it at random intervals, which are those of the ends, and wait until all is gone."""
    answers = Sample()
    for number in scene.newcomers(size.ends):
        sent = sender.command(number, f"orders-read {size.window}s INC-1234 replica lag")
        answers.values.append(sent.answered)
        time.sleep(random.uniform(*size.gap))  # noqa: S311 - instants, not secrets
    wait_for(scene, RequestState.REVOKED, size.ends, 2 * size.window + _GRACE)
    return {ANSWER: answers} | _ends(scene)


def _ends(scene: Scene) -> dict[str, Sample]:
    begun, back = Sample(), Sample()
    query = (
        select(Request.ends_at, LedgerEntry.at, Grant.revoke_verified_at)
        .join(LedgerEntry, col(LedgerEntry.request_id) == col(Request.id))
        .join(Grant, col(Grant.request_id) == col(Request.id))
        .where(col(Request.state) == str(RequestState.REVOKED), col(LedgerEntry.action) == "EndBegun")
    )
    with reading(scene.engine) as session:
        for ends_at, begun_at, back_at in session.exec(query).all():
            if ends_at is None or back_at is None:
                message = "revoked without an end, or without having been read back"
                raise RuntimeError(message)
            begun.values.append((begun_at - ends_at).total_seconds() * 1_000)
            back.values.append((back_at - ends_at).total_seconds() * 1_000)
    return {BEGUN: begun, BACK: back}
