"""When a channel takes no alerts: whom they reach instead, and how that is told."""

from datetime import datetime

from app import notices, routes
from app.lifecycle import paging
from app.notices import Priority
from app.policy import PolicyFolder, Settings
from app.slack import outbox
from app.slack.outbox import Claimed
from app.store.step import Step, Steps
from app.store.tables import Notice, Request


class Fallback:
    """Sends alerts on by direct message to the people of the security team."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def give_up(self, claimed: Claimed, folder: PolicyFolder, error: str) -> None:
        """Owe a notice no longer that cannot be delivered there; an alert goes to people instead."""
        notice = claimed.notice
        with self._steps.step() as step:
            outbox.settle(step, claimed.ids, None, error)
            if not notice.head or not outbox.is_channel(notice.conversation):
                return
            lost = {"channel": notice.conversation, "error": error, "notice": notice.id}
            step.record("AlertUndeliverable", "worker", notice.request_id, **lost)
            if error not in routes.ABOUT_THE_MESSAGE:
                routes.judge(step, folder.settings, notice.conversation, error)
            if not self._is_told_elsewhere(step, folder, notice):
                _send_on(step, folder.settings, notice)

    def escalate(self, folder: PolicyFolder) -> None:
        """What a channel does not take for a minute goes to people as well; it stays owed to the channel.

        A pager is rung for all of it, whatever the reason: it is the one way that does not end in Slack.
        """
        now = self._steps.now()
        self._ring(folder, now)
        with self._steps.read() as session:
            if not outbox.overdue_alerts(session, now):
                return
        with self._steps.step() as step:
            step.lock_name("escalation")
            late = outbox.overdue_alerts(step.session, now)
            outbox.mark_escalated(step, [notice.id or 0 for notice in late])
            newest = {notice.slot or notice.id: notice for notice in late}
            for notice in newest.values():
                step.record("AlertEscalated", "worker", notice.request_id, notice=notice.id)
                if not self._is_told_elsewhere(step, folder, notice):
                    _send_on(step, folder.settings, notice)

    def _ring(self, folder: PolicyFolder, now: datetime) -> None:
        """One page while alerts wait, let go of when the last of them is there."""
        if folder.security_pager is None:
            return
        with self._steps.read() as session:
            if bool(outbox.unheard(session, now)[0]) == paging.is_open(session, paging.UNHEARD):
                return
        with self._steps.step() as step:
            step.lock_name("escalation")
            count, since = outbox.unheard(step.session, now)
            if since is not None:
                paging.unheard(step, folder, count, since)
            else:
                paging.let_go(step, paging.UNHEARD)

    def works(self, step: Step, folder: PolicyFolder, conversation: str) -> None:
        """An alert got through: the channel is fit again."""
        if outbox.is_channel(conversation) and routes.is_unfit(step, conversation):
            routes.judge(step, folder.settings, conversation, None)

    @staticmethod
    def _is_told_elsewhere(step: Step, folder: PolicyFolder, notice: Notice) -> bool:
        """Whether another channel of the request's policy, one that works, has the same card."""
        request = step.session.get(Request, notice.request_id) if notice.request_id else None
        if request is None:
            return False
        channels = notices.channels(folder.settings, folder.policies.get(request.policy))
        others = [channel for channel in channels if channel != notice.conversation]
        return not all(routes.is_unfit(step, channel) for channel in others)


def _send_on(step: Step, settings: Settings, notice: Notice) -> None:
    """The same to each of the security team, by direct message."""
    request = step.session.get(Request, notice.request_id) if notice.request_id else None
    data = {**notice.data, "instead_of": notice.conversation}
    for email in outbox.security_people(step.session, settings):
        to = notices.to_address(email)
        slot = f"card:{notice.request_id}:{to}" if notice.kind == "card" else None
        priority = Priority(notice.priority)
        notices.post(step, to, notice.kind, priority, request=request, slot=slot, alert=True, **data)
