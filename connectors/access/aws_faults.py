"""What AWS's no means, in our words: its own may hold anything."""

import contextlib
import re
from collections.abc import Collection, Iterator

import httpcore
import httpx
from botocore import exceptions as aws

from app.errors import ConnectorError, Underway
from connectors.http import retry_after
from connectors.http_network import NotAllowed

THROTTLED = frozenset(
    {
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
GONE = frozenset({"NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException"})
CONFLICTS = frozenset({"ConcurrentModification", "ConcurrentModificationException", "ConflictException"})
_SERVER_FAULT = 500
_TOO_MANY = 429
_LONGEST = 86_400
_PREFIX = {"sso-admin": "sso"}
_WITH_ROLE = (
    "AWS does not let us assume `role_arn`; allow sts:AssumeRole on it, "
    "and name whose credentials these are in its trust policy"
)
_NO_KEY = (
    "AWS does not know our access key; set `access_key_id` and `secret_access_key` to one that is active"
)
_OLD_KEY = "our AWS credentials have expired; set new ones, or give the bot a role instead of a key"
_CLOCK = "AWS refuses our signature; set `secret_access_key` anew, and look at this machine's clock"
_WORDS = {
    "ExpiredToken": _OLD_KEY,
    "ExpiredTokenException": _OLD_KEY,
    "InvalidAccessKeyId": _NO_KEY,
    "InvalidClientTokenId": _NO_KEY,
    "UnrecognizedClientException": _NO_KEY,
    "RequestExpired": _CLOCK,
    "RequestTimeTooSkewed": _CLOCK,
    "SignatureDoesNotMatch": _CLOCK,
}
_NOWHERE = "there are no AWS credentials; set `profile` or `access_key_id`, or give this machine a role"
_HOW: tuple[tuple[tuple[type[Exception], ...], str, bool], ...] = (
    ((aws.ParamValidationError,), "AWS has nothing of such a name", True),
    ((aws.NoCredentialsError, aws.PartialCredentialsError, aws.ProfileNotFound), _NOWHERE, True),
    (
        (aws.CredentialRetrievalError, aws.TokenRetrievalError, aws.MetadataRetrievalError),
        "no AWS credentials could be fetched",
        False,
    ),
)
"""What happens before anything is sent: the sentence, and whether it stays so."""


class AwsFault(ConnectorError):
    """AWS said no: with which code, to which operation."""

    code = ""
    operation = ""
    what = ""
    """What kind of thing is not there, where the service says it."""


class AwsBusy(AwsFault, Underway):
    """AWS said no for now: an earlier change is not finished."""


class Unreachable(ConnectorError):
    """Nobody is there: the desk comes again, there is no use in waiting here."""


class Gibberish(Exception):
    """No answer of AWS's."""


def is_gone(error: ConnectorError) -> bool:
    """AWS says that it is not there; not that the directory is not, in which we looked."""
    return isinstance(error, AwsFault) and error.code in GONE and error.what != "IDENTITY_STORE"


def is_code(error: ConnectorError, codes: Collection[str]) -> bool:
    """AWS said no with one of these codes."""
    return isinstance(error, AwsFault) and error.code in codes


def fault_of(name: str, service: str, error: aws.ClientError, *, safe: bool) -> AwsFault:
    """AWS's no to an operation of that service; ``safe``: one that changes nothing."""
    told = str(error.response.get("Error", {}).get("Code", ""))
    code = told if re.fullmatch(r"[A-Za-z0-9_.]{1,64}", told) else "unknown"
    meta = error.response.get("ResponseMetadata", {})
    status, operation = int(meta.get("HTTPStatusCode") or 0), str(error.operation_name)
    throttled = code in THROTTLED or status == _TOO_MANY
    prefix = "sts" if operation.startswith("AssumeRole") else _PREFIX.get(service, service)
    kind = AwsBusy if code in CONFLICTS else AwsFault
    fault = kind(
        f"{name}: {_words(code, f'{prefix}:{operation}', status, throttled=throttled)}",
        permanent=not (throttled or code in CONFLICTS or status >= _SERVER_FAULT),
        unclear=status >= _SERVER_FAULT and not safe and not throttled,
        retry_after=_patience(error) if throttled else None,
    )
    fault.code, fault.operation = code, operation
    fault.what = str(error.response.get("ResourceType") or "")
    return fault


def _patience(error: aws.ClientError) -> float:
    """Seconds; a service says it in the answer, in a header, or not at all."""
    told = error.response.get("RetryAfterSeconds")
    if isinstance(told, int) and 0 < told <= _LONGEST:
        return float(told)
    return retry_after(error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})) or 1.0


def _words(code: str, action: str, status: int, *, throttled: bool) -> str:
    if throttled:
        return f"AWS says that we ask too often ({action}: {code})"
    if code in DENIED and action == "sts:AssumeRole":
        return _WITH_ROLE
    if code in DENIED:
        return f"AWS does not allow us {action}; allow it in the policy of the bot's role, as docs/connectors shows it"
    if code in CONFLICTS:
        return f"AWS is still busy with an earlier change ({action}: {code})"
    return _WORDS.get(code, f"AWS refuses {action} ({code}, HTTP {status})")


@contextlib.contextmanager
def as_read(name: str, *, safe: bool) -> Iterator[None]:
    """Every fault but AWS's own no, in one sentence; what else botocore raises was not sent, or not understood."""
    from botocore.parsers import ResponseParserError  # opens a socket at import, to see whether there is IPv6

    try:
        with _network(name, safe=safe):
            yield
    except (ResponseParserError, Gibberish):
        message = f"{name}: what answered is not AWS, or cannot be read"
        raise ConnectorError(message, unclear=not safe) from None
    except aws.ClientError:
        raise
    except aws.BotoCoreError as error:
        for kinds, sentence, permanent in _HOW:
            if isinstance(error, kinds):
                raise ConnectorError(f"{name}: {sentence}", permanent=permanent) from None
        message = f"{name}: AWS cannot be called as it is set up ({type(error).__name__})"
        raise ConnectorError(message, unclear=not safe) from None


@contextlib.contextmanager
def _network(name: str, *, safe: bool) -> Iterator[None]:
    try:
        yield
    except NotAllowed as error:
        raise ConnectorError(f"{name}: AWS {error}", permanent=True) from None
    except (httpcore.ConnectError, httpcore.ConnectTimeout):
        raise Unreachable(f"{name}: AWS cannot be reached") from None
    except (httpcore.TimeoutException, httpx.TimeoutException):
        raise ConnectorError(f"{name}: AWS did not answer in time", unclear=not safe) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.TransportError, OSError):
        raise ConnectorError(f"{name}: AWS broke off the connection", unclear=not safe) from None
