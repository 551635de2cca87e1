"""The JSON Schema for editors: policies, settings.yaml, tests and incident files in one."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from app.policy.trials import CaseText
from app.policy.written import PolicyText
from app.policy.written_settings import IncidentText, SettingsText

_ID = "https://breakglass.invalid/policy.schema.json"


class _ForEditors(GenerateJsonSchema):
    """Left out means left out: no key takes null, and no default is repeated."""

    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """Draft 2020-12. Which of the four a file is, its own keys say."""
    models: list[Any] = [
        (model, "validation") for model in (PolicyText, SettingsText, CaseText, IncidentText)
    ]
    refs, definitions = models_json_schema(
        models, schema_generator=_ForEditors, ref_template="#/$defs/{model}"
    )
    policy, settings, case, incident = (refs[key] for key in models)
    settings_keys = [{"required": [key]} for key in ("security_channel", "security_team", "connectors")]
    # A principal is one word in YAML; what it is taken apart into is nobody's business.
    definitions["$defs"].pop("Principal", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _ID,
        "title": "breakglass policies",
        "description": "A policy, settings.yaml, a file of policy tests or a file of incidents.",
        "$defs": definitions["$defs"],
        "if": {"type": "array"},
        "then": {"items": {"if": {"required": ["policy"]}, "then": case, "else": incident}},
        "else": {"if": {"anyOf": settings_keys}, "then": settings, "else": policy},
    }
