"""What a stack exports is what contract/outputs.schema.json promises: names, types, and what is secret."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
import tomllib
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import kubeadm_ha_outputs
import pytest
from pydantic.alias_generators import to_camel

from components import outputs
from tests.unit.monitor import Program
from tests.unit.wire import Secret, has_secret, revealed

TREE = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json.loads((TREE / "contract" / "outputs.schema.json").read_text())
REMEDY = """
Other projects build on these.
Something new: add it to contract/outputs.schema.json, kubeadm_ha_outputs and docs/outputs.md, in the same version.
Something that was promised: put it back. If it has to go or to change all the same,
- raise CONTRACT in components/outputs.py and in kubeadm_ha_outputs, `contract` and the title in the schema, and the
  first number of the version in contract/python/pyproject.toml;
- export the old name beside the new one for a release, and say both in docs/outputs.md and CHANGELOG.md.
"""


def breaches(exported: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> list[str]:
    """Return where exported values, secrets wrapped, are not what the contract says to the letter."""
    promised = schema["properties"]
    found = [f"{name}: is gone" for name in promised if name not in exported]
    for name, value in exported.items():
        if name not in promised:
            found.append(f"{name}: is not in the contract")
        elif has_secret(value) != promised[name].get("secret", False):
            found.append(f"{name}: is {'a secret now' if has_secret(value) else 'no secret any more'}")
    validator = jsonschema.Draft202012Validator(_strict(schema))
    for error in validator.iter_errors(revealed(exported)):
        if error.absolute_path:
            found.append(f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    return found


def _strict(schema: Any) -> Any:
    """Return a schema that takes no key it does not name: who reads ignores those, who exports has to say them."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    return {key: _strict(value) for key, value in schema.items()} | closed


@pytest.mark.parametrize("shape", ["program", "small_program", "stores_program"])
def test_outputs_are_what_is_promised(shape: str, request: pytest.FixtureRequest) -> None:
    """Every shape of cluster, by name, type and secrecy."""
    program: Program = request.getfixturevalue(shape)
    found = breaches(program.outputs)
    assert not found, "\n".join([*found, REMEDY])


def _set(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(exported: dict[str, Any]) -> None:
        inner = exported
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to

    return change


def _remove(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(exported: dict[str, Any]) -> None:
        inner = exported
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]

    return change


#: What somebody may do to the outputs, and the beginning of what is said then.
CHANGES = {
    **{f"{name} removed": (_remove(name), f"{name}: is gone") for name in SCHEMA["properties"]},
    **{f"{name} a list": (_set(name, to=["x"]), name) for name in SCHEMA["properties"]},
    "renamed": (_set("apiEndpoint", to="https://192.0.2.1:6443"), "apiEndpoint: is not in the contract"),
    "kubeconfig in plain": (_set("kubeconfig", to="apiVersion: v1\n"), "kubeconfig: is no secret any more"),
    "name hidden": (_set("name", to=Secret("dev")), "name: is a secret now"),
    "version": (_set("contract", to=2), "contract: 1 was expected"),
    "version as text": (_set("contract", to="1"), "contract: 1 was expected"),
    "endpoint without port": (_set("endpoint", to="https://192.0.2.1"), "endpoint: "),
    "no workers": (_remove("nodes", "workers"), "nodes: 'workers' is a required property"),
    "pools as a list": (_set("nodes", "workers", to=["worker-1"]), "nodes.workers: "),
    "new role": (_set("nodes", "bastions", to={}), "nodes: Additional properties are not allowed"),
    "host as an object": (_set("nodes", "controlPlanes", "cp-1", to={"address": "x"}), "nodes.controlPlanes.cp-1: "),
    "authority gone": (_remove("certificates", "authorities", "etcd-ca"), "certificates.authorities: 'etcd-ca' is a"),
    "end as a number": (
        _set("certificates", "authorities", "admin", to=1781535600),
        "certificates.authorities.admin: ",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_is_noticed(name: str, program: Program) -> None:
    """A contract that would let one of these pass is none."""
    change, said = CHANGES[name]
    exported = copy.deepcopy(program.outputs)
    change(exported)
    assert any(line.startswith(said) for line in breaches(exported)), breaches(exported)


def test_readers_ignore_what_they_do_not_know(program: Program) -> None:
    """Something new within a version is no breach to who reads with the schema of an older one."""
    exported = revealed(program.outputs) | {"news": 1}
    exported["nodes"] = exported["nodes"] | {"bastions": {"b-1": "192.0.2.31"}}
    jsonschema.validate(exported, SCHEMA)


def test_there_is_one_version() -> None:
    """The program, the schema and the package for Python speak of the same one."""
    package = tomllib.loads((TREE / "contract" / "python" / "pyproject.toml").read_text())["project"]["version"]
    stated = [outputs.CONTRACT, kubeadm_ha_outputs.CONTRACT, SCHEMA["properties"]["contract"]["const"]]
    assert {*stated, int(package.split(".")[0])} == {outputs.CONTRACT}
    assert SCHEMA["title"].endswith(f"contract {outputs.CONTRACT}")


def test_the_types_for_python_are_those_of_the_contract() -> None:
    """Every output with its type, keys of nested ones too."""
    assert _of_type(kubeadm_ha_outputs.Outputs) == _of_schema(SCHEMA)
    fields = {to_camel(field.name) for field in dataclasses.fields(kubeadm_ha_outputs.ClusterOutputs)}
    assert fields == set(SCHEMA["properties"]) - {"contract", "deployed"}


def _of_type(hint: Any) -> Any:
    """Return a type as names: mappings with the types of their keys."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if typing.is_typeddict(hint):
        return {key: _of_type(inner) for key, inner in typing.get_type_hints(hint).items()}
    if origin is dict:
        return {"*": _of_type(arguments[1])}
    if origin is typing.Literal:
        return arguments[0]
    return {str: "string", Any: "any"}[hint]


def _of_schema(schema: dict[str, Any]) -> Any:
    """Return a schema in the same form."""
    if "$ref" in schema:
        return _of_schema(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "const" in schema:
        return schema["const"]
    if "properties" in schema:
        assert set(schema["required"]) == set(schema["properties"])
        return {key: _of_schema(inner) for key, inner in schema["properties"].items()}
    if schema["type"] == "object":
        return {"*": _of_schema(schema["additionalProperties"]) if "additionalProperties" in schema else "any"}
    return schema["type"]


def test_the_page_says_the_same() -> None:
    """docs/outputs.md has every output with its type and secrecy, and no other."""
    text = (TREE / "docs" / "outputs.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\S+) \|", text, re.MULTILINE)
    kinds = {name: inner.get("type", "number") for name, inner in SCHEMA["properties"].items()}
    secret = {name for name, inner in SCHEMA["properties"].items() if inner.get("secret")}
    assert {name: kind for name, kind, _ in rows} == kinds
    assert {name for name, _, hidden in rows if hidden == "**yes**"} == secret
