"""Which incidents are open, kept where ``web`` can read it: it holds no source's secret and asks nobody.

What stands here only fills menus. Whatever is chosen is asked of the source again when a request is decided.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.lifecycle.desk import Desk
from app.policy import Settings
from app.store.step import Steps
from app.store.tables import Roster
from connectors.interface import Incident

MOST_KEPT = 200
"""The newest; who looks for an older one types its id."""
OFFERED_FOR = timedelta(minutes=10)
"""What the source has not confirmed for longer is no list of open incidents any more."""
ROW = "incidents"
_LONGEST = 200


def keep(desk: Desk) -> None:
    """Write down what is open now. A source that does not answer leaves what was known, which grows too old."""
    folder = desk.shelf.current()
    origin = folder.settings.incidents
    if origin is None or origin.file is not None:
        return  # A file is part of the folder, which ``web`` has itself.
    listed = desk.facts.circumstances(folder, frozenset(), desk.clock.now(), incidents=True).incidents.open
    if listed is None:
        return
    kept = {"open": [_shown(each) for each in listed[:MOST_KEPT]]}
    with desk.steps.step() as step:
        step.session.merge(Roster(name=ROW, members=kept, at=step.now, error=None))


def _shown(incident: Incident) -> dict[str, str | None]:
    title, severity = incident.title[:_LONGEST], incident.severity
    return {"id": incident.id, "title": title, "severity": severity, "channel": incident.channel}


def listed(steps: Steps, settings: Settings, now: datetime) -> Sequence[Incident]:
    """What is offered as open: out of the file of the folder, or as the clock last wrote it down."""
    origin = settings.incidents
    if origin is None or origin.file is not None:
        return origin.incidents if origin else ()
    with steps.read() as session:
        row = session.get(Roster, ROW)
    if row is None or row.members is None or abs(now - row.at) > OFFERED_FOR:
        return ()
    return tuple(_incident(each) for each in row.members.get("open", ()))


def _incident(kept: Mapping[str, str]) -> Incident:
    title, severity, channel = kept.get("title") or "", kept.get("severity"), kept.get("channel")
    return Incident(kept["id"], title=title, severity=severity, channel=channel)
