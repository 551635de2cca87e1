"""The Slack app's manifest: everything that the app needs of a workspace, and nothing else."""

from typing import Any

SCOPES = (
    "commands",
    "chat:write",
    "im:write",  # to open the direct message with somebody
    "users:read",
    "users:read.email",
    "usergroups:read",
    "channels:read",  # with groups:read: that a card never goes to a channel shared with another company
    "groups:read",
)
EVENTS = ("subteam_members_changed", "user_change")


def manifest(request_url: str | None, *, socket: bool) -> dict[str, Any]:
    """The manifest, ready to paste. ``request_url`` is the public address of ``/slack/events``.

    ``should_escape`` is off: a reason is kept as it was typed, so names and addresses in it stay text instead
    of becoming ids and links.
    """
    url = {"url": request_url} if request_url and not socket else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Break Glass",
            "description": "Emergency access: agreed in advance, given in a second, taken back on time",
            "background_color": "#7a1f1f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,  # commands can be typed in the direct message with the bot
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "breakglass", "always_online": True},
            "slash_commands": [
                {
                    "command": "/breakglass",
                    "description": "Emergency access",
                    "usage_hint": "[POLICY 30m INC-1234 what is broken | status | end | help]",
                    "should_escape": False,
                    **url,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)} | _named("request_url", request_url, socket),
            "interactivity": {"is_enabled": True}
            | _named("request_url", request_url, socket)
            | _named("message_menu_options_url", request_url, socket),
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def _named(name: str, request_url: str | None, socket: bool) -> dict[str, str]:  # noqa: FBT001
    return {name: request_url} if request_url and not socket else {}
