"""The record, held against itself and handed out: ``audit verify`` and ``audit export``.

:func:`verify` walks the chain entry by entry (``chain``), replays what the entries say they changed
(``replay``), and compares the outcome with the rows that stand in the database now. :func:`export` writes the
entries down.
"""

from app.audit.exporting import export
from app.audit.verifying import parse_head, verify

__all__ = ["export", "parse_head", "verify"]
