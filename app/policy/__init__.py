"""Policies: one emergency path each, agreed in advance. YAML in, decisions out.

Read in this order: ``loading`` (a folder, every fault at once), ``model`` (what it becomes), ``facts`` (what
is known), ``conditions`` and ``circumstances`` (true, false or unknown), ``engine`` (the decision). ``difference``
holds two folders against each other.
Nothing here asks anybody: reading the folder apart, all of it is pure.
"""

from app.policy.advice import warnings
from app.policy.approval import ApprovalPlan, ConfirmPlan, Step
from app.policy.asks import (
    FieldProblem,
    check_ask,
    durations_offered,
    incident_fault,
    look_like_incident,
    looks_like_key,
)
from app.policy.conditions import Ask, FactSeen
from app.policy.decision import Decision
from app.policy.difference import Difference, compare
from app.policy.durations import parse_duration
from app.policy.engine import decide, needs, questions, rotas_of, speakers_of
from app.policy.facts import (
    Facts,
    GroupFact,
    IncidentsFact,
    Members,
    Needs,
    OnCallFact,
    Used,
    is_one_of,
    members_of,
)
from app.policy.given import facts_from_file, facts_from_given
from app.policy.kinds import Kinds
from app.policy.loading import from_text, load
from app.policy.model import (
    TRY,
    AccessEntry,
    AlertRule,
    Canary,
    ConnectorConfig,
    DurationRule,
    EndRule,
    Group,
    IncidentOrigin,
    Limit,
    Limits,
    PagerConfig,
    Policy,
    PolicyFolder,
    ReasonRule,
    Rule,
    Schedule,
    Settings,
    SourceConfig,
    subject_name,
)
from app.policy.names import Principal, parse_email
from app.policy.reports import Crowd, people_of, who_can
from app.policy.schema import json_schema
from app.policy.trials import TestResult, run_tests
from app.policy.variables import resolve

__all__ = [
    "TRY",
    "AccessEntry",
    "AlertRule",
    "ApprovalPlan",
    "Ask",
    "Canary",
    "ConfirmPlan",
    "ConnectorConfig",
    "Crowd",
    "Decision",
    "Difference",
    "DurationRule",
    "EndRule",
    "FactSeen",
    "Facts",
    "FieldProblem",
    "Group",
    "GroupFact",
    "IncidentOrigin",
    "IncidentsFact",
    "Kinds",
    "Limit",
    "Limits",
    "Members",
    "Needs",
    "OnCallFact",
    "PagerConfig",
    "Policy",
    "PolicyFolder",
    "Principal",
    "ReasonRule",
    "Rule",
    "Schedule",
    "Settings",
    "SourceConfig",
    "Step",
    "TestResult",
    "Used",
    "check_ask",
    "compare",
    "decide",
    "durations_offered",
    "facts_from_file",
    "facts_from_given",
    "from_text",
    "incident_fault",
    "is_one_of",
    "json_schema",
    "load",
    "look_like_incident",
    "looks_like_key",
    "members_of",
    "needs",
    "parse_duration",
    "parse_email",
    "people_of",
    "questions",
    "resolve",
    "rotas_of",
    "run_tests",
    "speakers_of",
    "subject_name",
    "warnings",
    "who_can",
]
