"""The Web API's methods: each takes caller and arguments, and answers or refuses as Slack would."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.sandbox import blockkit, cast
from app.sandbox.answers import SlackRefuses
from app.sandbox.cast import BOT_USER, Channel, Json, User
from app.sandbox.workspace import Message, Workspace

MAX_TEXT = 40_000
MAX_EDITED_TEXT = 4_000
MAX_METADATA = 16_000


@dataclass(slots=True)
class Caller:
    """Who calls: the app with its scopes, and where it reached us."""

    workspace: Workspace
    scopes: frozenset[str]
    socket_url: Callable[[], str]
    no_user_groups: bool = False

    def needs(self, *any_of: str) -> None:
        """Refuse ``missing_scope`` unless one of the scopes was given."""
        if any_of and not self.scopes.intersection(any_of):
            provided = ",".join(sorted(self.scopes))
            raise SlackRefuses("missing_scope", needed=",".join(any_of), provided=provided)


Method = Callable[[Caller, Json], Json]


def wanted(arguments: Json, *names: str) -> tuple[Any, ...]:
    """The values of arguments that must be there; refuses ``invalid_arguments``."""
    missing = [name for name in names if arguments.get(name) in (None, "")]
    if missing:
        raise SlackRefuses(
            "invalid_arguments", [f"[ERROR] missing required field: {name}" for name in missing]
        )
    return tuple(arguments[name] for name in names)


def auth_test(caller: Caller, _arguments: Json) -> Json:
    """Who the token belongs to."""
    return {
        "url": f"https://{cast.TEAM_DOMAIN}.slack.com/",
        "team": "Acme",
        "user": caller.workspace.bot.key,
        "team_id": cast.TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": cast.BOT_ID,
        "is_enterprise_install": False,
    }


def team_info(_caller: Caller, _arguments: Json) -> Json:
    """The workspace."""
    icon = {"image_34": "https://acme.slack.com/icon.png", "image_default": True}
    team = {"id": cast.TEAM_ID, "name": "Acme", "domain": cast.TEAM_DOMAIN, "email_domain": "example.com"}
    return {"team": team | {"icon": icon}}


def bots_info(_caller: Caller, arguments: Json) -> Json:
    """The app's bot."""
    if arguments.get("bot") not in (None, cast.BOT_ID):
        raise SlackRefuses("bot_not_found")
    icons = {f"image_{size}": f"https://acme.slack.com/{size}.png" for size in (36, 48, 72)}
    bot = {
        "id": cast.BOT_ID,
        "deleted": False,
        "name": "breakglass",
        "updated": 1_700_000_000,
        "icons": icons,
    }
    return {"bot": bot | {"app_id": cast.APP_ID, "user_id": BOT_USER}}


def connections_open(caller: Caller, _arguments: Json) -> Json:
    """A single-use address for Socket Mode."""
    return {"url": caller.socket_url()}


# -- chat


def _content(arguments: Json, longest: int) -> tuple[str, list[Json]]:
    text = arguments.get("text") or ""
    blocks = arguments.get("blocks") or []
    if not isinstance(text, str):
        raise SlackRefuses("invalid_arguments")
    if not text.strip() and not blocks:
        raise SlackRefuses("no_text")
    found = blockkit.message_faults(blocks)
    if found:
        raise SlackRefuses(*found)
    if len(text) > longest:
        raise SlackRefuses("msg_too_long")
    return text, blocks


def _metadata(arguments: Json) -> Json | None:
    metadata = arguments.get("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise SlackRefuses("invalid_metadata_format")
    if len(str(metadata)) > MAX_METADATA:
        raise SlackRefuses("metadata_too_large")
    return metadata


def _postable(caller: Caller, name: str) -> Channel:
    workspace = caller.workspace
    if name in workspace.users and name != BOT_USER:
        return workspace.direct_message(name)
    channel = workspace.channel(name)
    if channel.archived:
        raise SlackRefuses("is_archived")
    if BOT_USER not in channel.members and "chat:write.public" not in caller.scopes:
        raise SlackRefuses("not_in_channel")
    return channel


def _thread(workspace: Workspace, channel: Channel, arguments: Json) -> str | None:
    thread_ts = arguments.get("thread_ts")
    if thread_ts is None:
        return None
    try:
        parent = workspace.find_message(channel.id, str(thread_ts))
    except SlackRefuses as missing:
        raise SlackRefuses("thread_not_found") from missing
    return parent.thread_ts or parent.ts


def post_message(caller: Caller, arguments: Json) -> Json:
    """``chat.postMessage``: text over 40,000 characters is cut, as Slack does."""
    (name,) = wanted(arguments, "channel")
    channel = _postable(caller, str(name))
    if isinstance(arguments.get("text"), str):
        arguments = arguments | {"text": arguments["text"][:MAX_TEXT]}
    text, blocks = _content(arguments, MAX_TEXT)
    thread_ts = _thread(caller.workspace, channel, arguments)
    metadata = _metadata(arguments)
    message = caller.workspace.say(channel.id, BOT_USER, text, blocks, thread_ts=thread_ts, metadata=metadata)
    return {"channel": channel.id, "ts": message.ts, "message": message.describe()}


def post_ephemeral(caller: Caller, arguments: Json) -> Json:
    """``chat.postEphemeral``: only ``user`` sees it, and only while they are a member."""
    name, user = wanted(arguments, "channel", "user")
    channel = _postable(caller, str(name))
    if user not in channel.members:
        raise SlackRefuses("user_not_in_channel")
    text, blocks = _content(arguments, MAX_EDITED_TEXT)
    thread_ts = _thread(caller.workspace, channel, arguments)
    message = caller.workspace.say(channel.id, BOT_USER, text, blocks, thread_ts=thread_ts, only_for=user)
    return {"message_ts": message.ts}


def _own_message(caller: Caller, arguments: Json, refusal: str) -> Message:
    name, ts = wanted(arguments, "channel", "ts")
    channel = caller.workspace.channel(str(name))
    message = caller.workspace.find_message(channel.id, str(ts))
    if message.only_for:
        raise SlackRefuses("message_not_found")
    if message.user != BOT_USER or channel.archived:
        raise SlackRefuses(refusal)
    return message


def update(caller: Caller, arguments: Json) -> Json:
    """``chat.update``: blocks that are not mentioned stay, ``[]`` takes them away."""
    message = _own_message(caller, arguments, "cant_update_message")
    text, blocks = _content(arguments, MAX_EDITED_TEXT)
    message.show(text, blocks if "blocks" in arguments else message.blocks)
    message.metadata = _metadata(arguments) or message.metadata
    message.edited = caller.workspace.next_ts()
    caller.workspace.changed()
    return {"channel": message.channel, "ts": message.ts, "text": text, "message": message.describe()}


def delete(caller: Caller, arguments: Json) -> Json:
    """``chat.delete``: only the app's own messages."""
    message = _own_message(caller, arguments, "cant_delete_message")
    caller.workspace.forget(message)
    return {"channel": message.channel, "ts": message.ts}


def permalink(caller: Caller, arguments: Json) -> Json:
    """``chat.getPermalink``."""
    name, ts = wanted(arguments, "channel", "message_ts")
    message = caller.workspace.find_message(caller.workspace.channel(str(name)).id, str(ts))
    path = f"archives/{message.channel}/p{message.ts.replace('.', '')}"
    return {"channel": message.channel, "permalink": f"https://{cast.TEAM_DOMAIN}.slack.com/{path}"}


# -- conversations


def _scope_for(channel: Channel) -> str:
    if channel.is_im:
        return "im:read"
    return "groups:read" if channel.private else "channels:read"


def _readable(caller: Caller, arguments: Json) -> Channel:
    (name,) = wanted(arguments, "channel")
    channel = caller.workspace.channel(str(name))
    caller.needs(_scope_for(channel))
    return channel


def conversations_open(caller: Caller, arguments: Json) -> Json:
    """The direct message with one person; several at once are refused, the bot has no use for them."""
    if arguments.get("channel"):
        return {"channel": {"id": caller.workspace.channel(str(arguments["channel"])).id}}
    users = arguments.get("users")
    names = users if isinstance(users, list) else [u for u in str(users or "").split(",") if u]
    if not names:
        raise SlackRefuses("users_list_not_supplied")
    if len(names) > 1:
        caller.needs("mpim:write")
        raise SlackRefuses("invalid_user_combination")
    user = _user(caller, names[0])
    if user.deleted:
        raise SlackRefuses("user_disabled")
    known = cast.direct_message_id(user.id) in caller.workspace.channels
    channel = caller.workspace.direct_message(user.id)
    shown = channel.describe() if arguments.get("return_im") else {"id": channel.id}
    return {"no_op": known, "already_open": known, "channel": shown}


def conversations_info(caller: Caller, arguments: Json) -> Json:
    """One channel, with whether it is shared with another company."""
    return {"channel": _readable(caller, arguments).describe()}


def conversations_members(caller: Caller, arguments: Json) -> Json:
    """Who is in a channel, page by page."""
    channel = _readable(caller, arguments)
    return _page(sorted(channel.members), arguments, "members")


def conversations_list(caller: Caller, arguments: Json) -> Json:
    """The channels of the kinds asked for that the bot may see, page by page."""
    kinds = str(arguments.get("types") or "public_channel").split(",")
    scopes = {
        "public_channel": "channels:read",
        "private_channel": "groups:read",
        "im": "im:read",
        "mpim": "mpim:read",
    }
    if not set(kinds) <= scopes.keys():
        raise SlackRefuses("invalid_types")
    for kind in kinds:
        caller.needs(scopes[kind])
    chosen = {scopes[kind] for kind in kinds}
    hidden = _true(arguments.get("exclude_archived"))
    shown = [
        channel.describe()
        for channel in caller.workspace.channels.values()
        if _scope_for(channel) in chosen
        and not (hidden and channel.archived)
        and (not channel.private or BOT_USER in channel.members)
    ]
    return _page(shown, arguments, "channels")


def _true(value: object) -> bool:
    return str(value).lower() in {"true", "1"}


def _page(found: list[Any], arguments: Json, name: str) -> Json:
    """Pages as Slack makes them; the cursor says where the next one begins."""
    try:
        start = int(arguments.get("cursor") or 0)
        limit = int(arguments.get("limit") or len(found) or 1)
    except ValueError as wrong:
        raise SlackRefuses("invalid_cursor") from wrong
    end = start + limit
    return {
        name: found[start:end],
        "response_metadata": {"next_cursor": str(end) if end < len(found) else ""},
    }


# -- users and user groups


def _user(caller: Caller, name: object) -> User:
    found = caller.workspace.users.get(str(name))
    if found is None:
        raise SlackRefuses("user_not_found")
    return found


def _describe(caller: Caller, users: Iterable[User]) -> list[Json]:
    now = caller.workspace.clock.now()
    with_email = "users:read.email" in caller.scopes
    return [user.describe(now, with_email=with_email) for user in users]


def users_info(caller: Caller, arguments: Json) -> Json:
    """One account; the address only with ``users:read.email``."""
    (name,) = wanted(arguments, "user")
    return {"user": _describe(caller, [_user(caller, name)])[0]}


def users_list(caller: Caller, arguments: Json) -> Json:
    """Everybody, deactivated people too, page by page."""
    answer = _page(_describe(caller, caller.workspace.users.values()), arguments, "members")
    return answer | {"cache_ts": int(caller.workspace.clock.now().timestamp())}


def lookup_by_email(caller: Caller, arguments: Json) -> Json:
    """The active account with that address; refuses ``users_not_found``."""
    (email,) = wanted(arguments, "email")
    caller.needs("users:read.email")
    for user in caller.workspace.users.values():
        if user.email.casefold() == str(email).casefold() and not user.deleted:
            return {"user": _describe(caller, [user])[0]}
    raise SlackRefuses("users_not_found")


def usergroups_list(caller: Caller, arguments: Json) -> Json:
    """The user groups; deleted ones only when asked for."""
    if caller.no_user_groups:
        raise SlackRefuses("plan_upgrade_required")
    options = {
        "with_users": _true(arguments.get("include_users")),
        "with_count": _true(arguments.get("include_count")),
    }
    deleted = _true(arguments.get("include_disabled"))
    groups = caller.workspace.groups.values()
    return {"usergroups": [group.describe(**options) for group in groups if deleted or not group.deleted]}


def usergroups_users_list(caller: Caller, arguments: Json) -> Json:
    """Who is in a user group; refuses ``no_such_subteam``."""
    if caller.no_user_groups:
        raise SlackRefuses("plan_upgrade_required")
    (name,) = wanted(arguments, "usergroup")
    group = caller.workspace.groups.get(str(name))
    if group is None or (group.deleted and not _true(arguments.get("include_disabled"))):
        raise SlackRefuses("no_such_subteam")
    return {"users": list(group.members)}
