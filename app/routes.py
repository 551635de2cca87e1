"""Whether an alert would arrive: which channels take none, as the clock sees them and as deliveries found out.

A channel that is known to be unfit stays so until somebody sees that it is not: the clock, which looks at each every
half minute, or an alert that gets through. One that nobody has looked at yet, or lately, is not known to be unfit: its
alerts are owed all the same, and go to people when it does not take them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlmodel import col, select

from app import notices
from app.errors import Unavailable
from app.policy import Policy, PolicyFolder, Settings
from app.store.step import Step, Steps
from app.store.tables import Pulse

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=30)
MOST_CHANNELS = 40
"""Slack answers about fifty such questions a minute."""
SHARED = "shared_with_another_company"
SEEN_BY_LOOKING = frozenset({"channel_not_found", "is_archived", "not_in_channel", SHARED})
"""What a look shows; every other fault shows when something is posted, and is over when that works."""
ABOUT_THE_MESSAGE = frozenset(
    {
        "attachment_payload_limit_exceeded",
        "block_mismatch",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_charset",
        "invalid_form_data",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
"""What Slack says of a message that it would take from nobody: that says nothing of the channel."""
PREFIX = "channel:"
"""Of the pulse of a channel."""


class Channels(Protocol):
    """Slack's own word on channels; raises ``Unavailable`` where it did not answer."""

    def channel(self, channel: str) -> Mapping[str, Any] | None:
        """``conversations.info``'s channel object; None where the bot sees none."""


class Routes:
    """Remembers which channels are unfit, so that no decision has to ask anybody."""

    def __init__(
        self,
        steps: Steps,
        channels: Channels,
        folder: Callable[[], PolicyFolder],
        now: Callable[[], datetime],
    ) -> None:
        self._steps = steps
        self._channels = channels
        self._folder = folder
        self._now = now
        self._unfit: Mapping[str, str] = {}

    def why_unheard(self, settings: Settings, policy: Policy) -> str | None:
        """Why nobody would hear of a grant by this policy: none of its channels takes alerts. None: one does."""
        channels = notices.channels(settings, policy)
        if not all(channel in self._unfit for channel in channels):
            return None
        why = ", ".join(f"{channel}: {self._unfit[channel]}" for channel in channels)
        return f"no channel that would hear of it can be reached ({why})"

    def unfit(self) -> list[str]:
        """A line for each channel that is known to take no alerts."""
        return [f"{channel}: {why}" for channel, why in sorted(self._unfit.items())]

    def refresh(self) -> None:
        """Read what is known by now; every two seconds in each process that decides."""
        query = select(Pulse).where(col(Pulse.name).startswith(PREFIX), col(Pulse.ok).is_(False))
        with self._steps.read() as session:
            found = session.exec(query).all()
        self._unfit = {pulse.name.removeprefix(PREFIX): pulse.note for pulse in found}

    def look(self) -> None:
        """Ask Slack about each channel that alerts go to, unless another process just did; then ``refresh``."""
        folder = self._folder()
        for channel in _named(folder)[:MOST_CHANNELS]:
            if not self._is_fresh(channel):
                self._look_at(folder.settings, channel)
        self.refresh()

    def _is_fresh(self, channel: str) -> bool:
        with self._steps.read() as session:
            pulse = session.get(Pulse, f"{PREFIX}{channel}")
        return pulse is not None and abs(self._now() - pulse.at) < LOOK_EVERY / 2

    def _look_at(self, settings: Settings, channel: str) -> None:
        try:
            fault = fault_of(self._channels.channel(channel))
        except Unavailable as silence:
            log.warning("it is not known whether a channel takes alerts", channel=channel, why=str(silence))
            return
        with self._steps.step() as step:
            judge(step, settings, channel, fault, looked=True)


def _named(folder: PolicyFolder) -> list[str]:
    """Every channel that alerts go to; the security channel first."""
    policies = folder.policies.values()
    found = [channel for policy in policies for channel in notices.channels(folder.settings, policy)]
    return list(dict.fromkeys([folder.settings.security_channel, *found]))


def fault_of(channel: Mapping[str, Any] | None) -> str | None:
    """Slack's name for why the bot's alerts cannot go there, or None."""
    if channel is None:
        return "channel_not_found"
    if channel.get("is_archived"):
        return "is_archived"
    if not channel.get("is_member", True):
        return "not_in_channel"
    return SHARED if channel.get("is_ext_shared") or channel.get("is_pending_ext_shared") else None


def judge(step: Step, settings: Settings, channel: str, fault: str | None, *, looked: bool = False) -> None:
    """Write down why a channel takes no alerts (or that it does), and tell the security team once of each change."""
    step.lock_name(f"{PREFIX}{channel}")
    pulse = step.session.get(Pulse, f"{PREFIX}{channel}", populate_existing=True)
    was = pulse.note if pulse is not None and not pulse.ok else None
    if looked and fault is None and was is not None and was not in SEEN_BY_LOOKING:
        fault = was
    if fault is not None and was is None:
        notices.alert(step, settings, "channel_unfit", channel=channel, why=fault)
        step.record("ChannelUnfit", "worker", None, channel=channel, why=fault)
    if fault is None and was is not None:
        notices.alert(step, settings, "channel_fit", channel=channel)
        step.record("ChannelFit", "worker", None, channel=channel)
    step.session.merge(Pulse(name=f"{PREFIX}{channel}", at=step.now, ok=fault is None, note=fault or ""))


def is_unfit(step: Step, channel: str) -> bool:
    """Whether a channel is known to take no alerts, as it stands in the database."""
    pulse = step.session.get(Pulse, f"{PREFIX}{channel}")
    return pulse is not None and not pulse.ok
