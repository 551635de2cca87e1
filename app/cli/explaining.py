"""``policy explain``: what the folder itself knows, and a decision in words."""

from collections.abc import Iterator
from datetime import datetime

from app.cli import output
from app.cli.requests import fact_line
from app.errors import ConnectorError, Refused
from app.model import Verdict, short_duration
from app.policy import (
    ApprovalPlan,
    Ask,
    Decision,
    Facts,
    IncidentsFact,
    OnCallFact,
    Policy,
    PolicyFolder,
    Schedule,
    Settings,
    check_ask,
)
from connectors.sources.calendar import CalendarSource

_VERDICTS = {
    Verdict.GRANT: "given at once",
    Verdict.APPROVE: "given once approved",
    Verdict.REFUSE: "refused",
}


def known_in(folder: PolicyFolder, at: datetime) -> Facts:
    """What the folder says without asking anybody: members, calendars, incidents. All else is unknown."""
    source = folder.settings.incidents
    incidents = (
        IncidentsFact(source.incidents, "file", at) if source and source.file else IncidentsFact(None, "none")
    )
    calendars = [schedule for schedule in folder.settings.schedules.values() if schedule.file]
    return Facts(
        on_call={schedule.name: _on_call(folder, schedule, at) for schedule in calendars},
        incidents=incidents,
    )


def _on_call(folder: PolicyFolder, schedule: Schedule, at: datetime) -> OnCallFact:
    text = folder.files[schedule.file or ""]
    source = CalendarSource(text, match=schedule.match, zone=folder.settings.timezone)
    try:
        return OnCallFact(tuple(source.on_call(at)), "calendar", at)
    except ConnectorError as silence:
        output.remark(str(silence))
        return OnCallFact(None, "calendar", at)


def refuse_bad_form(policy: Policy, settings: Settings, ask: Ask, *, reason_given: bool) -> None:
    """Raise ``Refused`` for what the form would not let through; what was left out is not asked for."""
    given = {
        "duration": ask.duration is not None,
        "reason": reason_given,
        "incident": ask.incident is not None,
    }
    problems = check_ask(policy, settings, ask.duration, ask.reason, ask.incident)
    sentences = [f"{each.field}: {each.sentence}" for each in problems if given[each.field]]
    if sentences:
        message = f"The form would refuse this. {' '.join(sentences)}"
        raise Refused(message)


def print_decision(policy: Policy, decision: Decision) -> None:
    """A decision for people."""
    output.facts(_lines(policy, decision))


def _lines(policy: Policy, decision: Decision) -> Iterator[tuple[str, str | list[str] | None]]:
    rule = f" by the rule “{decision.rule}”" if decision.rule else ""
    yield "policy", f"{policy.id}: {policy.title}"
    yield "decision", _VERDICTS[decision.verdict] + rule
    yield "because", list(decision.because)
    yield "message", decision.message
    if decision.verdict is not Verdict.REFUSE:
        longest = short_duration(decision.max_duration)
        yield "how long", f"{short_duration(decision.duration)} (at most {longest})"
    yield "approval", list(_steps(decision.approval))
    yield "confirm", _confirm(decision)
    yield "facts", [fact_line(fact.as_json()) for fact in decision.facts]
    yield "otherwise", list(decision.would_grant_if)


def _steps(plan: ApprovalPlan | None) -> Iterator[str]:
    for number, stage in enumerate(plan.stages if plan else (), start=1):
        for step in stage:
            people = ", ".join(str(principal) for principal in step.by)
            ahead = f"stage {number}: " if plan and len(plan.stages) > 1 else ""
            woken = f", woken by {step.page}" if step.page else ""
            yield f"{ahead}{step.count} of {people} within {short_duration(step.within)}{woken}"


def _confirm(decision: Decision) -> str | None:
    if decision.confirm is None:
        return None
    people = ", ".join(str(principal) for principal in decision.confirm.by)
    return f"{people} within {short_duration(decision.confirm.within)}, or it is taken back"
