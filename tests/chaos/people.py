"""What people do, through whichever door is open; what they are told counts."""

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlmodel import col, select

from app.sandbox.interactions import NothingThere
from app.store.tables import Message, Request
from tests.chaos.company import EDITED, FAULTY, LEADS, POLICIES, SETTINGS
from tests.chaos.diary import Diary
from tests.chaos.plan import Act
from tests.chaos.scene import Scene
from tests.house import write_policies
from tests.processes.company import APPROVE, DENY

HANDS = 16
NOBODY = "nobody fits"
APPROVALS = "C0APPROVALS"


class People:
    """Does the acts of a plan, each in a thread, none after the other unless it is the same person."""

    def __init__(self, scene: Scene, diary: Diary, doors: Callable[[], Sequence[str]]) -> None:
        self._scene = scene
        self._diary = diary
        self._doors = doors
        self._chance = random.Random()  # noqa: S311 - which of two open doors is taken is Slack's affair
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="hand")
        self._turn: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self.stored: Counter[str] = Counter()
        """Asks that were answered as stored, by who asked."""

    def begin(self, act: Act) -> None:
        """Have it done soon."""
        self._hands.submit(self._do, act)

    def stop(self) -> None:
        """Wait for what is being done."""
        self._hands.shutdown(wait=True, cancel_futures=True)

    def _do(self, act: Act) -> None:
        try:
            with self._turn[act.who]:
                said = self._act(act)
        except (NothingThere, AssertionError, LookupError, StopIteration) as none:
            said = f"{NOBODY} ({type(none).__name__})"
        except Exception as fault:  # noqa: BLE001 - a hand that stumbles is a fault of the harness: shown as one
            said = f"harness: {type(fault).__name__}: {fault}"
        self._diary.acts[f"{act.what}: {said}"] += 1
        if act.what != "ask":
            self._diary.say(f"{act.who} {act.what}: {said}")

    def _act(self, act: Act) -> str:
        ways: dict[str, Callable[[Act], str]] = {
            "ask": self._asks,
            "approve": lambda act: self._presses(act.who, self._asked(act.rank), APPROVE),
            "both approve": lambda act: self._both_press(self._asked(act.rank)),
            "deny": self._denies,
            "cancel": lambda act: self._ends(self._pick(act.rank, "pending")),
            "end": lambda act: self._ends(self._pick(act.rank, "active")),
            "extend": lambda act: self._extends(self._pick(act.rank, "active", shown="status:{}")),
            "confirm": self._confirms,
            "revoke": self._revokes,
            "reload": self._reloads,
        }
        return ways[act.what](act)

    def _denies(self, act: Act) -> str:
        pressed = self._presses(act.who, self._asked(act.rank), DENY)
        return self._fills(act.who) if pressed == "taken" else pressed

    def _revokes(self, act: Act) -> str:
        said = self._commands(
            act.who, f"/breakglass revoke {self._pick(act.rank, 'active', 'granting')[-8:]}"
        )
        return self._fills(act.who) if not said else said[:60]

    def _reloads(self, act: Act) -> str:
        write_policies(self._scene.policies, EDITED if act.rank % 2 else POLICIES, SETTINGS)
        return "written"

    # --- through the door ----------------------------------------------------------------------------------
    def _through(self, act: Callable[[], str]) -> str:
        doors = self._doors()
        if not doors:
            return "no door"
        return self._scene.doors.through(self._chance.choice(doors), act)

    def _commands(self, who: str, line: str) -> str:
        def command() -> str:
            answer = self._scene.slack.person(who).commands(line)
            if answer.status == 200 and answer.trouble:
                return f"trouble: {answer.trouble}"
            return answer.text if answer.status == 200 else _trouble(answer.status)

        return self._through(command)

    def _asks(self, act: Act) -> str:
        said = self._commands(act.who, f"/breakglass {act.line}")
        if said.startswith("Asked for"):
            self.stored[act.who] += 1
            said = "Asked for"
        self._diary.say(f"{act.who} asks {act.line.split()[:2]}: {said}")
        return said

    def _presses(self, who: str, request_id: str, action: str, channel: str = APPROVALS) -> str:
        slot = (
            f"ask:{request_id}:0:{channel}" if action in {APPROVE, DENY} else f"card:{request_id}:{channel}"
        )
        place = self._scene.one(Message, col(Message.slot) == slot)
        if place is None:
            return "no card yet"
        card = self._scene.slack.workspace.find_message(place.channel, place.ts)
        return self._through(lambda: _status(self._scene.presses(who, card, action).status))

    def _both_press(self, request_id: str) -> str:
        threads = [
            threading.Thread(target=self._press_quietly, args=(who, request_id), daemon=True) for who in LEADS
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return "both"

    def _press_quietly(self, who: str, request_id: str) -> None:
        try:
            self._presses(who, request_id, APPROVE)
        except (NothingThere, LookupError, StopIteration):
            return  # The card changed meanwhile, and has no such button any more.

    def _fills(self, who: str) -> str:
        person = self._scene.slack.person(who)
        if not person.has_form:
            return "no form"
        try:
            # Whichever door opened it may be closed by now: what is sent goes through one that is open.
            return self._through(lambda: _status(person.form().fill(reason="chaos").submit().status))
        finally:
            self._scene.slack.workspace.close_views(person.id)

    def _ends(self, request_id: str) -> str:
        said = self._commands(self._asker(request_id), f"/breakglass end {request_id[-8:]}")
        return said.split(" ", 1)[0] if said.startswith(("Giving", "Cancelling")) else said[:40]

    def _extends(self, request_id: str) -> str:
        place = self._scene.one(Message, col(Message.slot) == f"status:{request_id}")
        if place is None:
            return "no message yet"
        message = self._scene.slack.workspace.find_message(place.channel, place.ts)
        who = self._asker(request_id)
        return self._through(lambda: _status(self._scene.presses(who, message, "breakglass_extend").status))

    def _confirms(self, act: Act) -> str:
        who = act.who
        shown = f"card:{{}}:to:{who}@example.com"
        request_id = self._pick(act.rank, "active", policy="looked", shown=shown)
        place = self._scene.one(Message, col(Message.slot) == f"card:{request_id}:to:{who}@example.com")
        if place is None:
            return "no card yet"
        card = self._scene.slack.workspace.find_message(place.channel, place.ts)
        return self._through(lambda: _status(self._scene.presses(who, card, "breakglass_confirm").status))

    # --- whom it concerns ----------------------------------------------------------------------------------
    def _asked(self, rank: int) -> str:
        """The request of that rank among those that wait, and whose card hangs in the channel."""
        return self._pick(rank, "pending", shown=f"ask:{{}}:0:{APPROVALS}")

    def _pick(self, rank: int, *states: str, policy: str | None = None, shown: str | None = None) -> str:
        """The request of that rank among those in these states, oldest first; ``LookupError`` where there is none.

        ``shown``: of which that message stands in Slack; nobody presses what they do not see.
        """
        where = [col(Request.state).in_(states), *([col(Request.policy) == policy] if policy else [])]
        query = select(Request.id).where(*where).order_by(col(Request.requested_at))
        ids = self._scene.read(lambda session: session.exec(query).all())
        if shown:
            slots = col(Message.slot).in_([shown.format(each) for each in ids])
            there = {row.slot for row in self._scene.all(Message, slots)}
            ids = [each for each in ids if shown.format(each) in there]
        if not ids:
            raise LookupError(NOBODY)
        return ids[rank % len(ids)]

    def _asker(self, request_id: str) -> str:
        user = self._scene.request(request_id).slack_user
        return self._scene.slack.workspace.users[user].key

    def write_faulty_folder(self) -> None:
        """Somebody saves a policy that is none."""
        write_policies(self._scene.policies, FAULTY, SETTINGS)

    def mend_folder(self) -> None:
        """And mends it."""
        write_policies(self._scene.policies, POLICIES, SETTINGS)


def _status(status: int) -> str:
    return "taken" if status == 200 else _trouble(status)


def _trouble(status: int) -> str:
    return f"not taken ({status})"
