"""What scripts/verify says of pools that grow and shrink by themselves."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.test_verify import STACK, fine, its_objects, row
from verify import objects
from verify.facts import Facts, Node
from verify.judge import judge
from verify.judgement import State

GROWING = replace(STACK, workers={**STACK.workers, "burst": {}})


def with_nodes(*nodes: Node) -> Facts:
    """Return what is seen of a cluster that is well, with further nodes."""
    facts = fine()
    seen = its_objects(facts)
    return replace(facts, objects=replace(seen, nodes=(*seen.nodes, *nodes)))


def of_pool(name: str, *, ready: bool = True, pool: str = "burst") -> Node:
    """Return a node of an elastic pool."""
    problem = "" if ready else "NodeStatusUnknown"
    return Node(name, ready, cordoned=False, version=f"v{STACK.version}", problem=problem, elastic=pool)


def test_elastic_nodes_are_counted_and_no_strangers() -> None:
    """However many there are is right."""
    for nodes in ([], [of_pool("burst-i-1"), of_pool("burst-i-2")]):
        found = judge(GROWING, with_nodes(*nodes), 30)
        check = row(found, "workers burst")
        assert (check.state, check.ready, check.wanted) == (State.OK, len(nodes), len(nodes))
        assert "not in the stack" not in row(found, "control planes").detail


def test_one_that_is_not_ready_is_told() -> None:
    """It may just come, or have gone: that is no fault of the cluster's."""
    check = row(judge(GROWING, with_nodes(of_pool("burst-i-1", ready=False)), 30), "workers burst")
    assert check.detail == "burst-i-1 is not ready (NodeStatusUnknown)"
    assert check.state is State.OK


def test_one_of_a_pool_that_there_is_not_is_a_stranger() -> None:
    """Somebody has to take it out."""
    found = judge(STACK, with_nodes(of_pool("burst-i-1")), 30)
    assert "burst-i-1 is not in the stack" in row(found, "control planes").detail


def test_a_node_says_its_pool_by_its_label() -> None:
    """It is set when the node registers."""
    text = (
        '{"items": [{"kind": "Node", "spec": {}, "status": {"nodeInfo": {"kubeletVersion": "v1.36.3"}},'
        ' "metadata": {"name": "burst-i-1", "labels": {"kubeadm-ha/elastic": "burst"}}}]}'
    )
    assert objects.objects(text).nodes[0].elastic == "burst"
