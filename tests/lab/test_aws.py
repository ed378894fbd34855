"""Machines that are asked for as in AWS: hosts of the lab behind a balancer, reached through a bastion.

What answers as AWS is moto, and the plugin is a stand-in (lab/README.md). From there on all is real: hosts boot with
the key that is pinned, kubeadm runs on them, the API is behind a balancer that asks /readyz, and the cloud controller
manager is upstream's.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml

from tests.lab.site import Site, eventually

pytestmark = pytest.mark.long

RANGE = "10.40.0.0/16"
ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
PLANES = {"cp-1", "cp-2", "cp-3"}
AWS: dict[str, Any] = {
    "region": "eu-central-1",
    "network": {"range": RANGE, "zones": ZONES},
    "bastion": {"allowedRanges": ["10.40.0.0/16"]},
    "image": {"family": "debian-12"},
    "cloudControllerManager": True,
}
#: Says where AWS is: the manager logs in by its machine's role, as elsewhere.
WHERE = """#!/bin/sh
. /etc/default/kubeadm-ha
export KUBECONFIG=/etc/kubernetes/admin.conf
kubectl -n kube-system create secret generic aws-credentials --dry-run=client -o yaml \\
  --from-literal AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL" | kubectl apply -f -
"""


@pytest.fixture(scope="module", autouse=True)
def in_aws(site: Site) -> None:
    """Start a lab without hosts, and have the stack's file ask for machines."""
    asking_for_machines(site)


def asking_for_machines(site: Site) -> None:
    """Start a lab without hosts; have the stack's file ask for three control planes and two workers."""
    site.run(str(site.folder / "lab" / "cloud"), "up", RANGE)
    document = yaml.safe_load(site.settings.read_text())
    cluster = document["config"]["kubeadm-ha:cluster"]
    cluster |= {"name": "cloud", "provider": "aws", "aws": AWS}
    cluster["endpoint"] = {"kind": "nlb", "scheme": "internal"}
    cluster["controlPlane"] = {"machines": {"count": 3, "instanceType": "m6i.large"}}
    cluster["workers"] = {"default": {"machines": {"count": 2, "instanceType": "m6i.large"}}}
    cluster["hooks"] = {"afterJoin": [{"file": "where.sh", "on": ["controlPlane"]}]}
    (site.folder / "where.sh").write_text(WHERE)
    del cluster["ssh"]
    site.settings.write_text(yaml.safe_dump(document, sort_keys=False))
    site.lab("pulumi", "stack", "select", "--create", "dev")


def test_a_cluster_comes_up_from_nothing(site: Site) -> None:
    """Machines first, then the cluster on them, in one `up`; the second one changes nothing."""
    started = time.monotonic()
    site.up()
    print(f"up from no machine: {time.monotonic() - started:.0f} s")
    assert site.ready_nodes() == {*PLANES, "default-1", "default-2"}
    site.assert_unchanged()
    nodes = {node["metadata"]["name"]: node for node in site.get("nodes")["items"]}
    zones = {name: node["metadata"]["labels"]["topology.kubernetes.io/zone"] for name, node in nodes.items()}
    assert [zones[name] for name in sorted(PLANES)] == ZONES
    # The cloud controller manager has found the machine of each.
    eventually("found machines", lambda: all(_found(node) for node in site.get("nodes")["items"]), 60)
    assert len({node["spec"]["providerID"] for node in nodes.values()}) == len(nodes)


def _found(node: dict[str, Any]) -> bool:
    taints = {taint["key"] for taint in node["spec"].get("taints", [])}
    type_ = node["metadata"]["labels"].get("node.kubernetes.io/instance-type")
    return type_ == "m6i.large" and "node.cloudprovider.kubernetes.io/uninitialized" not in taints


def test_writes_go_on_without_one_control_plane(site: Site) -> None:
    """The balancer takes it out when it does not answer /readyz, and in again."""
    with site.without("cp-1", 40, within=40):
        assert site.get("nodes")["items"], "the API answers"
    eventually("all nodes", lambda: site.ready_nodes() == {*PLANES, "default-1", "default-2"}, 180)


def test_a_worker_is_replaced(site: Site) -> None:
    """Its number is skipped: another machine comes, and the old one is drained, leaves and is ended."""
    with site.edited() as cluster:
        cluster["workers"]["default"]["machines"] |= {"skip": [1]}
    site.up()
    assert site.ready_nodes() == {*PLANES, "default-2", "default-3"}
    # The lab follows its AWS at some seconds' distance.
    shown = [str(site.folder / "lab" / "hosts"), "ls"]
    eventually("the end of default-1's host", lambda: "default-1" not in site.run(*shown).stdout, 60)
    site.assert_unchanged()


def test_a_control_plane_is_replaced(site: Site) -> None:
    """One more first, then without the old one, whose member etcd forgets."""
    with site.edited() as cluster:
        cluster["controlPlane"]["machines"] |= {"count": 4}
    site.up()
    with site.edited() as cluster:
        cluster["controlPlane"]["machines"] |= {"count": 3, "skip": [2]}
    site.up()
    assert site.ready_nodes() == {"cp-1", "cp-3", "cp-4", "default-2", "default-3"}
    assert set(site.etcd_members("cp-1")) == {"cp-1", "cp-3", "cp-4"}


def test_the_end_takes_the_machines_too(site: Site) -> None:
    """Nothing is left of it."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    eventually("no host", lambda: len(site.run(str(site.folder / "lab" / "hosts"), "ls").stdout.splitlines()) == 1, 60)
