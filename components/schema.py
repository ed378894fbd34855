"""The JSON Schema of a stack file, for editors: what docs/cluster.schema.json holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema

from components import releases
from components.config import Cluster, Section
from components.meanings import meanings, sections
from components.policies import POLICIES
from components.stack_keys import BOOTSTRAP, FILE, INFRASTRUCTURE, MEANINGS, STACK, named

#: What most editors read.
DIALECT = "http://json-schema.org/draft-07/schema#"
KEY = "kubeadm-ha:cluster"
_LEVELS = ["off", "warn", "refuse", False]  # a bare off is false to readers of older YAML


class _Generator(GenerateJsonSchema):
    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        """Return a mapping whose names have to match: pydantic's own lets any other name pass."""
        made = super().dict_schema(schema)
        for pattern, values in made.pop("patternProperties", {}).items():
            made |= {"propertyNames": {"pattern": pattern}, "additionalProperties": values}
        return made


def cluster_schema() -> dict[str, Any]:
    """Return the schema of a cluster file, with what only the program knows."""
    for section in _sections(Section):
        section.model_rebuild()  # defaults are shown, and what writes them is built with each section of its own
    schema = Cluster.model_json_schema(by_alias=True, ref_template="#/definitions/{model}", schema_generator=_Generator)
    definitions: dict[str, Any] = schema.pop("$defs") | {"Cluster": schema}
    definitions["ContainerdOptions"]["properties"]["version"]["default"] = releases.default_containerd()
    _describe(definitions)
    policies = {
        name: {"enum": _LEVELS, "default": policy.default, "description": policy.meaning, "examples": ["refuse"]}
        for name, policy in POLICIES.items()
    }
    schema["properties"]["policies"] |= {"properties": policies, "additionalProperties": False}
    for definition in _all(definitions):
        definition.pop("title", None)
        definition.pop("discriminator", None)  # OpenAPI's: editors go by the kinds' constants
        if "description" in definition:
            definition["description"] = " ".join(definition["description"].split())
        required = definition.get("required", [])
        for key, value in definition.get("properties", {}).items():
            if definition is not schema["properties"]["policies"] and key not in required:
                _optional(value, definitions)
    for group in list(definitions.values()):
        _hosts_or_machines(group)
    return definitions


def _hosts_or_machines(group: dict[str, Any]) -> None:
    """Let machines that a provider makes stand in the place of hosts that are there."""
    if "machines" in group["properties"] and "hosts" in group.get("required", []):
        group["required"].remove("hosts")
        if not group["required"]:
            del group["required"]
        group["allOf"] = [{"anyOf": [{"required": ["hosts"]}, {"required": ["machines"]}]}]


def _describe(definitions: dict[str, Any]) -> None:
    known = sections()
    for name, definition in definitions.items():
        properties = definition["properties"]
        for field, text in meanings(known[name]).items():
            key = str(known[name].model_fields[field].alias)
            properties[key] = dict(sorted((properties[key] | {"description": text}).items()))


def _sections(base: type[Section]) -> Iterator[type[Section]]:
    for section in base.__subclasses__():
        yield section
        yield from _sections(section)


def _all(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema inside of a document, itself too."""
    if isinstance(value, dict):
        yield value
        for key, inner in list(value.items()):
            if key not in ("default", "examples", "enum"):
                yield from _all(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _all(inner)


def _optional(value: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Let a key have nothing behind it, which is as if it were not there."""
    if "default" in value and (value["default"] is None or isinstance(value["default"], dict)):
        del value["default"]
    if "$ref" in value:
        definitions[value["$ref"].rpartition("/")[2]]["type"] = ["object", "null"]
    elif "const" in value:
        value["enum"] = [value.pop("const"), None]
        value.pop("type", None)
    elif "enum" in value:
        value["enum"] = [*value["enum"], None]
        value.pop("type", None)
    elif "oneOf" in value:
        value["oneOf"] = [*value["oneOf"], {"type": "null"}]
    elif "type" in value:
        value["type"] = [value["type"], "null"]
    elif "anyOf" in value and {"type": "null"} not in value["anyOf"]:
        value["anyOf"].append({"type": "null"})


def stack_file() -> dict[str, Any]:
    """Return the schema of `Pulumi.<stack>.yaml`: the cluster, and whatever else Pulumi keeps there."""
    secure = {
        "type": "object",
        "description": "The cluster file as `pulumi config set --secret` has encrypted it.",
        "properties": {"secure": {"type": "string"}},
        "additionalProperties": False,
    }
    text = {"type": "string", "description": "The cluster file as JSON, as `pulumi config set` writes it."}
    cluster = {
        "description": "The cluster: docs/configuration.md.",
        "if": {"type": "object", "required": ["secure"]},
        "then": secure,
        "else": {"if": {"type": "string"}, "then": text, "else": {"$ref": "#/definitions/Cluster"}},
    }
    others = {named(key): {"type": "string", "description": meaning} for key, meaning in MEANINGS.items()}
    for key in (INFRASTRUCTURE, BOOTSTRAP):
        others[named(key)]["pattern"] = f"^{STACK}$"
    return {
        "$schema": DIALECT,
        "title": "Stack file of kubeadm-ha",
        "description": "Pulumi.<stack>.yaml. Written by `make docs` from components/config.",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "description": "The stack's configuration.",
                "properties": {KEY: cluster, **others},
                "anyOf": [{"required": [KEY]}, {"required": [named(FILE)]}],
            },
            "secretsprovider": {"type": "string", "description": "What encrypts the stack's secrets."},
            "encryptionsalt": {"type": "string", "description": "Written by Pulumi, for a passphrase."},
            "encryptedkey": {"type": "string", "description": "Written by Pulumi, for a key management service."},
        },
        "required": ["config"],
        "definitions": cluster_schema(),
    }
