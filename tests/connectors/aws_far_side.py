"""AWS on loopback, held to botocore's own service models: each request, and each honest answer.

What answers is either a table of handlers (``operation -> answer``), or moto, which is given the request as it came.
A handler answers what the model's output shape holds, or raises ``AwsNo``.
"""

import contextlib
import datetime as dt
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.validate import ParamValidator
from moto.backends import get_backend
from moto.core.botocore_stubber import BotocoreStubber

from tests.farside import Asked, FarSide, http, serving

KEY, SECRET = "AKIABREAKGLASSBOT123", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYSECRETKEY"
KIND = "application/x-amz-json-1.1"
SERVICES = {
    "sso": "sso-admin",
    "identitystore": "identitystore",
    "iam": "iam",
    "sts": "sts",
    "cloudtrail": "cloudtrail",
}

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class AwsNo(Exception):
    def __init__(self, code: str, status: int = 400, **more: Any) -> None:
        super().__init__(code)
        self.code, self.status, self.more = code, status, more


@cache
def model(service: str) -> Any:
    return botocore.session.Session().get_service_model(service)


@dataclass
class AwsFarSide(FarSide):
    """``faults`` are chosen by ``POST /`` and the operation: ``far_side.when("CreateAccountAssignment", …)``."""

    handlers: Mapping[str, Handler] = field(default_factory=dict)
    moto: frozenset[str] = frozenset()
    turn: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def in_use(
        self, handlers: Mapping[str, Handler] | None = None, moto: tuple[str, ...] = ()
    ) -> Iterator[None]:
        self.handlers, self.moto = handlers or {}, frozenset(moto)
        for memory in (self.asked, self.complaints, self.faults):
            memory.clear()
        yield
        assert not self.complaints, self.complaints

    def forget(self) -> None:
        """Everything that moto made: the next test starts with an empty account."""
        for service in self.moto:
            get_backend(service).reset()  # type: ignore[call-overload]

    def when(self, operation: str, fault: Any, times: int = 1_000_000) -> None:
        self.on(f"POST /{operation}$", fault, times)

    def count(self, operation: str) -> int:
        return sum(1 for asked in self.asked if asked.path == f"/{operation}")

    def _fault(self, asked: Asked) -> Any:
        return super()._fault(_named(asked))

    def hears(self, asked: Asked) -> None:
        """Whatever is answered: this was asked, and fits the model."""
        super().hears(_named(asked))
        service, operation, given = _understood(asked)
        shape = model(service).operation_model(operation).input_shape
        self.complaints.extend(f"{operation}: {fault}" for fault in unlike(given, shape))
        if SECRET.encode() in asked.body or any(SECRET in value for value in asked.headers.values()):
            self.complaints.append(f"{operation} carries the secret")

    def honest(self, asked: Asked) -> bytes:
        service, operation, given = _understood(asked)
        if (
            f"Credential={KEY}/" not in asked.headers["authorization"]
            and "Credential=ASIA" not in asked.headers["authorization"]
        ):
            return no("UnrecognizedClientException")
        if service in self.moto and operation not in self.handlers:
            with self.turn:
                return _by_moto(service, asked)
        try:
            answer = self.handlers[operation](given)
        except AwsNo as refusal:
            return no(refusal.code, refusal.status, **refusal.more)
        except AssertionError as error:
            self.complaints.append(f"{operation}: {error}")
            return no("InternalServerException", 500)
        self.complaints.extend(
            f"the answer to {operation}: {fault}"
            for fault in unlike(answer, model(service).operation_model(operation).output_shape)
        )
        return http(200, json.dumps(answer, default=_seconds).encode(), kind=KIND)


def no(code: str, status: int = 400, *headers: str, **more: Any) -> bytes:
    """What AWS says in JSON where it does not do it; its words are nobody's business."""
    body = {"__type": f"com.amazonaws#{code}", "message": f"User {SECRET} may not", **more}
    return http(status, json.dumps(body).encode(), *headers, kind=KIND)


def no_in_xml(code: str, status: int = 400) -> bytes:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{SECRET}</Message></Error>"
    return http(status, f"<ErrorResponse>{error}</ErrorResponse>".encode(), kind="text/xml")


def assumed(key: str) -> bytes:
    """What STS says to who may assume a role."""
    parts = {
        "AccessKeyId": key,
        "SecretAccessKey": "s",
        "SessionToken": "t",
        "Expiration": "2100-01-01T00:00:00Z",
    }
    credentials = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    result = f"<AssumeRoleResult><Credentials>{credentials}</Credentials></AssumeRoleResult>"
    return http(200, f"<AssumeRoleResponse>{result}</AssumeRoleResponse>".encode(), kind="text/xml")


def identity(arn: str) -> bytes:
    """Who we are to AWS."""
    parts = f"<Arn>{arn}</Arn><UserId>U</UserId><Account>{arn.split(':')[4]}</Account>"
    result = f"<GetCallerIdentityResult>{parts}</GetCallerIdentityResult>"
    return http(
        200, f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>".encode(), kind="text/xml"
    )


def simulating(decide: Callable[[str, str, str], str]) -> Callable[[Asked, Any], bytes]:
    """IAM's simulator: ``decide`` says of principal, action and resource what comes of it."""

    def answer(asked: Asked, _honest: Any) -> bytes:
        given = _understood(asked)[2]
        members = "".join(
            f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
            f"<EvalDecision>{decide(given['PolicySourceArn'], action, resource)}</EvalDecision></member>"
            for action in given["ActionNames"]
            for resource in given["ResourceArns"]
        )
        result = f"<EvaluationResults>{members}</EvaluationResults><IsTruncated>false</IsTruncated>"
        body = f"<SimulatePrincipalPolicyResult>{result}</SimulatePrincipalPolicyResult>"
        whole = f"<SimulatePrincipalPolicyResponse>{body}</SimulatePrincipalPolicyResponse>"
        return http(200, whole.encode(), kind="text/xml")

    return answer


def unlike(given: Any, shape: Any) -> list[str]:
    """What does not fit: by botocore's own validator, and what that leaves out (patterns, longest, choices)."""
    if shape is None:
        return [] if not given else ["nothing was expected"]
    found = [ParamValidator().validate(given, shape).generate_report()]
    return [fault for fault in (*found, *_finer(given, shape, "")) if fault]


def _finer(given: Any, shape: Any, at: str) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(given, dict):
        for name, value in given.items():
            yield from _finer(value, shape.members[name], f"{at}.{name}") if name in shape.members else ()
    elif shape.type_name == "list":
        yield from itertools.chain.from_iterable(_finer(each, shape.member, at) for each in given)
        yield from [f"{at} is too long"] if len(given) > shape.metadata.get("max", len(given)) else []
    elif shape.type_name == "string" and isinstance(given, str):
        pattern = shape.metadata.get("pattern", "")
        if pattern and r"\p" not in pattern and not re.fullmatch(pattern.replace(r"\u", r"\u"), given):
            yield f"{at} {given!r} is not like {pattern}"
        if len(given) > shape.metadata.get("max", len(given)) or (shape.enum and given not in shape.enum):
            yield f"{at} {given!r} is too long, or none of {shape.enum}"


def _seconds(value: Any) -> float:
    assert isinstance(value, dt.datetime)
    return value.timestamp()


def _named(asked: Asked) -> Asked:
    """With the operation in the path, where it is easier to choose by."""
    return Asked(asked.method, f"/{_understood(asked)[1]}", asked.query, asked.headers, asked.body)


def _understood(asked: Asked) -> tuple[str, str, dict[str, Any]]:
    scope = re.search(
        r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request", asked.headers.get("authorization", "")
    )
    assert scope, "not signed"
    service = SERVICES[scope.group(1)]
    if target := asked.headers.get("x-amz-target"):
        operation = target.rpartition(".")[2]
        given = json.loads(asked.body)
        return service, operation, _with_times(given, model(service).operation_model(operation).input_shape)
    form = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
    operation = form.pop("Action")
    shape = model(service).operation_model(operation).input_shape
    form.pop("Version")
    given = {name: _typed(value, shape.members.get(name)) for name, value in form.items() if "." not in name}
    for name, value in form.items():
        key, _, number = name.partition(".member.")
        if number.isdecimal():
            given.setdefault(key, []).append(value)
    return service, operation, given


def _with_times(given: dict[str, Any], shape: Any) -> dict[str, Any]:
    return {
        name: dt.datetime.fromtimestamp(value, dt.UTC)
        if shape.members[name].type_name == "timestamp"
        else value
        for name, value in given.items()
    }


def _typed(value: str, shape: Any) -> Any:
    if shape is not None and shape.type_name == "integer":
        return int(value)
    return value == "true" if shape is not None and shape.type_name == "boolean" else value


def _by_moto(service: str, asked: Asked) -> bytes:
    """The request as it came, given to moto in this process: nothing is patched."""
    headers = HTTPHeaders()
    for name, value in asked.headers.items():
        headers[name] = value
    host = {"iam": "iam.amazonaws.com", "sso-admin": "sso.eu-central-1.amazonaws.com"}.get(
        service, f"{service}.eu-central-1.amazonaws.com"
    )
    answer = BotocoreStubber().process_request(
        AWSPreparedRequest("POST", f"https://{host}/", headers, asked.body, stream_output=False)
    )
    assert answer is not None
    status, head, body = answer
    text = body.encode() if isinstance(body, str) else bytes(body)
    kind = {name.lower(): value for name, value in head.items()}.get(
        "content-type", KIND if service != "iam" else "text/xml"
    )
    return http(int(status), text, kind=kind)


@contextlib.contextmanager
def aws() -> Iterator[AwsFarSide]:
    with serving(AwsFarSide) as far_side:
        yield far_side
