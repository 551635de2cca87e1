"""What ends access besides its time, in sentences: its incident is over, its holder's shift is."""

from collections.abc import Mapping
from typing import Any

from app.slack.text import Words, one_line, when
from app.slack.view import RequestView


def line(data: Mapping[str, Any], view: RequestView) -> Words:
    """What changed, or nothing where that is none of these."""
    match data.get("event"):
        case "incident_over":
            return brought_forward(view, to_holder=bool(data.get("to_holder")))
        case "incident_open_again":
            return [f"{_incident(view)} is open again: it ends as before", *when(" at ", view.ends_at), "."]
        case "incident_out_of_sight":
            where = f"Settings name another place for incidents: whether {_incident(view)} is over"
            return [
                f"{where} is not known any more, and this ends at its time",
                *when(", ", view.ends_at),
                ".",
            ]
        case "went_on":
            return ["Goes on without its incident", *when(", until ", view.ends_at), "."]
        case "shift_over":
            return _shift_over(data, view)
        case _:
            return []


def brought_forward(view: RequestView, *, to_holder: bool) -> Words:
    """That it ends because its incident is over, and what keeps it: for the holder, or for those who watch."""
    if view.goes_on is None:
        return [f"{_incident(view)} is not open any more."]
    unless = "that is agreed to" if view.is_asking else "you go on" if to_holder else "the holder goes on"
    over = [f"{_incident(view)} is not open any more: this ends", *when(" at ", view.ends_at)]
    return [*over, *when(", or at ", view.goes_on, f" if {unless} before.")]


def early(view: RequestView, *, to_holder: bool) -> Words:
    """The same, as a sentence after another; nothing where it ends at its time."""
    return [" ", *brought_forward(view, to_holder=to_holder)] if view.goes_on else []


def _incident(view: RequestView) -> str:
    return f"Incident {one_line(view.incident or '', 64)}"


def _shift_over(data: Mapping[str, Any], view: RequestView) -> Words:
    rota = one_line(str(data.get("schedules") or "the schedule"), 200)
    still = [f"You are not on call in {rota} any more, and still have {view.policy}"]
    until = when(" until ", view.ends_at)
    return [*still, *until, ". Give it back if you do not need it; else it ends at its time."]
