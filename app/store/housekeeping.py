"""Forgetting what nobody needs any more. Never touches requests, approvals, grants, presses or the ledger."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from app.store.tables import Notice, Seen

KEEP_DELIVERIES = timedelta(days=1)
KEEP_NOTICES = timedelta(days=30)


def forget(session: Session, now: datetime) -> None:
    """Deliveries older than a day, notices sent more than a month ago."""
    connection = session.connection()
    connection.execute(delete(Seen).where(col(Seen.at) < now - KEEP_DELIVERIES))
    connection.execute(delete(Notice).where(col(Notice.sent_at) < now - KEEP_NOTICES))
