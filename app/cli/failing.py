"""How a command fails: a sentence on standard error and an exit code."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from app.cli.output import complain
from app.errors import BreakglassError, ConnectorError, Misconfigured, Problem, Unavailable
from app.log import Redactor
from app.settings import Settings

NO, WRONG_SETTINGS, OUT_OF_REACH = 1, 2, 3

_LONGEST_CAUSE = 200


def tell(error: BreakglassError) -> int:
    """Say it on standard error; the exit code."""
    match error:
        case Misconfigured():
            for problem in error.problems:
                complain(str(problem))
            return WRONG_SETTINGS
        case Unavailable() | ConnectorError(permanent=False):
            complain(str(error))
            return OUT_OF_REACH
        case _:
            complain(str(error))
            return NO


def code_of(problems: Sequence[Problem], *, unreachable: bool) -> int:
    """The exit code of a command that looked at something."""
    if unreachable:
        return OUT_OF_REACH
    return NO if problems else 0


@contextmanager
def database_named(settings: Settings) -> Iterator[None]:
    """Raise ``Unavailable``, one sentence, for a database that does not answer. Defects pass as they are."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _unavailable(settings, str(error.orig)) from None
    except NoConnectionLeft:
        raise _unavailable(settings, "no connection became free") from None
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # its subclasses are defects of ours; itself is "not a database"
            raise
        raise _unavailable(settings, str(error.orig)) from None


def _unavailable(settings: Settings, cause: str) -> Unavailable:
    first_line = next(iter(cause.strip().splitlines()), "")[:_LONGEST_CAUSE]
    safe = Redactor(settings.secrets()).text(first_line)
    return Unavailable(f"The database does not answer ({safe}). Check DATABASE_URL and that it runs.")
