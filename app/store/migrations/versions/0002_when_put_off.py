"""When a notice was put off."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column more, empty for all that is there."""
    op.add_column("notice", sa.Column("put_off_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back to 0001."""
    op.drop_column("notice", "put_off_at")
