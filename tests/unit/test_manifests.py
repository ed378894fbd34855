"""Networks and manifests of a user's own: what is sent of them, and what a plan says."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.plan import Plan, plan_for, snapshot
from tests.unit import clusters, monitor, transitions
from tests.unit.transitions import put

WEB = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"
URL = {"url": "https://example.org/install.yaml", "sha256": "0" * 64}


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Return a manifest."""
    file = tmp_path / "web.yaml"
    file.write_text(WEB)
    return file


def said(plan: Plan) -> list[str]:
    """Return what a plan says of manifests."""
    return [line for stage in plan.stages if stage.title == "Manifests" for line in stage.lines]


def plan(old: clusters.File, new: clusters.File) -> Plan:
    """Return the plan from one file to another."""
    return plan_for(snapshot(transitions.load(old)), transitions.load(new))


def test_further_manifests_are_a_step_of_their_own(dev: clusters.File, web: Path) -> None:
    """It runs when all control planes are there; files are sent along, addresses with their checksums."""
    program = monitor.run_program(transitions.edited(dev, put("manifests", [{"file": str(web)}, URL])))
    files = monitor.unpacked(program.commands["dev-manifests"].plain("stdin") or "")
    assert files["further/000.yaml"] == WEB
    assert files["further/sources"] == f"001.yaml {URL['sha256']} {URL['url']}\n"
    assert "cp-3-join" in program.depends("dev-manifests")
    assert "FURTHER=yes" in program.commands["dev-network"].plain("create")


def test_without_them_there_is_no_step(dev: clusters.File) -> None:
    """The network's step is told, so that it can remove what the last ones brought."""
    program = monitor.run_program(dev)
    assert "dev-manifests" not in program.commands
    assert "FURTHER=no" in program.commands["dev-network"].plain("create")


def test_a_network_of_ones_own(dev: clusters.File, web: Path) -> None:
    """It takes flannel's place, and hosts pull no image of flannel."""
    program = monitor.run_program(transitions.edited(dev, put("network.cni", {"manifests": [{"file": str(web)}]})))
    files = monitor.unpacked(program.commands["dev-network"].plain("stdin") or "")
    assert files["network/000.yaml"] == WEB
    assert "manifests/20-flannel.yaml" not in files
    images = monitor.unpacked(program.commands["cp-1-prepare"].plain("stdin") or "")["images"]
    assert "flannel" not in images
    assert "NETWORK=ours" in program.commands["worker-1-join"].plain("create")


def test_no_network(dev: clusters.File) -> None:
    """Joins are told that a node cannot be Ready yet."""
    program = monitor.run_program(transitions.edited(dev, put("network.cni", "none")))
    files = monitor.unpacked(program.commands["dev-network"].plain("stdin") or "")
    assert not [name for name in files if name.startswith("network/") or "flannel" in name]
    assert "NETWORK=none" in program.commands["worker-1-join"].plain("create")


def test_what_is_deployed_has_no_path_and_no_content(dev: clusters.File, web: Path) -> None:
    """Other people read a stack's outputs: a file's name and a digest are enough to compare.

    A file of the project has the same path for everybody.
    """
    file = transitions.edited(dev, put("manifests", [{"file": str(web)}, URL]))
    kept = snapshot(transitions.load(file))["manifests"]
    assert [entry["name"] for entry in kept] == ["web.yaml", URL["url"]]
    assert all(entry["content"].startswith("sha256:") for entry in kept)
    own = put("manifests", [{"file": "examples/clusters/manifests/web.yaml"}])
    assert snapshot(transitions.load(transitions.edited(dev, own)))["manifests"][0]["name"].startswith("examples/")


def test_the_plan_says_what_is_applied_and_removed(dev: clusters.File, web: Path) -> None:
    """New, changed and removed ones, each in a sentence."""
    none, one = dev, transitions.edited(dev, put("manifests", [{"file": str(web)}]))
    both = transitions.edited(dev, put("manifests", [{"file": str(web)}, URL]))
    assert said(plan(none, none)) == []
    assert said(plan(none, one)) == ["cp-1 applies web.yaml."]
    assert said(plan(one, both)) == [f"cp-1 applies {URL['url']}."]
    assert said(plan(both, one)) == [
        f"What {URL['url']} brought is removed; namespaces, definitions of custom resources and volumes stay."
    ]


def test_another_content_is_a_change(dev: clusters.File, web: Path) -> None:
    """The cluster file is the same, the manifest is not: also that of the network."""
    file = transitions.edited(dev, put("network.cni", {"manifests": [{"file": str(web)}]}))
    before = snapshot(transitions.load(file))
    other = web.with_name("next") / "web.yaml"
    other.parent.mkdir()
    other.write_text(WEB.replace("web", "other"))
    after = transitions.edited(file, put("network.cni", {"manifests": [{"file": str(other)}]}))
    lines = said(plan_for(before, transitions.load(after)))
    assert lines[0] == "cp-1 applies the network's manifests web.yaml."
    assert "in none of them any more is removed" in lines[1]


def test_a_file_that_is_gone_ends_no_comparison(dev: clusters.File, web: Path) -> None:
    """Of an older state of a project, the files of today are all there is."""
    file = transitions.edited(dev, put("manifests", [{"file": str(web)}]))
    cluster = transitions.load(file)
    web.unlink()
    assert snapshot(cluster)["manifests"][0]["name"] == "web.yaml"
