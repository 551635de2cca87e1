"""The policy folder in force: read from disk, read again when it changes, kept in the database while it is good."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import col, select

from app import notices
from app.errors import Misconfigured, Problem, Unavailable
from app.model import iso
from app.policy import Difference, Kinds, PolicyFolder, Settings, compare, from_text, load
from app.store import due as timetable
from app.store import pulses
from app.store.live import connectors_with_open
from app.store.step import Steps
from app.store.tables import Due, PolicyText, Pulse

log = structlog.get_logger()

_STAMP_FILES = 5_000
_PULSE = "policies"
NEWS = LANE = "policies"
"""The kind of due work, and its lane: to say who gains and loses by a change takes its time, and delays nothing."""
MOST_TOLD = 8
_NEWEST = select(PolicyText).order_by(col(PolicyText.loaded_at).desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Where:
    """What a folder is read with: its place, the connector kinds known, and the environment for ``${…}``."""

    folder: Path
    kinds: Kinds
    env: Mapping[str, str]


class StillLive(Misconfigured):
    """A folder that becomes good by itself: as soon as nothing of what it drops is live any more."""


class PolicyShelf:
    """See ``lifecycle.desk.Shelf``. A faulty change is kept out, told, and shown as degraded."""

    def __init__(self, where: Where, steps: Steps) -> None:
        self._where = where
        self._steps = steps
        self._folder: PolicyFolder | None = None
        self._stamp: object = None
        self._told: str | None = None
        self.faults: tuple[Problem, ...] = ()
        self._from_disk = False

    def current(self) -> PolicyFolder:
        """The folder in force; raises ``Unavailable`` before there ever was a good one."""
        if self._folder is None:
            message = "There never was a good policy folder: see `breakglass policy check`."
            raise Unavailable(message)
        return self._folder

    def taking_only(self) -> str | None:
        """Why nothing may be given: this process has never seen a good folder on its own disk."""
        return None if self._from_disk else "the policy folder is faulty; see `breakglass policy check`."

    def open(self, *, must_be_good: bool) -> None:
        """Read the folder. With a faulty one: raise ``Misconfigured``, or run on the last good one, taking only."""
        self._stamp = self._look()
        try:
            self._put(self._load())
        except Misconfigured as faulty:
            if must_be_good:
                raise
            if isinstance(faulty, StillLive):
                self._stamp = None
            self.faults = faulty.problems
            self._folder = self._last_good()

    def open_without_database(self) -> None:
        """Read the folder for taking alone, while nobody can say what is live. Raises ``Unavailable``."""
        try:
            self._folder = load(self._where.folder, kinds=self._where.kinds, env=self._where.env)
        except Misconfigured as faulty:
            self.faults = faulty.problems
            message = "The database does not answer, and the policy folder on disk is faulty."
            raise Unavailable(message) from None

    def reload(self) -> None:
        """Take a changed folder into force; called every few seconds."""
        stamp = self._look()
        if stamp == self._stamp:
            return
        try:
            folder = self._load()
        except StillLive as faulty:
            self._keep_out(faulty)
            return
        except Misconfigured as faulty:
            self._keep_out(faulty)
        else:
            if self._folder is None or folder.digest != self._folder.digest or not self._from_disk:
                self._put(folder)
            self._forget_faults()
        self._stamp = stamp

    def _load(self) -> PolicyFolder:
        folder = load(self._where.folder, kinds=self._where.kinds, env=self._where.env)
        if dropped := self._dropped(folder):
            raise StillLive(dropped)
        return folder

    def _dropped(self, folder: PolicyFolder) -> list[Problem]:
        """The connectors that the folder names no more although something of theirs is still to be taken back."""
        missing = sorted(connectors_with_open(self._steps) - set(folder.settings.connectors))
        what = "has live grants, and nobody could take them back without it"
        return [
            Problem("settings.yaml", f"the connector `{name}` {what}", "keep it until they are over")
            for name in missing
        ]

    def _put(self, folder: PolicyFolder) -> None:
        commit, clean = _git(self._where.folder)
        text = PolicyText(
            digest=folder.digest, text=folder.text, loaded_at=self._steps.now(), commit=commit, clean=clean
        )
        while not self._keep(folder, text):
            log.info("another process took another folder into force meanwhile")
        self._folder, self._from_disk, self.faults = folder, True, ()

    def _keep(self, folder: PolicyFolder, text: PolicyText) -> bool:
        """One ledger entry each time that another digest comes into force; the text stays in the database.

        What was in force before is read outside the step: a thousand policies take seconds, and nobody may wait for it.
        False: something else has come into force meanwhile.
        """
        seen = self._newest()
        is_news = seen is None or seen.digest != folder.digest
        before = self._known(seen) if is_news else None
        changes = _changes(before, folder) if before else []
        with self._steps.step() as step:
            step.lock_name("policy_text")
            newest = step.session.exec(_NEWEST).first()
            if (newest and newest.digest) != (seen and seen.digest):
                return False
            text.loaded_at = step.now  # after what was in force before, however long reading that took
            step.session.merge(text)
            if is_news:
                said = {"digest": text.digest, "commit": text.commit, "clean": text.clean}
                step.record("PoliciesLoaded", "shelf", None, **said)
            if before is not None:
                for settings in _channels(before, folder):
                    notices.alert(step, settings, "policies_changed", changes=changes, digest=folder.digest)
                step.due(NEWS, folder.digest, step.now, LANE, before=before.digest, since=iso(step.now))
        return True

    def _newest(self) -> PolicyText | None:
        with self._steps.read() as session:
            return session.exec(_NEWEST).first()

    def _known(self, kept: PolicyText | None) -> PolicyFolder | None:
        """The folder that was in force before, whichever process read it; None where there was none."""
        if kept is None or (self._folder is not None and self._folder.digest == kept.digest):
            return self._folder
        try:
            return from_text(kept.text, kinds=self._where.kinds, env=self._where.env)
        except Misconfigured:  # kept by another version
            return self._folder

    def tell_difference(self, due: Due) -> None:
        """Say in the security channel who gains and who loses by a reload: once, whichever processes reloaded."""
        try:
            before, after = self._kept(str(due.data["before"])), self._kept(due.ref)
            channels, news = _channels(before, after), _news(compare(before, after))
        except Misconfigured:  # kept by another version, or with variables that are set no more
            log.warning("who gains and who loses by the new policies cannot be said")
            channels, news = _channels(self.current()), {"unread": True}
        with self._steps.step() as step:
            timetable.finish(step, due)
            if news and step.first_time(f"{NEWS}:{due.ref}:{due.data['since']}"):
                for settings in channels:
                    notices.alert(step, settings, "policies_difference", **news, digest=due.ref)

    def _kept(self, digest: str) -> PolicyFolder:
        with self._steps.read() as session:
            kept = session.get(PolicyText, digest)
        return from_text(kept.text if kept else "", kinds=self._where.kinds, env=self._where.env)

    def _keep_out(self, faulty: Misconfigured) -> None:
        self.faults = faulty.problems
        log.warning("the changed policy folder is faulty and kept out", problems=len(faulty.problems))
        if self._folder is None or self._told == str(faulty):
            return
        first = [str(problem) for problem in faulty.problems[:5]]
        which = hashlib.sha256(str(faulty).encode()).hexdigest()
        with self._steps.step() as step:
            # Every process reads the folder: the first one that sees these faults tells of them.
            step.lock_name("policy_text")
            known = step.session.get(Pulse, _PULSE)
            if known is None or known.ok or known.note != which:
                pulses.beat(step, _PULSE, which, ok=False)
                count = len(faulty.problems)
                notices.alert(step, self._folder.settings, "policies_faulty", problems=first, count=count)
                step.record("PoliciesFaulty", "shelf", None, problems=first)
        self._told = str(faulty)

    def _forget_faults(self) -> None:
        if self.faults:
            with self._steps.step() as step:
                pulses.turn(step, _PULSE, ok=True)
        self.faults, self._told = (), None

    def _last_good(self) -> PolicyFolder | None:
        kept = self._newest()
        return from_text(kept.text, kinds=self._where.kinds, env=self._where.env) if kept else None

    def _look(self) -> object:
        """Names, sizes and times of every file in the folder: what changes when somebody changes anything.

        Hidden folders are left out, as the loader leaves them: a repository's own would hide everything else.
        """
        found: list[tuple[str, int, int, int]] = []
        for place, folders, files in os.walk(self._where.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found += (_stamp(f"{place}/{name}") for name in sorted(files))
            if len(found) > _STAMP_FILES:
                break
        return tuple(found)


def _stamp(file: str) -> tuple[str, int, int, int]:
    """A link is what it leads to; one that leads nowhere must not hide a change of the others."""
    try:
        found = os.stat(file)  # noqa: PTH116 - a path of its own for each of a thousand files takes five times as long
    except OSError:
        return file, 0, 0, 0
    return file, found.st_size, found.st_mtime_ns, found.st_ino


def _channels(*folders: PolicyFolder) -> list[Settings]:
    """Told to the old channel as well: whoever changes the channel must not be the only one to hear of it."""
    return list({each.settings.security_channel: each.settings for each in folders}.values())


def _news(found: Difference) -> dict[str, Any]:
    """The first of those that gain and that lose, and how many there are; nothing where nobody does."""
    gained, lost = found.gained, found.lost
    told = {"gains": gained[:MOST_TOLD], "gained": len(gained), "loses": lost[:MOST_TOLD], "lost": len(lost)}
    return told if gained or lost else {}


def _changes(before: PolicyFolder, after: PolicyFolder) -> list[str]:
    """Which policies came, went or changed, and which of the files that they share."""
    old, new = before.policies, after.policies
    added = [f"added {name}" for name in new if name not in old]
    removed = [f"removed {name}" for name in old if name not in new]
    changed = [f"changed {name}" for name in new if name in old and new[name].digest != old[name].digest]
    shared = sorted(
        name for name in {*before.files, *after.files} if name.removesuffix(".yaml") not in {*old, *new}
    )
    files = [f"changed {name}" for name in shared if before.files.get(name) != after.files.get(name)]
    return added + removed + changed + files


def _git(folder: Path) -> tuple[str | None, bool | None]:
    """The commit that the folder lies at and whether it is clean; None where git does not say."""

    def ask(*words: str) -> str | None:
        command = ["git", "-C", str(folder), *words]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=2, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return answer.stdout.strip() if answer.returncode == 0 else None

    commit = ask("rev-parse", "HEAD")
    changes = ask("status", "--porcelain", "--", ".") if commit else None
    return commit, None if changes is None else not changes


def current_or_none(shelf: PolicyShelf) -> PolicyFolder | None:
    """The folder in force where there is one."""
    try:
        return shelf.current()
    except Unavailable:
        return None
