"""``python -m app.cli``: the same as ``breakglass``, for the supervisor's children."""

from app.cli import main

main()
