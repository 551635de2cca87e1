"""What every access connector promises, as tests.

A connector's own test file subclasses ``GiverContract``, or ``AccessContract`` where the target does not say whose
doing an access is, and gives it a ``bench``: the connector beside a real or faithful target, and somebody else who
works there too. One whose target ends access by itself inherits ``EndContract`` as well.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pydantic
import pytest

from app.errors import ConnectorError, Unproven
from connectors.interface import AccessConnector, NoSubject, Present, Subject
from connectors.registry import ACCESS

ENDS_AT = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30)
"""Some targets refuse an end that is past."""
REQUEST = "req1234567"
RECEIPT_BYTES = 4096
TIMES = {"at", "made", "xid"}
"""What a receipt may hold that tells one call from the next: from when on to look for what was left behind."""
HOSTILE_NAMES = (
    "",
    " ",
    "al; drop table t",
    'a"b',
    "a'b",
    "a\\b",
    "a\0b",
    "a\nb",
    "../ada",
    "%s",
    "{ada}",
    "ada\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{FULLWIDTH LATIN SMALL LETTER A}da",
    "\ud800",
    "x" * 64,
    "x" * 10_000,
)


@dataclass
class Bench:
    """One connector at work, and what the tests need around it."""

    connector: AccessConnector
    access: Mapping[str, str]
    subject: str
    """An ordinary person's account, without the access."""
    bystander: str
    """Another one."""
    stranger: str
    """A name of which there is no account."""
    others_give: Callable[[], object]
    """Somebody else gives ``subject`` the access, not through us."""
    others_take: Callable[[], object]
    unreachable: AccessConnector
    """The same kind, at an address where nobody listens."""
    mute: AccessConnector
    """The same kind, at an address that takes connections and says nothing."""
    deadline: float
    """Seconds within which ``mute`` must have given up, generously."""
    secrets: Sequence[str]
    """What must never be in a text."""
    gone: Mapping[str, str] | None = None
    """An access like ``access`` to something that was deleted there; None: nothing that it names can be."""
    hides_gone: bool = False
    """Whether the target does not tell what is gone from what it does not show us."""
    unlike_ours: bool = True
    """Whether the target tells a second giver apart when both have given."""
    until: Callable[[], datetime] | None = None
    """When the target itself ends what ``subject`` was given, where it does."""

    @property
    def ours(self) -> Present:
        """What ``read`` says once we have given."""
        keeps = self.connector.promise(self.access).keeps_giver
        return Present.OURS if keeps else Present.THERE

    def present(self, receipt: Mapping[str, Any] | None = None) -> Present:
        return self.connector.read(self.subject, self.access, receipt).present

    def grant(self) -> Mapping[str, Any]:
        return self.connector.grant(self.subject, self.access, REQUEST, ENDS_AT)

    def revoke(self, receipt: Mapping[str, Any] | None = None) -> None:
        self.connector.revoke(self.subject, self.access, receipt)


class AccessContract:
    """Subclass it, and write a fixture ``bench``."""

    def test_what_was_given_is_ours_and_what_was_taken_is_absent(self, bench: Bench) -> None:
        assert bench.present() is Present.ABSENT
        receipt = bench.grant()
        assert bench.present() is bench.present(receipt) is bench.ours
        bench.revoke(receipt)
        assert bench.present() is bench.present(receipt) is Present.ABSENT

    def test_giving_twice_is_giving_once(self, bench: Bench) -> None:
        first, receipt = bench.grant(), bench.grant()
        # Whose answer was lost is given again for its receipt: but for times, it is the same.
        assert first.keys() == receipt.keys()
        assert {key for key in first if first[key] != receipt[key]} <= TIMES
        assert bench.present() is bench.ours
        bench.revoke(receipt)
        assert bench.present() is Present.ABSENT

    def test_taking_what_is_not_there_succeeds(self, bench: Bench) -> None:
        bench.revoke(None)
        receipt = bench.grant()
        bench.revoke(receipt)
        bench.revoke(receipt)
        assert bench.present() is Present.ABSENT

    def test_taking_works_without_the_receipt_that_a_crash_lost(self, bench: Bench) -> None:
        bench.grant()
        bench.revoke(None)
        assert bench.present() is Present.ABSENT

    def test_a_receipt_survives_being_stored_as_json(self, bench: Bench) -> None:
        stored = json.dumps(bench.grant())
        assert len(stored) < RECEIPT_BYTES
        assert not [secret for secret in bench.secrets if secret in stored]
        bench.revoke(json.loads(stored))
        assert bench.present() is Present.ABSENT

    def test_what_others_took_away_in_between_is_a_clean_end(self, bench: Bench) -> None:
        receipt = bench.grant()
        bench.others_take()
        assert bench.present() is Present.ABSENT
        bench.revoke(receipt)
        assert bench.present() is Present.ABSENT

    def test_nobody_else_gets_it(self, bench: Bench) -> None:
        bench.grant()
        assert bench.connector.read(bench.bystander, bench.access).present is Present.ABSENT

    def test_find_names_who_has_it_and_whose_doing_it_is(self, bench: Bench) -> None:
        assert bench.subject not in {holder.subject for holder in bench.connector.find(bench.access)}
        bench.grant()
        holders = {holder.subject: holder.present for holder in bench.connector.find(bench.access)}
        assert holders[bench.subject] is bench.ours
        assert bench.bystander not in holders

    def test_nothing_lives_on_where_nothing_was_opened(self, bench: Bench) -> None:
        receipt = bench.grant()
        bench.revoke(receipt)
        assert bench.connector.sessions(bench.subject, bench.access, receipt).kind in {"none", "unknown"}

    def test_nothing_is_left_behind_where_nothing_was_made(self, bench: Bench) -> None:
        receipt = bench.grant()
        bench.revoke(receipt)
        assert bench.connector.left_behind(bench.subject, bench.access, receipt) in ([], None)

    def test_without_a_receipt_it_says_that_it_did_not_look(self, bench: Bench) -> None:
        assert bench.connector.left_behind(bench.subject, bench.access, None) is None

    def test_activity_says_what_cannot_be_seen(self, bench: Bench) -> None:
        assert bench.connector.activity(bench.subject, bench.access, ENDS_AT, ENDS_AT).unseen

    def test_an_account_is_found_by_its_name(self, bench: Bench) -> None:
        assert bench.connector.resolve(bench.subject) == Subject(bench.subject)

    def test_who_has_no_account_hears_what_was_looked_for(self, bench: Bench) -> None:
        nobody = bench.connector.resolve(bench.stranger)
        assert isinstance(nobody, NoSubject)
        assert (nobody.why, nobody.looked_for) == ("none", bench.stranger)
        assert bench.stranger in nobody.sentence

    @pytest.mark.parametrize("name", HOSTILE_NAMES)
    def test_a_hostile_name_is_nobody(self, bench: Bench, name: str) -> None:
        before = bench.connector.find(bench.access)
        assert isinstance(bench.connector.resolve(name), NoSubject)
        with pytest.raises(ConnectorError) as caught:
            bench.connector.grant(name, bench.access, REQUEST, ENDS_AT)
        assert caught.value.permanent
        for call in _calls(bench, bench.connector, name):
            with contextlib.suppress(ConnectorError):
                call()
        assert bench.connector.find(bench.access) == before

    def test_giving_to_nobody_fails_for_good(self, bench: Bench) -> None:
        with pytest.raises(ConnectorError) as caught:
            bench.connector.grant(bench.stranger, bench.access, REQUEST, ENDS_AT)
        assert caught.value.permanent
        assert not caught.value.unclear

    def test_many_at_once_end_as_one(self, bench: Bench) -> None:
        gate = threading.Barrier(8)

        def once(_: int) -> None:
            gate.wait(10)
            bench.grant()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(once, range(8)))
        assert bench.present() is bench.ours
        bench.revoke(None)
        assert bench.present() is Present.ABSENT

    def test_one_line_describes_it(self, bench: Bench) -> None:
        line = bench.connector.describe(bench.access)
        assert line
        assert "\n" not in line

    def test_the_steps_by_hand_name_the_account(self, bench: Bench) -> None:
        steps = bench.unreachable.by_hand(bench.subject, bench.access)  # of use when nothing can be reached
        assert bench.subject in steps
        assert not [secret for secret in bench.secrets if secret in steps]

    def test_it_says_who_enforces_the_end_and_how_hard_it_may_be_worked(self, bench: Bench) -> None:
        promise = type(bench.connector).promise(
            bench.access
        )  # asked of the class: policies are read without secrets
        assert promise.expiry in ACCESS[bench.connector.kind].promises["expiry"].split(" or ")
        assert promise.usual > timedelta()
        assert bench.connector.limits.concurrency >= 1

    def test_nobody_there_is_a_passing_fault_that_tells_no_secret(self, bench: Bench) -> None:
        for call in _calls(bench, bench.unreachable):
            with pytest.raises(ConnectorError) as caught:
                call()
            assert not caught.value.permanent
            assert not [secret for secret in bench.secrets if secret in _all_of(caught.value)]

    def test_a_target_that_says_nothing_does_not_hold_anybody_up(self, bench: Bench) -> None:
        def fault(call: Callable[[], object]) -> ConnectorError:
            began = time.monotonic()
            with pytest.raises(ConnectorError) as caught:
                call()
            assert time.monotonic() - began < bench.deadline
            return caught.value

        calls = _calls(bench, bench.mute)
        with ThreadPoolExecutor(len(calls)) as pool:
            for error in pool.map(fault, calls):
                assert not error.permanent
                assert not [secret for secret in bench.secrets if secret in _all_of(error)]

    def test_check_says_that_nobody_is_there(self, bench: Bench) -> None:
        with pytest.raises(ConnectorError) as caught:
            bench.unreachable.check([bench.access])
        assert not caught.value.permanent
        assert not [secret for secret in bench.secrets if secret in _all_of(caught.value)]

    def test_check_changes_nothing_and_finds_nothing_wrong(self, bench: Bench) -> None:
        found = bench.connector.check([bench.access])
        assert [problem for problem in found if not isinstance(problem, Unproven)] == []
        assert bench.present() is Present.ABSENT

    def test_what_was_deleted_there_is_nobodys_and_told_by_check(self, bench: Bench) -> None:
        if bench.gone is None:
            return
        gone = bench.gone
        assert [str(problem) for problem in bench.connector.check([bench.access, gone])]
        with pytest.raises(ConnectorError) if bench.hides_gone else contextlib.nullcontext() as caught:
            assert bench.connector.find(gone) == []
        assert caught is None or caught.value.permanent, "of that one access alone, which a sweep tells"
        with contextlib.suppress(ConnectorError):
            assert bench.connector.read(bench.subject, gone).present is Present.ABSENT

    def test_an_unknown_key_is_an_error(self, bench: Bench) -> None:
        with pytest.raises(pydantic.ValidationError):
            bench.connector.Access.model_validate({**bench.access, "rolle": "x"})

    def test_closing_twice_is_closing_once(self, bench: Bench) -> None:
        bench.connector.close()
        bench.connector.close()
        assert bench.present() is Present.ABSENT  # and a later call opens it again


class GiverContract(AccessContract):
    """Of a target that says whose doing an access is: beside the above, what others gave is told apart."""

    def test_what_others_gave_is_theirs_and_says_so(self, bench: Bench) -> None:
        bench.others_give()
        reading = bench.connector.read(bench.subject, bench.access)
        assert reading.present is Present.OTHERS
        assert reading.how

    def test_what_others_gave_is_never_taken(self, bench: Bench) -> None:
        bench.others_give()
        bench.revoke(None)
        assert bench.present() is Present.OTHERS
        receipt = bench.grant()
        assert bench.present() is (Present.BOTH if bench.unlike_ours else Present.OTHERS)
        bench.revoke(receipt)
        assert bench.present() is Present.OTHERS

    def test_what_others_add_while_it_is_live_stays(self, bench: Bench) -> None:
        receipt = bench.grant()
        bench.others_give()
        bench.revoke(receipt)
        if bench.unlike_ours:
            assert bench.present() is Present.OTHERS


class EndContract:
    """Of a target that ends access by itself: to be inherited beside the above, by a bench with ``until``."""

    def test_the_target_is_told_the_end(self, bench: Bench) -> None:
        assert bench.until is not None
        bench.grant()
        assert bench.until() == ENDS_AT

    def test_giving_again_with_a_later_end_moves_it(self, bench: Bench) -> None:
        assert bench.until is not None
        bench.grant()
        later = ENDS_AT + timedelta(minutes=30)
        receipt = bench.connector.grant(bench.subject, bench.access, REQUEST, later)
        assert bench.until() == later
        bench.revoke(receipt)
        assert bench.present() is Present.ABSENT


def _calls(
    bench: Bench, connector: AccessConnector, subject: str | None = None
) -> Sequence[Callable[[], object]]:
    at = (bench.subject if subject is None else subject, bench.access)
    return (
        lambda: connector.resolve(at[0]),
        lambda: connector.read(*at),
        lambda: connector.find(bench.access),
        lambda: connector.grant(*at, REQUEST, ENDS_AT),
        lambda: connector.revoke(*at, None),
        lambda: connector.sessions(*at, None),
        lambda: connector.activity(*at, ENDS_AT, ENDS_AT),
    )


def _all_of(error: BaseException | None) -> str:
    """Every text of an error and of what it came from, as a traceback would show it."""
    texts = []
    while error is not None:
        texts.append(f"{error!r} {error}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " ".join(texts)
