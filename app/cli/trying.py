"""``connectors NAME --try SUBJECT``: waits while worker and clock give and take, and prints when each was done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.cli import output
from app.cli.terminal import Terminal, actor, look_until, note_command
from app.errors import Refused
from app.lifecycle import trying
from app.model import OPEN_STATES
from app.policy.names import did_you_mean
from app.store.tables import Request
from app.store.views import request_json
from app.targets import ConnectorRack
from app.wiring import House

TIMES: Mapping[str, str] = {
    "granted_at": "given",
    "verified_at": "seen at the target",
    "revoked_at": "taken back",
    "revoke_verified_at": "seen gone",
}
"""The four times of one grant, and what each is called."""


def try_out(terminal: Terminal, name: str, subject: str, *, json_wanted: bool) -> int:
    """Try it; the exit code: 0 where all four times are there, 1 where not."""
    with terminal.house() as house:
        folder = terminal.in_force(house)
        if name not in folder.settings.connectors:
            message = f"There is no connector `{name}`; {did_you_mean(name, folder.settings.connectors)}"
            raise Refused(message)
        rack = ConnectorRack(
            lambda: folder, terminal.env, house.clock.latest, registry=terminal.known().access
        )
        try:
            place = trying.look(rack, folder, name, subject)
        finally:
            rack.close()
        with house.steps.step() as step:
            request_id = trying.plan(step, folder, place, actor())
            note_command(step, folder, f"connectors {name} --try {subject}", request_id=request_id)
        seconds = trying.LENGTH.total_seconds()
        if not json_wanted:
            output.remark(f"Request {output.short(request_id)}: given now, taken back in {seconds:.0f} s.")
        found = _wait(house, request_id, seconds + terminal.patience)
    return _print(found, json_wanted=json_wanted)


def _wait(house: House, request_id: str, seconds: float) -> Mapping[str, Any]:
    """The request, as soon as it is over, or after that time."""

    def look() -> Mapping[str, Any]:
        with house.steps.read() as session:
            return request_json(session, session.get_one(Request, request_id))

    return look_until(look, lambda found: found["state"] not in OPEN_STATES, seconds)


def _print(found: Mapping[str, Any], *, json_wanted: bool) -> int:
    (grant,) = found["grants"]
    times = {key: grant.get(key) for key in TIMES}
    whole = found["state"] == "revoked" and all(times.values())
    if json_wanted:
        output.as_json(
            {"id": found["id"], "state": found["state"], **times, "last_error": grant["last_error"]}
        )
        return 0 if whole else 1
    begun = datetime.fromisoformat(found["requested_at"])
    rows = [(TIMES[key], *_when(at, begun)) for key, at in times.items()]
    output.table(("WHAT", "AT", "AFTER"), rows)
    if not whole:
        why = grant["last_error"] or "is a worker running?"
        output.complain(f"The request is {found['state']}: {why}")
    return 0 if whole else 1


def _when(at: str | None, begun: datetime) -> tuple[str, str]:
    if at is None:
        return "not yet", ""
    return at, f"{(datetime.fromisoformat(at) - begun).total_seconds():.3f} s"
