"""More time for access that is live: decided by the same rules, at that moment, by the holder alone."""

from datetime import timedelta

from app.errors import Refused
from app.lifecycle import asking, lengthening, limits
from app.lifecycle.assessing import Assessment, assess
from app.lifecycle.desk import Desk
from app.lifecycle.moves import Lost, ends_early, given_until
from app.lifecycle.press import Case, Judgement, look_at, the
from app.model import RequestState, Verdict, short_duration
from app.policy import Policy, PolicyFolder
from app.store.step import Step
from app.store.tables import Request


def asked_length(request: Request) -> timedelta | None:
    """The whole length that an open extension asks for; None where the request itself is asked."""
    if request.round == 0 or request.extension_seconds is None:
        return None
    return _present_length(request) + timedelta(seconds=request.extension_seconds)


def _present_length(request: Request) -> timedelta:
    if request.granted_at is None or request.ends_at is None:
        raise Lost
    return request.ends_at - request.granted_at


def extend(desk: Desk, case: Case) -> Judgement:
    """Ask for the policy's extension. Given at once, put before people, or refused with the reason."""
    with desk.steps.read() as session:
        request = look_at(session, case.press.subject)
    case.must_be_requester(request, "extend")
    policy = case.policy(request)
    more = _extension_of(request, policy, case)
    length = _present_length(request) + more
    fresh = assess(desk, case.folder, request, case.presser, length)

    def judgement(step: Step, locked: Request | None) -> str:
        request = the(locked)
        _extension_of(request, policy, case)
        if lengthening.is_under_way(step, request):
            raise Refused("An extension is on its way to the target already.")
        if _present_length(request) + more != length:
            raise Lost
        if frozen := limits.freeze_of(step, case.folder, request):
            raise Refused(limits.frozen_sentence(frozen))
        return _settle(step, request, case.folder, fresh, more, case.presser.email)

    return judgement


def _extension_of(request: Request, policy: Policy | None, case: Case) -> timedelta:
    """How much one press adds; raises ``Refused`` with why it adds nothing.

    Whose end was brought forward asks to keep the time that was given: that costs no extension.
    """
    kept = given_until(request) if ends_early(request) else None
    if request.state != RequestState.ACTIVE or request.ends_at is None:
        why = "Only live access can be extended."
    elif case.press.at >= request.ends_at:
        why = "Its time was over before you pressed."
    elif request.confirm_due and not request.confirmed_by:
        why = "It waits to be confirmed first."
    elif asking.is_asking(request):
        why = "An extension is being asked for already."
    elif kept is not None:
        return kept - request.ends_at
    elif policy is None or policy.duration.extend is None:
        why = f"{request.policy} allows no extension. Ask again when it has ended."
    elif request.extensions >= policy.duration.extensions:
        why = f"{request.policy} allows {policy.duration.extensions} extensions, and you had them."
    else:
        return policy.duration.extend
    raise Refused(why)


def _settle(
    step: Step, request: Request, folder: PolicyFolder, fresh: Assessment, more: timedelta, by: str
) -> str:
    decision = fresh.decision
    match decision.verdict:
        case Verdict.REFUSE:
            message = f"Not extended: {decision.message or '; '.join(decision.because)}"
            raise Refused(message)
        case Verdict.GRANT:
            return _lengthen(step, request, folder, fresh, more, by)
        case Verdict.APPROVE:
            step.change(request, round=request.round + 1, extension_seconds=int(more.total_seconds()))
            asking.ask(step, request, fresh)
            if ends_early(request):
                return "Asked whether you may go on. It ends as you were told unless they agree before."
            return f"Asked for {short_duration(more)} more."


def complete(step: Step, request: Request, folder: PolicyFolder, fresh: Assessment, *, by: str) -> str:
    """The last yes to an extension came."""
    more = timedelta(seconds=request.extension_seconds or 0)
    if fresh.decision.verdict is Verdict.REFUSE:
        why = fresh.decision.message or "; ".join(fresh.decision.because)
        asking.drop_extension(step, request, folder, by="policy", action="ExtensionRefused", reason=why)
        return f"Approved, but the policy refuses now: {why}"
    return _lengthen(step, request, folder, fresh, more, by)


def _lengthen(
    step: Step, request: Request, folder: PolicyFolder, fresh: Assessment, more: timedelta, by: str
) -> str:
    """Move the end as far as may be."""
    longest = fresh.decision.max_duration
    if request.granted_at is None or request.ends_at is None:
        raise Lost
    ends_at = min(request.ends_at + more, request.granted_at + longest)
    if ends_at <= request.ends_at:
        message = f"Not extended: it may last {short_duration(longest)} in all."
        raise Refused(message)
    return lengthening.lengthen_to(step, request, folder, ends_at, by)
