"""From the command to the access, and the answer to Slack: one request at a time, each in a quiet house."""

import random
import time
from datetime import UTC, datetime
from itertools import pairwise

from sqlmodel import Session, col, func, select

from app.model import RequestState
from app.store.engine import reading
from app.store.tables import Due, LedgerEntry, Notice, Request
from tests.bench.asking import Sender, Sent
from tests.bench.figures import ACCESS, ANSWER, FIRST, STAGES, Sample
from tests.bench.scene import Scene
from tests.bench.size import WARM_UP, Size
from tests.bench.slack import person_id
from tests.servers import wait_until

_LOOK_EVERY = 0.02
_PATIENCE = 20.0
_SETTLED = 0.05


def warm_up(scene: Scene, sender: Sender) -> None:
    """Imports, pools and caches: the first requests of a process are nobody's measure."""
    for number in scene.newcomers(WARM_UP):
        ask(scene, sender, number, "orders-write 30m INC-1234 warming up")
        ask(scene, sender, number, "orders-read 30m INC-1234 warming up")


def measure(scene: Scene, sender: Sender, size: Size) -> dict[str, Sample]:
    """Each person asks twice, for two roles: as somebody new, and known since a moment ago."""
    first, known, answers = Sample(), Sample(), Sample()
    on_the_way = {name: Sample() for name in STAGES}
    for number in scene.newcomers(size.grants):
        for sample, policy in ((first, "orders-write"), (known, "orders-read")):
            sent = ask(scene, sender, number, f"{policy} 30m INC-1234 replica lag")
            stages = _stages(scene, number, policy, sent)
            sample.values.append(sum(stages.values()))
            if sample is known:
                for name, took in stages.items():
                    on_the_way[name].values.append(took)
            answers.values.append(sent.answered)
    for number in scene.newcomers(size.asks):
        answers.values.append(ask(scene, sender, number, "orders-admin 30m INC-1234 failover").answered)
    return {FIRST: first, ACCESS: known, ANSWER: answers} | on_the_way


def among_many(scene: Scene, sender: Sender, how_many: int) -> Sample:
    """Command to access read back of so many people, each known since a moment ago, where there is much."""
    known = Sample()
    for number in scene.newcomers(how_many):
        ask(scene, sender, number, "orders-write 30m INC-1234 replica lag")
        sent = ask(scene, sender, number, "orders-read 30m INC-1234 replica lag")
        known.values.append(sum(_stages(scene, number, "orders-read", sent).values()))
    return known


def ask(scene: Scene, sender: Sender, number: int, text: str) -> Sent:
    """Ask, then let the house come to rest: nothing is due, everybody was told."""
    sent = sender.command(number, text)
    deadline = time.monotonic() + _PATIENCE
    while not (_is_quiet(scene) and _all_are_told(scene)):
        if time.monotonic() > deadline:
            message = (
                f"{person_id(number)} asked `{text}` and the house does not come to rest: {_left(scene)}"
            )
            raise TimeoutError(message)
        time.sleep(_LOOK_EVERY)
    time.sleep(random.uniform(0, _SETTLED))  # noqa: S311 - so that no timer keeps step with us
    return sent


def _is_quiet(scene: Scene) -> bool:
    return not _left(scene)


def _left(scene: Scene) -> dict[str, int]:
    """What is still to be done, by its kind."""
    undecided = (RequestState.DECIDING, RequestState.GRANTING)
    with reading(scene.engine) as session:
        due = select(Due.kind, func.count()).where(col(Due.due_at) <= datetime.now(UTC)).group_by(Due.kind)
        found = dict(session.exec(due).all())
        waiting = _count(session, Request, col(Request.state).in_(undecided))
        return found | ({"undecided": waiting} if waiting else {})


def _all_are_told(scene: Scene) -> bool:
    waiting = (col(Notice.sent_at).is_(None), col(Notice.due_at) <= datetime.now(UTC))
    with reading(scene.engine) as session:
        return not _count(session, Notice, *waiting)


def _count(session: Session, table: type, *where: object) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()  # type: ignore[arg-type]


def _stages(scene: Scene, number: int, policy: str, sent: Sent) -> dict[str, float]:
    """Milliseconds from the command to each stage, and from one to the next; the last: read back."""
    query = (
        select(LedgerEntry.action, LedgerEntry.at)
        .join(Request, col(Request.id) == col(LedgerEntry.request_id))
        .where(col(Request.slack_user) == person_id(number), col(Request.policy) == policy)
    )
    with reading(scene.engine) as session:
        instants = dict(session.exec(query).all())
    if STAGES[-1] not in instants:
        message = f"{person_id(number)} was not given {policy}"
        raise RuntimeError(message)
    road = [sent.at, *(instants[name] for name in STAGES)]
    return {
        name: (b - a).total_seconds() * 1_000 for name, (a, b) in zip(STAGES, pairwise(road), strict=True)
    }


def wait_for(scene: Scene, state: RequestState, count: int, seconds: float) -> None:
    """Until so many requests are in that state."""
    wait_until(lambda: _in_state(scene, state) >= count, seconds, f"{count} requests being {state}")


def _in_state(scene: Scene, state: RequestState) -> int:
    time.sleep(_LOOK_EVERY)
    with reading(scene.engine) as session:
        return _count(session, Request, col(Request.state) == str(state))
