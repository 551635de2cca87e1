"""What must be true whatever died: judged by what was seen at the target and in the ledger as it grew.

Bounds are those that are promised: an end is carried out within 2 s, plus the outage of what it needed, plus 5 s. They
are counted in *good* time, in which nothing that an end needs was away.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlmodel import col

from app import audit
from app.lifecycle.approving import DENY
from app.model import OPEN_STATES, Ended, RequestState
from app.notices import Priority
from app.sandbox.cast import BOT_USER
from app.store.tables import Approval, Due, Message, Notice, Press, Request
from tests.chaos.company import STANDING
from tests.chaos.diary import Diary
from tests.chaos.eyes import AT_THE_TARGET, Access, Entry, Given, Span, Taking, grants, takings
from tests.chaos.scene import Scene
from tests.processes.company import ROLES

GOOD = 7.0
BLINK = 0.5
"""What two eyes that look at different instants may differ by."""
NEVER_GIVEN = frozenset(
    {RequestState.REFUSED, RequestState.DENIED, RequestState.TIMED_OUT, RequestState.CANCELLED}
)
FOR_EVER = ("canary", "drift", "late", "overdue")
"""Work that comes again by itself, or is a look at what the eye at the target sees anyway."""
_UNSAID = ("hearing", "waiting")
_A_WRONG_CLOCK = 300.0
"""Seconds by which nothing but a clock that was set is off: neither a look nor a lock takes as long."""
_ONCE = ("RequestOpened", "EndBegun", "RequestEnded", "RequestActive")


@dataclass(slots=True)
class Seen:
    """All that a run left behind."""

    scene: Scene
    diary: Diary
    spans: dict[Access, list[Span]]
    entries: Sequence[Entry]
    stored: Counter[str]
    grants: dict[str, Given] = field(init=False)
    requests: dict[str, Request] = field(init=False)
    takings: Sequence[Taking] = field(init=False)

    def __post_init__(self) -> None:
        self.takings = takings(self.scene.target.server.log(), self.diary.wall)
        self.grants = grants(self.entries)
        self.requests = {row.id: row for row in self.scene.all(Request)}

    def of(self, role: str, person: str) -> list[Given]:
        """The grants of one person's role."""
        return [each for each in self.grants.values() if (each.role, each.person) == (role, person)]


def violations(seen: Seen) -> list[str]:
    """Everything that is not as it was promised, in sentences."""
    checks = (
        _no_access_without_a_live_grant,
        _no_live_grant_without_access,
        _nothing_ends_before_its_time,
        _one_of_each,
        _nothing_for_those_who_got_no,
        _standing_access_stays,
        _everything_is_over,
        _what_was_answered_is_stored,
        _every_notice_is_out,
        _in_order,
        _repeats_are_marked,
        _the_ledger_is_whole,
    )
    return [sentence for check in checks for sentence in check(seen)]


# --- at the target -------------------------------------------------------------------------------------------


def _no_access_without_a_live_grant(seen: Seen) -> Iterator[str]:
    for access, spans in seen.spans.items():
        if not access.ours:
            continue
        theirs = seen.of(access.role, access.person)
        concerns = {name for grant in theirs for name in (grant.id, grant.request_id)}
        windows = sorted(
            (grant.begun - BLINK, seen.diary.deadline(grant.end(), GOOD, concerns) + BLINK)
            for grant in theirs
            if grant.begun is not None
        )
        for span in spans:
            for begin, end in _outside(span.since, span.until, windows):
                yield (
                    f"{access.person} was {access.role} at {begin:.2f}..{end:.2f} without a live grant"
                    f" (there {span.since:.2f}..{span.until:.2f}); grants: {_told(theirs)}"
                )


def _no_live_grant_without_access(seen: Seen) -> Iterator[str]:
    for grant in seen.grants.values():
        if grant.active is None or _planned_by_a_clock_set_back(seen, grant):
            continue
        begun_to_go = grant.ends if grant.ending is None else grant.ending
        ends = min(grant.ends, begun_to_go, _promised_end(seen, grant))
        mine = [seen.spans.get(Access(grant.role, grant.person, ours=True), [])]
        if grant.had:
            mine.append(seen.spans.get(Access(grant.role, grant.person, ours=False), []))
        there = [span for spans in mine for span in spans]
        windows = sorted((span.before, span.gone or float("inf")) for span in there)
        for begin, end in _outside(grant.active + BLINK, ends - BLINK, windows):
            if _taken_by_a_clock_set_ahead(seen, grant, there, begin):
                continue
            yield (
                f"{grant.person} had a live grant of {grant.role} and was none at {begin:.2f}..{end:.2f}:"
                f" {_told([grant])}"
            )


def _taken_by_a_clock_set_ahead(seen: Seen, grant: Given, there: Sequence[Span], gone: float) -> bool:
    """Whether the process that took it, by the target's own log, is one whose clock we had set ahead before that.

    For it the end had come. It may have had no database to write that into at once.
    """
    last_seen = max((span.until for span in there if span.gone and span.gone <= gone), default=gone)
    took = [
        each
        for each in seen.takings
        if (each.role, each.person) == (grant.role, grant.person)
        and (grant.begun or 0.0) <= each.at <= gone + AT_THE_TARGET
    ]
    # The first that can have been it; or one that came before, and waited at the target meanwhile.
    since = [each for each in took if each.at >= last_seen] or took[-1:]
    return bool(since) and seen.diary.was_ahead(since[0].by, since[0].at)


def _planned_by_a_clock_set_back(seen: Seen, grant: Given) -> bool:
    """Whether we had set the clocks back when it was planned, and whoever planned it went by one of those.

    For everybody else its end had come before it began.
    """
    off = grant.decided_at.timestamp() - seen.diary.wall - grant.known
    return off < -_A_WRONG_CLOCK and seen.diary.clocks_wrong(grant.planned - GOOD, grant.known)


def _promised_end(seen: Seen, grant: Given) -> float:
    """To the moment, by the clock that all share."""
    return grant.ends_at.timestamp() - seen.diary.wall


def _nothing_ends_before_its_time(seen: Seen) -> Iterator[str]:
    """What ended because its time had come: it had, but for somebody whose clock we had set ahead."""
    for grant in seen.grants.values():
        if grant.because != Ended.EXPIRED or grant.ending is None or grant.ended is None:
            continue
        early = _promised_end(seen, grant) - grant.ended
        if early <= 0 or _planned_by_a_clock_set_back(seen, grant):
            continue
        if not seen.diary.anybody_ahead(grant.ending, grant.ended):
            yield f"{grant.id} was ended {early:.2f} s before its time: {_told([grant])}"


def _outside(
    begin: float, end: float, windows: Iterable[tuple[float, float]]
) -> Iterator[tuple[float, float]]:
    """The parts of [begin, end] that no window covers; windows in order of their beginning."""
    at = begin
    for since, until in windows:
        if since > at:
            yield from [(at, min(since, end))] if at < end else []
        at = max(at, until)
    if at < end:
        yield at, end


def _told(grants: Iterable[Given]) -> str:
    return "; ".join(
        f"{grant.id} of {grant.request_id} planned {grant.planned:.2f} begun {_at(grant.begun)}"
        f" active {_at(grant.active)} ended {_at(grant.ended)} ends {grant.ends:.2f} over {_at(grant.over)}"
        f" {'/'.join(grant.moves)}"
        for grant in sorted(grants, key=lambda each: each.planned)
    )


def _at(when: float | None) -> str:
    return "-" if when is None else f"{when:.2f}"


def _standing_access_stays(seen: Seen) -> Iterator[str]:
    for name in STANDING:
        spans = seen.spans.get(Access(ROLES["quick"], name, ours=False), [])
        if len(spans) != 1 or spans[0].gone is not None:
            yield f"{name} lost what others gave: {spans}"


# --- in the ledger and the rows ------------------------------------------------------------------------------


def _one_of_each(seen: Seen) -> Iterator[str]:
    given: Counter[tuple[str, str]] = Counter()
    once: Counter[tuple[str | None, str]] = Counter()
    for entry in seen.entries:
        if entry.action in {"GrantBegun", "GrantVerified", "GrantRevoked", "GrantLeft"}:
            given[str(entry.data["grant"]), entry.action] += 1
        if entry.action in {*_ONCE, "GrantPlanned"}:
            once[entry.request_id, entry.action] += 1
    yield from (
        f"{action} {count} times for grant {of}" for (of, action), count in given.items() if count > 1
    )
    yield from (f"{action} {count} times for {of}" for (of, action), count in once.items() if count > 1)
    for request in seen.requests.values():
        if not once[request.id, "RequestOpened"]:
            yield f"request {request.id} was opened and the ledger does not say so"
        if request.state == RequestState.REVOKED and not once[request.id, "RequestEnded"]:
            yield f"request {request.id} is over and the ledger does not say so"
    places: Counter[tuple[str, str]] = Counter((each.request_id, each.role) for each in seen.grants.values())
    yield from (f"{count} grants of {role} for {of}" for (of, role), count in places.items() if count > 1)


def _nothing_for_those_who_got_no(seen: Seen) -> Iterator[str]:
    for grant in seen.grants.values():
        state = seen.requests[grant.request_id].state
        if state in NEVER_GIVEN:
            yield f"{grant.request_id} is {state} and has a grant: {_told([grant])}"
    noes = (col(Approval.verdict) == DENY, col(Approval.round) == 0)
    for no in seen.scene.all(Approval, *noes):
        if seen.requests[no.request_id].state != RequestState.DENIED:
            yield f"{no.request_id} was denied and is {seen.requests[no.request_id].state}"


def _everything_is_over(seen: Seen) -> Iterator[str]:
    for request in seen.requests.values():
        if request.state in OPEN_STATES:
            yield f"{request.id} ({request.policy}) is {request.state} for ever, since {request.state_at}"
    owed = col(Due.kind).not_in(FOR_EVER)
    yield from (f"still due: {row.id} {row.data}" for row in seen.scene.all(Due, owed))
    waiting = seen.scene.all(Press, col(Press.judged_at).is_(None))
    yield from (f"never judged: {row.kind} of {row.subject}" for row in waiting)
    for access, spans in seen.spans.items():
        if access.ours and spans[-1].gone is None:
            yield f"{access.person} is {access.role} for ever; grants: {_told(seen.of(access.role, access.person))}"


def _what_was_answered_is_stored(seen: Seen) -> Iterator[str]:
    users = seen.scene.slack.workspace.users
    asked = Counter(users[request.slack_user].key for request in seen.requests.values())
    for name, count in seen.stored.items():
        if asked[name] < count:
            yield f"{name} was told {count} times that an ask is stored, and {asked[name]} are"


def _the_ledger_is_whole(seen: Seen) -> Iterator[str]:
    yield from (f"audit: {problem}" for problem in seen.scene.read(audit.verify))


# --- in Slack ------------------------------------------------------------------------------------------------


def _every_notice_is_out(seen: Seen) -> Iterator[str]:
    notices = seen.scene.all(Notice, col(Notice.kind).not_in(_UNSAID))
    for notice in notices:
        if notice.sent_at is None:
            yield f"never told: {notice.kind} of {notice.request_id} in {notice.conversation}: {notice.last_error}"
        elif notice.last_error is not None:
            yield f"given up: {notice.kind} of {notice.request_id} in {notice.conversation}: {notice.last_error}"
    slots = {row.slot for row in seen.scene.all(Message)}
    for request in seen.requests.values():
        if request.active_at and f"card:{request.id}:C0SECURITY" not in slots:
            yield f"{request.id} was given and the security channel has no card of it"
        if request.granted_at and f"status:{request.id}" not in slots:
            yield f"{request.id} was given and its requester has no message of it"


def _in_order(seen: Seen) -> Iterator[str]:
    """Within a conversation and an urgency; what is changed in place and what is gathered has no order."""
    rows = seen.scene.all(Notice, col(Notice.slot).is_(None), col(Notice.ts).is_not(None))
    queues: dict[tuple[str, int], list[Notice]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id or 0):
        if row.kind not in {*_UNSAID, "outcome", "reminder"} and row.priority != Priority.REFUSAL:
            queues[row.conversation, row.priority].append(row)
    for (conversation, _), queue in queues.items():
        for first, second in itertools.pairwise(queue):
            if float(first.ts or 0) > float(second.ts or 0):
                yield f"{conversation}: notice {second.id} ({second.kind}) was told before {first.id} ({first.kind})"


def _repeats_are_marked(seen: Seen) -> Iterator[str]:
    """A message that no row knows came from somebody who died with it: its notice was told once more, and says so.

    Or it was dropped then, having nothing to say any more (*looking at it* of what is decided): no repetition.
    """
    rows = seen.scene.all(Notice)
    known = {row.ts for row in rows} | {row.ts for row in seen.scene.all(Message)}
    workspace = seen.scene.slack.workspace
    with workspace.lock:
        said = [message for place in workspace.messages.values() for message in place.values()]
    lost = [each for each in said if each.user == BOT_USER and each.only_for is None and each.ts not in known]
    repeats = sum(max(1, row.attempts - 1) for row in rows if row.unclear)
    if repeats < len(lost):
        texts = [message.text for message in lost]
        yield f"no row knows {len(lost)} messages, and {repeats} notices were repeated: {texts[:3]}"


# --- figures -------------------------------------------------------------------------------------------------


def lateness(seen: Seen) -> dict[str, float]:
    """The worst, in seconds, by what it is the lateness of."""
    worst: dict[str, float] = defaultdict(float)
    for grant in seen.grants.values():
        if grant.over is None or grant.begun is None:
            continue
        calm = seen.diary.is_calm(grant.end(), grant.over)
        marks = {"a read-back": grant.over - grant.end()}
        if grant.ended is not None and grant.ended > grant.ends:
            marks["an end begun"] = grant.ended - grant.ends
        for name, late in marks.items():
            worst[name] = max(worst[name], late)
            if calm:
                worst[f"{name}, nothing away"] = max(worst[f"{name}, nothing away"], late)
    return dict(worst)
