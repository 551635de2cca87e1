"""What every command stands on: the environment it was started in, who types, and how long it waits."""

import os
import pwd
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from app.policy import Kinds, PolicyFolder
    from app.settings import Process, Settings
    from app.store.step import Step
    from app.wiring import House
    from connectors.registry import Registry

READ_BACK_SECONDS = 30.0
"""How long ``revoke`` waits for the target to say that the access is gone."""

LOOK_EVERY = 0.1

Found = TypeVar("Found")
_UNEXPECTED = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Terminal:
    """``env`` is the environment; ``patience``, in seconds, is how long anything outside is waited for.

    ``registry``: every kind that settings may name; None: ours and those of the packages installed here.
    """

    env: Mapping[str, str] = field(repr=False)
    patience: float = READ_BACK_SECONDS
    registry: "Registry | None" = None

    def kinds(self) -> "Kinds":
        """Every kind that settings may name, for the loader."""
        from app.targets import kinds_of

        return kinds_of(self.known())

    def known(self) -> "Registry":
        """The same, with where their classes are found."""
        from connectors.plugins import installed

        return self.registry or installed()

    def settings(self, process: "Process") -> "Settings":
        """The settings, with the log set up by them; raises ``Misconfigured``."""
        from app import log
        from app.settings import Settings

        settings = Settings.load(self.env, process)
        log.configure(settings)
        return settings

    def folder(self) -> "PolicyFolder":
        """The policy folder on this disk; raises ``Misconfigured``. Needs no secret and no database."""
        from app.policy import load

        return load(self.settings("offline").policies, kinds=self.kinds(), env=self.env)

    @contextmanager
    def house(self) -> Iterator["House"]:
        """The whole house on a migrated database.

        Raises ``Misconfigured``; ``Unavailable`` where the database does not answer, also in the block.
        """
        from app import wiring
        from app.cli.failing import database_named

        settings = self.settings("terminal")
        with database_named(settings):
            house = wiring.build(settings, env=self.env, registry=self.known())
            try:
                wiring.must_be_migrated(house.engine)
                yield house
            finally:
                house.close()

    def in_force(self, house: "House") -> "PolicyFolder":
        """The folder that the processes run on, as they kept it; before there was one, that on this disk.

        A terminal's own copy may be another: it must neither speak to another channel nor come into force.
        """
        from sqlmodel import col, select

        from app.policy import from_text
        from app.store.tables import PolicyText

        newest = select(PolicyText).order_by(col(PolicyText.loaded_at).desc()).limit(1)
        with house.steps.read() as session:
            kept = session.exec(newest).first()
        return from_text(kept.text, kinds=self.kinds(), env=self.env) if kept else self.folder()


def look_until(look: Callable[[], Found], done: Callable[[Found], bool], seconds: float) -> Found:
    """What ``look`` says as soon as it is ``done``, or after that time: other processes do the work meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        left = deadline - time.monotonic()
        if left <= 0 or done(found):
            return found
        time.sleep(min(LOOK_EVERY, left))


def schemas() -> "Kinds":
    """Every kind, for the loader: ours and those of the packages installed here."""
    return Terminal({}).kinds()


def actor() -> str:
    """``terminal:USER@HOST``: the account that the system says runs this. Recorded, and not verified."""
    user = os.getuid()
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:  # an account without a name, as containers give them
        name = f"uid{user}"
    return f"terminal:{_plain(name)}@{_plain(socket.gethostname())}"


def _plain(name: str) -> str:
    return _UNEXPECTED.sub("_", name)[:_LONGEST_NAME] or "_"


def note_command(
    step: "Step",
    folder: "PolicyFolder",
    words: str,
    reason: str | None = None,
    *,
    request_id: str | None = None,
) -> None:
    """The ledger entry of a command, in the step that carries it out, and a line to the security channel."""
    from app import notices

    by = actor()
    step.record("TerminalCommand", by, request_id, words=words, reason=reason, verified=False)
    notices.alert(step, folder.settings, "terminal", by=by, words=words, reason=reason)
