"""``policy diff``: who gains and who loses, in words."""

from collections.abc import Iterable, Iterator

from app.cli import output
from app.policy import Difference
from app.policy.changes import Change
from app.policy.difference import PolicyDifference

_HEADS = {"looser": "looser", "tighter": "tighter", "either": "other", "none": "besides"}


def print_difference(found: Difference) -> None:
    """Each policy that changed, then the settings, then how many gain and lose."""
    for each in found.policies:
        output.say(f"{each.id}: {each.state}", bold=True)
        output.facts(_of_policy(each))
    if found.settings:
        output.say("settings.yaml", bold=True)
        output.facts(_of_changes(found.settings))
    output.say(_total(len(found.gained), len(found.lost)))


def _of_policy(found: PolicyDifference) -> Iterator[tuple[str, list[str]]]:
    yield "gains", [str(shift) for shift in found.gains]
    yield "loses", [str(shift) for shift in found.loses]
    yield from _of_changes(found.changes)


def _of_changes(changes: Iterable[Change]) -> Iterator[tuple[str, list[str]]]:
    for effect, head in _HEADS.items():
        yield head, [str(change) for change in changes if change.effect == effect]


def _total(gained: int, lost: int) -> str:
    if not gained and not lost:
        return "Nobody gains or loses."
    gains, losses = ("gain" if gained == 1 else "gains"), ("loss" if lost == 1 else "losses")
    return f"{gained} {gains}, {lost} {losses}."
