"""What editors check a stack file by: it takes what the program takes, and knows the slips that a schema can know."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from pydantic import TypeAdapter

from components import keys, policies
from components.config import Cluster
from components.keys import ANY
from components.meanings import meanings
from components.reading import read as parsed
from components.schema import KEY, stack_file
from tests.unit.cases import BASE, INVALID, VALID, WARNED, cluster_of, read

TREE = Path(__file__).resolve().parents[2]
CHECK = jsonschema.Draft7Validator(stack_file())


def stack(cluster: Any) -> dict[str, Any]:
    """Return a stack file as Pulumi leaves it behind."""
    return {"config": {KEY: cluster, "aws:region": "eu-central-1"}, "encryptionsalt": "v1:x"}


def generated() -> dict[Path, str]:
    """Return what docs/generate.py would write."""
    spec = importlib.util.spec_from_file_location("generate", TREE / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written: dict[Path, str] = module.written()
    return written


def test_what_is_generated_is_fresh() -> None:
    """`make docs` would change nothing."""
    for file, text in generated().items():
        assert file.read_text() == text, f"{file.name} is stale: run `make docs`"


def test_the_schema_is_one() -> None:
    """It is valid itself."""
    jsonschema.Draft7Validator.check_schema(stack_file())


@pytest.mark.parametrize("case", [*VALID, *WARNED], ids=lambda path: path.stem)
def test_what_is_taken_passes(case: Path) -> None:
    """An editor marks nothing in a file that the program takes."""
    assert [e.message for e in CHECK.iter_errors(stack(cluster_of(case)))] == []


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.stem)
def test_what_the_types_refuse_fails(case: Path) -> None:
    """An editor marks what the types refuse; values that only do not go together are the rules' to find."""
    cluster, faults = parsed(cluster_of(case))
    unknown = cluster.knows("policies") and cluster.policies.keys() - policies.POLICIES.keys()
    assert CHECK.is_valid(stack(cluster_of(case))) != bool(faults or unknown), faults


@pytest.mark.parametrize(
    "file",
    ["Pulumi.dev.yaml", *(f"examples/two-stacks/Pulumi.{stack}.yaml" for stack in ("prod", "prod-machines"))],
)
def test_stack_files_of_the_project_pass(file: str) -> None:
    """They name the schema in their first line, by a path that is there."""
    text = (TREE / file).read_text()
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert json.loads(((TREE / file).parent / named).read_text()) == stack_file()
    assert [e.message for e in CHECK.iter_errors(read(text))] == []


@pytest.mark.parametrize("cluster", [{"secure": "AAABAB8="}, json.dumps(BASE)])
def test_other_forms_of_a_cluster_pass(cluster: Any) -> None:
    """Pulumi also keeps it encrypted, or as text."""
    assert CHECK.is_valid(stack(cluster))


def test_the_other_stack_is_marked_when_it_is_no_whole_name() -> None:
    """As the program has it."""
    for name, taken in (("organization/kubeadm-ha/prod", True), ("prod", False)):
        settings = {"kubeadm-ha:clusterFile": "x.yaml", "kubeadm-ha:bootstrap": name}
        assert CHECK.is_valid({"config": settings}) == taken


@pytest.mark.parametrize("document", [{}, [], {"config": None}, {"config": {}}, stack(None), stack([]), stack(5)])
def test_what_is_no_cluster_fails(document: Any) -> None:
    """Nothing, and what is no mapping, is marked."""
    assert not CHECK.is_valid(document)


def test_every_value_has_an_example_and_a_description() -> None:
    """Each key says what it means, each that is not a section shows a value, and the value is one that is taken."""
    for at, section in keys.sections().items():
        assert section.__doc__, at
        told = meanings(section)
        assert list(told) == list(section.model_fields), at
        for key, field in keys.fields(section).items():
            is_section = (*at, key) in (keys.sections() | keys.unions()) or (*at, key, ANY) in keys.sections()
            if field.examples:
                shape: Any = field.annotation
                for mark in field.metadata:
                    shape = Annotated[shape, mark]
                TypeAdapter(shape).validate_python(field.examples[0])
            else:
                assert is_section or key == "policies", (at, key)


def test_policies_are_keys() -> None:
    """Each can be completed, with its default."""
    known = stack_file()["definitions"]["Cluster"]["properties"]["policies"]["properties"]
    assert {name: value["default"] for name, value in known.items()} == {
        name: policy.default for name, policy in policies.POLICIES.items()
    }
    assert set(stack_file()["definitions"]["Cluster"]["properties"]) == set(keys.fields(Cluster))
