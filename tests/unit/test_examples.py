"""Every example of a cluster is one that the program takes, and that an editor marks nothing in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from components import manifests, policies, rules
from components.plan import as_markdown, plan_for
from components.schema import KEY, stack_file
from tests.unit.cases import read

TREE = Path(__file__).resolve().parents[2]
CLUSTERS = TREE / "examples" / "clusters"
EXAMPLES = sorted(CLUSTERS.glob("*.yaml"))
SCHEMA = "# yaml-language-server: $schema=../../docs/cluster.schema.json"


def document(file: Path) -> Any:
    """Return a stack file as the engine reads it."""
    return read(file.read_text())


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_taken(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a fault and without a warning; the login keys aside, which nobody else has."""
    monkeypatch.chdir(TREE)
    cluster = rules.load(document(file)["config"][KEY], manifests.faults, policies.refusals())
    said = [*rules.warnings(cluster, manifests.warnings), *policies.warnings(cluster)]
    assert [str(fault) for fault in said] == []
    assert cluster.name == file.stem
    assert "control plane" in as_markdown(plan_for(None, cluster)).lower()


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_an_editor_marks_nothing(file: Path) -> None:
    """The first line names the schema, and the file fits it."""
    assert file.read_text().splitlines()[0] == SCHEMA
    assert [e.message for e in jsonschema.Draft7Validator(stack_file()).iter_errors(document(file))] == []


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_a_page_tells_of_it(file: Path) -> None:
    """Somebody who looks for a shape finds it among the topologies."""
    pages = "".join(page.read_text() for page in (TREE / "docs" / "topologies").glob("*.md"))
    assert f"examples/clusters/{file.name}" in pages
