"""Writes docs/configuration.md from the cluster file's schema; `--check` fails when it is stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from components.config import Cluster

TARGET = Path(__file__).with_name("configuration.md")
HEAD = """\
# The cluster file

Every key of `kubeadm-ha:cluster` in `Pulumi.<stack>.yaml`. This page is generated from `components/config/` by
`make docs`. `<name>` stands for a name of yours: a DNS label. A bare address stands for a host with nothing but an
address.

| key | type | default | meaning |
|---|---|---|---|
"""


def rows(schema: dict[str, Any], definitions: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield a table row for each key of an object's schema, nested ones after their parent."""
    required = schema.get("required", [])
    for key, value in schema.get("properties", {}).items():
        path = f"{prefix}{key}"
        inner, shown = resolve(value, definitions)
        default = "required" if key in required else default_of(value)
        text = " ".join(str(value.get("description") or inner.get("description", "")).split()).replace("|", "\\|")
        yield f"| `{path}` | {shown} | {default} | {text} |\n"
        if "properties" in inner:
            yield from rows(inner, definitions, f"{path}.")
        elif isinstance(inner.get("additionalProperties"), dict):
            element, _ = resolve(inner["additionalProperties"], definitions)
            if "properties" in element:
                yield from rows(element, definitions, f"{path}.<name>.")


def resolve(value: dict[str, Any], definitions: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the schema behind references and optional values, and what to call its type."""
    if "$ref" in value:
        return resolve(definitions[value["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in value:
        return resolve(next(v for v in value["anyOf"] if v.get("type") != "null"), definitions)
    if "const" in value:
        return value, f"`{value['const']}`"
    kind = str(value.get("type", "any"))
    low, high = value.get("minimum"), value.get("maximum")
    if low is not None:
        kind += f" {low} to {high}" if high is not None else f" from {low}"
    return value, {"object": "mapping", "array": "list"}.get(kind, kind)


def default_of(value: dict[str, Any]) -> str:
    """Return the default of a key as the table shows it."""
    default = value.get("default")
    if default is None or default == {} or default == []:
        return ""
    if isinstance(default, dict):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def page() -> str:
    """Return the whole page."""
    schema = Cluster.model_json_schema(by_alias=True)
    return HEAD + "".join(rows(schema, schema.get("$defs", {})))


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        if TARGET.read_text() != page():
            sys.exit(f"{TARGET.name} is stale: run `make docs`")
    else:
        TARGET.write_text(page())
