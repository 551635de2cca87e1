"""Slack hears something within its three seconds, whatever the database does, and no thread waits behind another."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

import structlog
from slack_bolt import App, BoltResponse

from app.slack.failures import Failures
from app.slack.guard import Delivery
from app.slack.listeners import dispatch
from app.slack.payloads import Handshake, Press, SslCheck

log = structlog.get_logger()

ANSWER_WITHIN = 2.5
MOST_AT_ONCE = 40
"""Deliveries that the listeners have in hand; a hanging database holds so many threads and no more."""


class Answering:
    """Answers deliveries. While the database is away nothing is tried; a listener that hangs is not waited for."""

    def __init__(
        self, bolt: App, failures: Failures, is_away: Callable[[], bool], patience: float = ANSWER_WITHIN
    ) -> None:
        self._bolt = bolt
        self._failures = failures
        self._is_away = is_away
        self._patience = patience
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="listener")
        self._whispers = ThreadPoolExecutor(2, thread_name_prefix="whisper")

    def answer(self, delivery: Delivery) -> BoltResponse:
        """The listener's answer, or within ``patience`` seconds the sentence instead of it."""
        if isinstance(delivery.payload, Handshake | SslCheck):
            return dispatch(self._bolt, delivery)
        if self._is_away():
            return self._instead(delivery, begun=False)
        work: Future[BoltResponse] = self._threads.submit(dispatch, self._bolt, delivery)
        try:
            return work.result(self._patience)
        except NotYet:
            begun = not work.cancel()
            log.warning("slack is answered before it is known what became of it", begun=begun)
            return self._instead(delivery, begun=begun)

    def _instead(self, delivery: Delivery, *, begun: bool) -> BoltResponse:
        if isinstance(delivery.payload, Press):
            # Told by a call to Slack, which nobody who waits for the answer has the time for.
            self._whispers.submit(self._failures.without_database, delivery.payload, begun=begun)
            return BoltResponse(status=200)
        return self._failures.without_database(delivery.payload, begun=begun)

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._whispers.shutdown(wait=False, cancel_futures=True)
