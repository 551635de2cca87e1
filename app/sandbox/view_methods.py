"""The Web API's ``views.*`` methods, and the rules that they share with answers to a form."""

from app.sandbox import blockkit
from app.sandbox.answers import SlackRefuses
from app.sandbox.cast import Json
from app.sandbox.methods import Caller, wanted
from app.sandbox.workspace import View, Workspace


def checked(workspace: Workspace, view: object, kind: str = "modal", replacing: View | None = None) -> Json:
    """The view, if Slack takes it; refuses what is malformed, too large or named twice."""
    found = blockkit.view_faults(view, kind)
    if found or not isinstance(view, dict):
        raise SlackRefuses(*(found or ("invalid_arguments",)))
    name = view.get("external_id")
    others = [
        each for each in [*workspace.views.values(), *workspace.homes.values()] if each is not replacing
    ]
    if name and any(each.content.get("external_id") == name for each in others):
        raise SlackRefuses("duplicate_external_id")
    return view


def _shown(view: View) -> Json:
    return {"view": view.describe()}


def open_view(caller: Caller, arguments: Json) -> Json:
    """``views.open``: a trigger works once, for three seconds."""
    name, view = wanted(arguments, "trigger_id", "view")
    workspace = caller.workspace
    with workspace.lock:
        trigger = workspace.trigger(str(name))
        content = checked(workspace, view)
        trigger.spent = True
        return _shown(workspace.open_view(trigger.user, content, trigger.channel))


def push(caller: Caller, arguments: Json) -> Json:
    """``views.push``: at most three forms lie on each other."""
    name, view = wanted(arguments, "trigger_id", "view")
    workspace = caller.workspace
    with workspace.lock:
        trigger = workspace.trigger(str(name))
        content = checked(workspace, view)
        pushed = workspace.push_view(trigger.user, content, trigger.channel)
        trigger.spent = True
        return _shown(pushed)


def _named(workspace: Workspace, arguments: Json) -> View:
    name, external = arguments.get("view_id"), arguments.get("external_id")
    for view in workspace.views.values():
        if view.id == name or (external and view.content.get("external_id") == external):
            return view
    raise SlackRefuses("not_found")


def _unmoved(view: View, arguments: Json) -> None:
    if arguments.get("hash") not in (None, view.hash):
        raise SlackRefuses("hash_conflict")


def update(caller: Caller, arguments: Json) -> Json:
    """``views.update``: refused with ``hash_conflict`` where the view moved on since that hash."""
    (content,) = wanted(arguments, "view")
    workspace = caller.workspace
    with workspace.lock:
        view = _named(workspace, arguments)
        _unmoved(view, arguments)
        view.show(checked(workspace, content, replacing=view), workspace.clock.now())
        workspace.changed()
        return _shown(view)


def publish(caller: Caller, arguments: Json) -> Json:
    """``views.publish``: one person's home tab."""
    user, content = wanted(arguments, "user_id", "view")
    workspace = caller.workspace
    with workspace.lock:
        if user not in workspace.users:
            raise SlackRefuses("user_not_found")
        old = workspace.homes.get(user)
        if old:
            _unmoved(old, arguments)
        checked(workspace, content, "home", replacing=old)
        home = old or View(f"V0HOME{user.removeprefix('U0')}", user, {}, "", None, None)
        home.root = home.id
        home.show(content, workspace.clock.now())
        workspace.homes[user] = home
        workspace.changed()
        return _shown(home)
