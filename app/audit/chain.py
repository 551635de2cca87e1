"""The chain: numbered without a gap, each entry carrying the hash of the one before it and its own."""

from collections.abc import Sequence
from typing import Any

from app.store import ledger

SHORTEST_HASH = 8


class Chain:
    """Follows the chain entry by entry and remembers where it stands."""

    def __init__(self, known: tuple[int, str] | None = None) -> None:
        """``known``: an entry's number and the beginning of its hash, noted when it was written."""
        if known is not None and len(known[1]) < SHORTEST_HASH:
            message = f"{len(known[1])} characters of a hash recognise nothing"
            raise ValueError(message)
        self.seq = 0
        self.hash = ledger.GENESIS
        self._known_seq, self._known_hash = known or (0, ledger.GENESIS)
        self._found = ledger.GENESIS

    def follow(self, entry: tuple[Any, ...]) -> tuple[int, str] | None:
        """Go on to this entry; the number of the first that does not fit, and why, or None."""
        *said, own_hash = entry
        seq = said[0]
        fault = self._fault(said, own_hash)
        if seq > self.seq:
            self.seq, self.hash = seq, own_hash
        if seq == self._known_seq:
            self._found = own_hash
        return fault

    def _fault(self, said: Sequence[Any], own_hash: Any) -> tuple[int, str] | None:
        seq, expected = said[0], self.seq + 1
        if seq < expected:
            return seq, "stands before the first entry"
        if seq > expected:
            return expected, "is missing" if seq == expected + 1 else f"is missing, and all up to {seq - 1}"
        if said[-1] != self.hash:
            return seq, "does not carry the hash of the entry before it"
        try:
            fits = ledger.digest_of(said) == own_hash
        except TypeError:
            fits = False
        return None if fits else (seq, "is not what was written: its hash does not fit what it says")

    def ends_at(self, heads: list[tuple[Any, ...]]) -> tuple[str, str] | None:
        """Compare the rows of ``ledger_head`` with the last entry; where and why they do not fit, or None."""
        if heads == [(1, self.seq, self.hash)]:
            return None
        if len(heads) == 1 and isinstance(heads[0][1], int) and heads[0][1] > self.seq:
            return f"ledger {self.seq + 1}", f"is missing: the head says that there are {heads[0][1]} entries"
        return "ledger head", f"is {heads!a}, and the last entry is {self.seq} with {self.hash!a}"

    def passed_known(self) -> tuple[str, str] | None:
        """Whether the entry that was noted is still there; where and why not, or None."""
        if self._known_seq > self.seq:
            return (
                f"ledger {self._known_seq}",
                f"is missing: it was once there, and the log now ends at {self.seq}",
            )
        if str(self._found).startswith(self._known_hash):
            return None
        return (
            f"ledger {self._known_seq}",
            "has another hash than was noted: it, or one before it, was rewritten",
        )
