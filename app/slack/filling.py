"""The worker's side of the request form: it opened at once, and is filled in here for this person.

Nothing is promised by it: everything is decided again when the form has been sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from slack_sdk import WebClient

from app.errors import ConnectorError, Refused, Unavailable
from app.lifecycle import incidents, limits
from app.lifecycle.desk import Desk
from app.lifecycle.taking import pause
from app.model import Person, SlackUser, Verdict
from app.policy import Ask, Decision, Policy, PolicyFolder, decide, subject_name
from app.slack import forms, promises, reasons
from app.slack.blocks import MOST_OPTIONS, Block, bullets, inline
from app.slack.forms import Choice, Filled, Typed
from app.slack.posting import FAILURES, Impossible, Limited, Silent, judge
from app.slack.text import joined, one_line, principals, spoken, stopped
from app.slack.view import describe
from app.store import due as timetable
from app.store.tables import Due, Freeze
from connectors.interface import NoSubject, Subject

log = structlog.get_logger()

PATIENCE = timedelta(seconds=1.5)
"""So long policies are looked at; those behind are offered without an outlook."""
MOST_ATTEMPTS = 5
_CLOSED = frozenset({"hash_conflict", "not_found", "view_not_found"})


class _Moved(Exception):
    """The person changed the form, or closed it, while it was being filled in."""


def fill(desk: Desk, client: WebClient, due: Due) -> None:
    """Fill in one open form; a second time with the accounts found at the targets of the chosen policy."""
    try:
        _fill(desk, client, due)
    except _Moved:
        pass  # What they chose meanwhile is owed by a newer piece of work, and a closed form owes nothing.
    except Unavailable as silence:
        if due.attempts < MOST_ATTEMPTS:
            with desk.steps.step() as step:
                timetable.again(step, due, step.now + pause(due.attempts), str(silence))
            return
        log.warning("form was not filled in", why=str(silence))
    with desk.steps.step() as step:
        timetable.finish(step, due)


def _fill(desk: Desk, client: WebClient, due: Due) -> None:
    data = due.data
    folder = desk.shelf.current()
    try:
        person = desk.people.identify(SlackUser(data["team"], data["user"]), folder.settings)
    except (Refused, Unavailable) as why:
        _update(client, data, forms.unavailable(str(why)), None)
        return
    typed = Typed.from_json(data.get("typed") or {})
    filled = look_up(desk, folder, person, typed, str(data.get("note") or ""))
    seen = _update(client, data, forms.request_form(filled), data.get("hash"))
    if filled.chosen is not None:
        found = (*filled.outlook[:1], *_accounts(folder, filled.chosen, person, _look(desk)))
        # With the hash of what was just shown: whoever has chosen something else meanwhile keeps that.
        _update(client, data, forms.request_form(replace(filled, outlook=found)), seen, again=False)


# --- looking up --------------------------------------------------------------------------------------


def look_up(desk: Desk, folder: PolicyFolder, person: Person, typed: Typed, note: str = "") -> Filled:
    """What the form shows this person now: every policy with its outlook, the only possible one chosen."""
    policies = list(folder.policies.values())
    frozen = _frozen(desk)
    notes = [*(_frozen_note(folder, each) for each in frozen), *([note] if note else [])]
    if not policies:
        notes.append("There is no policy yet: nobody can ask for anything.")
    chosen = folder.policies.get(typed.policy or "")
    searched = len(policies) > MOST_OPTIONS or not policies
    looked_at = [chosen] if searched and chosen else [] if searched else policies
    decisions = _decisions(desk, folder, looked_at, person, typed)
    decisions = {name: _held(folder, name, decision, frozen) for name, decision in decisions.items()}
    possible = [policy for policy in policies if _is_possible(decisions.get(policy.id))]
    if chosen is None and len(possible) == 1 and not searched:
        chosen = possible[0]
    ordered = [*possible, *(policy for policy in policies if policy not in possible)]
    choices = [_choice(folder, policy, decisions.get(policy.id), person) for policy in ordered]
    outlook: tuple[str, ...] = ()
    because = None
    if chosen is not None:
        decision = decisions.get(chosen.id) or _decide(desk, folder, chosen, person, typed)
        because = _because(decision, person, desk.clock.now())
        outlook = (_meaning(chosen, decision), *_accounts(folder, chosen, person, _nobody_looked))
    open_now = incidents.listed(desk.steps, folder.settings, desk.clock.now())
    listed = open_now if folder.settings.incidents is not None else None
    found = Filled(typed, None if searched else choices, chosen, listed, outlook)
    return replace(found, because=because, notes=notes)


def _frozen(desk: Desk) -> list[Freeze]:
    with desk.steps.read() as session:
        return limits.freezes(session, desk.clock.now())


def _frozen_note(folder: PolicyFolder, freeze: Freeze) -> str:
    """That nothing is given now, but for what is exempt; or nothing at one target."""
    sentence = stopped(limits.frozen_sentence(freeze))
    exempt = [name for name in folder.policies if name in folder.settings.freeze_exempt]
    return sentence if freeze.connector or not exempt else f"{sentence} Still given: {joined(exempt, 300)}."


def _held(folder: PolicyFolder, policy: str, decision: Decision, frozen: Sequence[Freeze]) -> Decision:
    """What would come of it during these freezes."""
    stopped_at = {entry.access.connector for entry in folder.policies[policy].access}
    for each in frozen:
        if each.connector in stopped_at:
            return replace(decision, verdict=Verdict.REFUSE, message=f"{each.connector} gives nothing now")
        if each.connector is None and policy not in folder.settings.freeze_exempt:
            return replace(decision, verdict=Verdict.REFUSE, message="everything is frozen")
    return decision


def _decisions(
    desk: Desk, folder: PolicyFolder, policies: Sequence[Policy], person: Person, typed: Typed
) -> dict[str, Decision]:
    started = desk.clock.now()
    found: dict[str, Decision] = {}
    for policy in policies:
        if desk.clock.now() - started > PATIENCE:
            break
        found[policy.id] = _decide(desk, folder, policy, person, typed)
    return found


def _decide(desk: Desk, folder: PolicyFolder, policy: Policy, person: Person, typed: Typed) -> Decision:
    now = desk.clock.now()
    try:
        length = min(typed.length() or policy.duration.default, policy.duration.max)
    except ValueError:
        length = policy.duration.default
    ask = Ask(person.email, now, length, typed.reason, typed.incident)
    facts = desk.facts.gather(folder, policy, ask, warm=True)
    return decide(policy, folder.settings, ask, facts)


def _is_possible(decision: Decision | None) -> bool:
    return decision is None or decision.verdict is not Verdict.REFUSE


def _choice(folder: PolicyFolder, policy: Policy, decision: Decision | None, person: Person) -> Choice:
    account = _account(folder, policy, person)
    outlook = "" if decision is None else f"{_outlook(decision)} · {account}"
    return Choice(policy.id, policy.title, outlook)


def _outlook(decision: Decision) -> str:
    """Given at once, or whose yes it needs; short enough for a list."""
    match decision.verdict:
        case Verdict.GRANT:
            return "At once, to be confirmed" if decision.confirm else "At once"
        case Verdict.APPROVE:
            return f"Needs {_who(decision)}"
        case Verdict.REFUSE:
            return f"Refused now: {one_line(_why(decision, 1), 40)}"


def _who(decision: Decision) -> str:
    stages = decision.approval.stages if decision.approval else ()
    firsts = [f"{stage[0].count} of {principals(map(str, stage[0].by))}" for stage in stages]
    return ", then ".join(firsts) or "approval"


def _why(decision: Decision, most: int | None = None) -> str:
    return decision.message or "; ".join(decision.because[:most]) or "no rule covers you"


def _account(folder: PolicyFolder, policy: Policy, person: Person) -> str:
    try:
        names = {
            subject_name(folder.settings, entry.access.connector, person.email): None
            for entry in policy.access
        }
    except Refused:
        return "no account"
    return f"as {', '.join(names)}"


def _meaning(policy: Policy, decision: Decision) -> str:
    """What choosing a policy means, as a sentence."""
    match decision.verdict:
        case Verdict.GRANT:
            return f"Given at once{_at_most(policy, decision)}.{_confirmed(decision)}"
        case Verdict.APPROVE:
            return f"Needs approval{_at_most(policy, decision)}: {_who(decision)}."
        case Verdict.REFUSE:
            return stopped(f"Would be refused now: {_why(decision)}")


def _because(decision: Decision, person: Person, now: datetime) -> Block | None:
    """What it stands on, as far as it is known; a refusal has said that already."""
    if decision.verdict is Verdict.REFUSE:
        return None
    told = reasons.lines(decision.as_json(), person.email)
    return bullets(inline(words, now, 300) for words in told) if told else None


def _at_most(policy: Policy, decision: Decision) -> str:
    """Where this person gets it for a shorter time than the policy allows at most."""
    shorter = decision.max_duration < policy.duration.max
    return f", for {spoken(decision.max_duration)} at most" if shorter else ""


def _confirmed(decision: Decision) -> str:
    asked = decision.confirm
    if asked is None:
        return ""
    return f" Taken back after {spoken(asked.within)} unless confirmed by {principals(map(str, asked.by))}."


Looked = Callable[[str, str], Subject | NoSubject | None]
"""The account of that name at that connector; None where nobody looked, or nothing answered."""


def _accounts(folder: PolicyFolder, policy: Policy, person: Person, looked: Looked) -> Iterator[str]:
    """Which account each access would be given to, or who can add one."""
    for entry in policy.access:
        connector = entry.access.connector
        try:
            name = subject_name(folder.settings, connector, person.email)
        except Refused as why:
            yield str(why)
            continue
        match looked(connector, name):
            case NoSubject(sentence=sentence):
                yield f"{sentence} {policy.owner.name} can add you."
            case found:
                sure = " (found)" if found else ""
                where = f"{describe(connector, entry.access.options)}, on your account {name}{sure}."
                yield f"{where} {promises.sentence(entry.promise)}"


def _nobody_looked(_connector: str, _name: str) -> None:
    return None


def _look(desk: Desk) -> Looked:
    def look(connector: str, name: str) -> Subject | NoSubject | None:
        try:
            found = desk.targets.connector(connector)
            return desk.targets.gate(connector).call(found.resolve, name)
        except ConnectorError:
            return None

    return look


# --- showing -----------------------------------------------------------------------------------------


def _update(
    client: WebClient, data: Mapping[str, Any], view: Block, seen: str | None, *, again: bool = True
) -> str | None:
    """Show the view; its new hash. Raises ``_Moved`` where nobody looks, ``Unavailable`` to try later."""
    arguments = {"view_id": data["view_id"], "view": view} | ({"hash": seen} if seen else {})
    try:
        answer = _call(client, arguments)
    except Impossible as refusal:
        if refusal.name == "hash_conflict" and again:
            return _update(client, data, view, None, again=False)
        if refusal.name not in _CLOSED:
            log.warning("slack refuses the form", error=refusal.name)
        raise _Moved from None
    except (Limited, Silent) as later:
        raise Unavailable(f"Slack did not take the form: {later}.") from None
    shown = answer.get("view")
    return shown.get("hash") if isinstance(shown, dict) else None


def _call(client: WebClient, arguments: dict[str, Any]) -> Any:
    try:
        return client.api_call("views.update", json=arguments).data
    except FAILURES as failure:
        judge(failure, repeatable=True)
