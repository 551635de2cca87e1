"""What the schema of settings.yaml cannot see of other people's packages: which may add kinds, and which do."""

from app.policy.faults import Document
from app.policy.kinds import Kinds
from app.policy.names import did_you_mean
from app.policy.written_settings import SettingsText
from connectors.interface import canonical


def check_plugins(document: Document, written: SettingsText, kinds: Kinds) -> None:
    """Each that is listed is installed, and replaces nothing."""
    installed = {*kinds.brought.values(), *kinds.clashes}
    for position, name in enumerate(written.plugins):
        loc = ("plugins", position)
        if name in written.plugins[:position]:
            document.add(loc, f"`{name}` is here twice", "keep one of them")
        elif canonical(name) not in installed:
            what = f"no package `{name}` is installed here that brings a kind"
            remedy = did_you_mean(name, installed) if installed else "install it beside every process"
            document.add(loc, what, remedy)
        for kind in kinds.clashes.get(canonical(name), ()):
            what = f"its kind `{kind}` has the name of one that is there already"
            document.add(loc, what, "no package replaces another's kind: it must choose another name")


def unlisted(distribution: str) -> tuple[str, str]:
    """The fault of a kind whose package settings do not let in."""
    what = f"this kind comes from the package {distribution}, which `plugins` does not name"
    return what, f"write `plugins: [{distribution}]` if you trust it with your targets"
