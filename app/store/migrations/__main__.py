"""``python -m app.store.migrations "what it changes"``: drafts the next migration, to be read first."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from app.store import schema
from app.store.engine import make_engine


def draft(message: str) -> None:
    """Compare the newest migration's result with the models and write down the difference."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder, 'draft.db')}")
        schema.migrate(engine)
        with engine.begin() as connection:
            command.revision(schema.settings(connection), message, autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    draft(" ".join(sys.argv[1:]))
