"""The name of one delivery, the same however often and by whichever way Slack repeats it.

It is written in the transaction that does what the delivery asks for, so a repetition finds it done.
"""

import hashlib

from app.slack.payloads import Happening, Payload, Press, SlashCommand, Submission


def key_of(payload: Payload, fallback: str) -> str:
    """Made of Slack's own ids; of ``fallback`` (the request's signature) where Slack gives none."""
    match payload:
        case SlashCommand():
            return _key("command", payload.team_id, payload.trigger_id)
        case Press():
            action = payload.action
            return _key("press", payload.user.id, action.action_ts or payload.trigger_id, action.action_id)
        case Submission():
            return _key("form", payload.view.id, payload.view.hash)
        case Happening():
            return _key("event", payload.team_id or "", payload.event_id)
        case _:
            return _key("other", fallback)


def _key(kind: str, *parts: str) -> str:
    """Of bounded length, whatever the ids are."""
    return f"{kind}:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}"
