"""What nodes carry: merged, rendered, registered with, and told of in a plan."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components import rules
from components.faults import ConfigurationError
from components.plan import as_text, plan_for, snapshot
from components.render import kubeadm, nodes
from components.rules.nodes import ANNOTATIONS_BYTES
from tests.unit import clusters, monitor, transitions
from tests.unit.transitions import Edit, edited, put

GPU = {"key": "example.org/gpu", "value": "a100", "effect": "NoSchedule"}
PLANE = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


def taints(dev: clusters.File, name: str, *edits: Edit, control_plane: bool) -> Any:
    """Return the taints that a node registers with; None where the key is not there."""
    text = kubeadm.join(transitions.load(edited(dev, *edits)), name, "10.77.0.99", control_plane=control_plane)
    return yaml.safe_load(text)["nodeRegistration"].get("taints")


def test_nodes_register_with_their_taints(dev: clusters.File) -> None:
    """They hold from the node's first second; a control plane keeps kubeadm's beside them unless it takes work."""
    mine = put("controlPlane.taints", [GPU])
    work = put("controlPlane.takesWork", True)
    assert taints(dev, "cp-1", control_plane=True) is None
    assert taints(dev, "cp-1", mine, control_plane=True) == [PLANE, GPU]
    assert taints(dev, "cp-1", work, control_plane=True) == []
    assert taints(dev, "cp-1", work, mine, control_plane=True) == [GPU]
    assert taints(dev, "worker-1", work, control_plane=False) is None
    assert taints(dev, "worker-1", put("workers.default.taints", [GPU]), control_plane=False) == [GPU]


def test_a_host_s_own_lies_over_its_pool_s(dev: clusters.File) -> None:
    """Key by key; taints by key and effect."""
    host = {"address": "10.77.0.21", "labels": {"a": "2"}, "taints": [GPU | {"value": "h100"}]}
    file = edited(
        dev,
        put("workers.default.labels", {"a": "1", "b": "1"}),
        put("workers.default.taints", [GPU]),
        put("workers.default.hosts.worker-1", host),
    )
    marks = transitions.load(file).marks()
    assert {name: dict(m.labels) for name, m in marks.items()} == {
        "worker-1": {"a": "2", "b": "1"},
        "worker-2": {"a": "1", "b": "1"},
    }
    assert nodes.taints(marks["worker-1"]) == "example.org/gpu=h100:NoSchedule"


def test_what_is_applied_is_ours_alone(dev: clusters.File) -> None:
    """A node without any is not named, so that adding one changes no step but its own."""
    file = edited(dev, put("workers.default.hosts.worker-1", {"address": "10.77.0.21", "labels": {"a": "yes"}}))
    cluster = transitions.load(file)
    assert nodes.lines(cluster) == "worker-1 10.77.0.21 no -\n"
    (applied,) = yaml.safe_load_all(nodes.objects(cluster))
    assert applied == {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker-1", "labels": {"a": "yes"}}}
    assert nodes.lines(transitions.load(dev)) == nodes.objects(transitions.load(dev)) == ""


def test_a_worker_without_marks_changes_nobody_s(dev: clusters.File) -> None:
    """The step that acts for all nodes stays as it is."""
    before = monitor.run_program(clusters.with_access_for_all(dev))
    after = monitor.run_program(clusters.with_worker(dev, "worker-9", "10.77.0.29"))
    assert before["dev-nodes"].plain("stdin") == after["dev-nodes"].plain("stdin")


def test_every_node_is_there_when_they_are_marked(dev: clusters.File) -> None:
    """It waits for all joins."""
    program = monitor.run_program(dev)
    joins = {name for name in program.commands if name.endswith("-join")}
    assert joins <= program.host_steps_before("dev-nodes")


def test_annotations_have_a_size(dev: clusters.File) -> None:
    """What the API server would refuse is refused before."""
    with pytest.raises(ConfigurationError, match=f"{ANNOTATIONS_BYTES} is the most"):
        rules.load(edited(dev, put("workers.default.annotations", {"example.org/note": "x" * ANNOTATIONS_BYTES})))


def told(dev: clusters.File, before: list[Edit], *edits: Edit) -> str:
    """Return the plan of an edit."""
    deployed = snapshot(transitions.load(edited(dev, *before)))
    return as_text(plan_for(deployed, transitions.load(edited(dev, *before, *edits))))


def test_a_plan_says_what_becomes_of_them(dev: clusters.File) -> None:
    """Nodes with the same change are told of together."""
    before: list[Edit] = [put("workers.default.labels", {"a": "1", "c": "1"}), put("workers.default.taints", [GPU])]
    text = told(dev, before, put("workers.default.labels", {"a": "2"}), put("workers.default.taints", []))
    assert "Plan for dev: labels, annotations or taints of 2 nodes change." in text
    assert "worker-1 and worker-2: the label a=2 is set." in text
    assert "worker-1 and worker-2: the label c is taken away." in text
    assert "worker-1 and worker-2: the taint example.org/gpu=a100:NoSchedule is taken away." in text
    assert "Users notice nothing." in text
    assert "Untouched: 2 load balancers and 3 control planes." in text


def test_a_plan_warns_of_evictions(dev: clusters.File) -> None:
    """A taint may drive pods away, and that is no draining."""
    text = told(dev, [], put("workers.default.taints", [GPU | {"effect": "NoExecute"}]))
    assert (
        "Pods on worker-1 and worker-2 that do not tolerate example.org/gpu=a100:NoExecute are evicted at once" in text
    )


def test_a_plan_says_who_takes_work(dev: clusters.File) -> None:
    """Both ways, also from a stack that an older program deployed."""
    text = told(dev, [], put("controlPlane.takesWork", True))
    assert "cp-1, cp-2 and cp-3: ordinary pods may run there from then on." in text
    text = told(dev, [put("controlPlane.takesWork", True)], put("controlPlane.takesWork", False))
    assert "cp-1, cp-2 and cp-3: no new ordinary pod comes there; those that run there stay." in text
    old = snapshot(transitions.load(dev))
    del old["controlPlane"]["takesWork"]
    assert "nothing changes in the cluster" in as_text(plan_for(old, transitions.load(dev)))
