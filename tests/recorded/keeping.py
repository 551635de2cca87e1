"""What is kept, as text: the database as SQL, Redis' keys as JSON with base64 in it, the messages in Slack as JSON."""

import base64
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from redis import Redis

from app.sandbox.workspace import Message
from tests.slackdriver import Slack

FIRST = Path(__file__).parent / "first"
DATABASE, QUEUE, SLACK = FIRST / "database.sql", FIRST / "redis.json", FIRST / "slack.json"


def keep_database(file: Path) -> None:
    """All of it, as statements."""
    with closing(sqlite3.connect(file)) as connection:
        DATABASE.write_text("\n".join(connection.iterdump()) + "\n")


def restore_database(file: Path) -> None:
    """As it was."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(DATABASE.read_text())


# --- Redis ---------------------------------------------------------------------------------------------------


def keep_queue(redis: Redis) -> None:
    """Every key by its type; none of ours ends by itself within a test."""
    keys = sorted(cast("list[bytes]", redis.keys("*")))
    kept = {key.decode(): _value(redis, key) for key in keys}
    QUEUE.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def _value(redis: Any, key: bytes) -> Any:
    match redis.type(key):
        case b"hash":
            return {"hash": {name.decode(): _text(value) for name, value in redis.hgetall(key).items()}}
        case b"list":
            return {"list": [_text(value) for value in redis.lrange(key, 0, -1)]}
        case b"set":
            return {"set": sorted(_text(value) for value in redis.smembers(key))}
        case b"zset":
            held = redis.zrange(key, 0, -1, withscores=True)
            return {"zset": {_text(value): score for value, score in held}}
        case _:
            return {"string": _text(redis.get(key))}


def restore_queue(redis: Any) -> Mapping[str, float]:
    """As it was, but that the time of all that was scheduled has come; what was scheduled, with its own time."""
    scheduled: dict[str, float] = {}
    for key, value in json.loads(QUEUE.read_text()).items():
        ((kind, held),) = value.items()
        match kind:
            case "hash":
                redis.hset(key, mapping={name: _bytes(each) for name, each in held.items()})
            case "list":
                redis.rpush(key, *map(_bytes, held))
            case "set":
                redis.sadd(key, *map(_bytes, held))
            case "zset":
                scheduled |= {_bytes(each).decode(): score for each, score in held.items()}
                redis.zadd(key, {_bytes(each): 0 for each in held})
            case _:
                redis.set(key, _bytes(held))
    return scheduled


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


# --- Slack ---------------------------------------------------------------------------------------------------


def keep_slack(slack: Slack, now: datetime) -> None:
    """Every message that has a button, and what time it was."""
    said = [message for each in slack.workspace.messages.values() for message in each.values()]
    names = [field.name for field in fields(Message) if field.name != "values"]
    pressable = [message for message in said if any("elements" in block for block in message.blocks)]
    lines = [json.dumps({name: getattr(message, name) for name in names}) for message in pressable]
    messages = ",\n".join(lines)
    SLACK.write_text(f'{{"now": "{now.isoformat()}", "messages": [\n{messages}\n]}}\n')


def recorded_at() -> datetime:
    """What time it was."""
    return datetime.fromisoformat(json.loads(SLACK.read_text())["now"])


def restore_slack(slack: Slack) -> None:
    """Every message where it stood."""
    for user in slack.workspace.users:
        slack.workspace.direct_message(user)
    for each in json.loads(SLACK.read_text())["messages"]:
        slack.workspace.messages.setdefault(each["channel"], {})[each["ts"]] = Message(**each)
