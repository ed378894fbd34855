"""A pool that grows and shrinks by itself: its machines ask AWS about themselves, join and leave, and no `up` is run.

What answers as AWS is moto, with our own metadata service, and the plugin is a stand-in (lab/README.md). The machines
are hosts of the lab that boot with the user data of the launch template and do what stands there.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.lab.site import Site, eventually
from tests.lab.test_aws import PLANES, asking_for_machines

pytestmark = pytest.mark.long

GROUP = "cloud-burst"
POOL = {"labels": {"example.org/load": "burst"}, "machines": {"instanceType": "m6i.large"}}
#: A machine is prepared and joins in about a minute; two at a time on two cores take longer.
JOINS = 420


@pytest.fixture(scope="module", autouse=True)
def in_aws(site: Site) -> None:
    """Start a lab without hosts, and have the stack's file ask for machines and for a pool of no certain size."""
    asking_for_machines(site)
    with site.edited() as cluster:
        cluster["workers"] = {"burst": pool()}


def pool(**labels: str) -> dict[str, Any]:
    """Return the pool, with more labels."""
    scaling = {"autoScaling": {"min": 1, "max": 3}}
    return POOL | {"labels": {**POOL["labels"], **labels}, "machines": {**POOL["machines"], **scaling}}


def call(site: Site, service: str, operation: str, **arguments: Any) -> Any:
    """Ask AWS for something."""
    asked = [str(site.folder / "lab" / "cloud"), "ask", service, operation, json.dumps(arguments)]
    return json.loads(site.run(*asked).stdout)


def wanted(site: Site, count: int) -> None:
    """Have the group want so many machines, as an autoscaler would."""
    call(site, "autoscaling", "set_desired_capacity", AutoScalingGroupName=GROUP, DesiredCapacity=count)


def machines(site: Site) -> set[str]:
    """Return the nodes that machines of the group would have: those that have not ended."""
    found = call(site, "autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])
    return {f"burst-{one['InstanceId']}" for one in found["AutoScalingGroups"][0]["Instances"]}


def joined(site: Site, count: int) -> bool:
    """Tell whether there are so many machines, all of them Ready nodes, and no other node."""
    there = machines(site)
    return len(there) == count and site.ready_nodes() == {*PLANES, *there} == every_node(site)


def every_node(site: Site) -> set[str]:
    """Return the names of all nodes."""
    return {node["metadata"]["name"] for node in site.get("nodes")["items"]}


def test_the_first_machine_joins_by_itself(site: Site) -> None:
    """`up` makes control planes and the group; the machine comes when it comes, and nothing of it is in the state."""
    site.up()
    begin = time.monotonic()
    eventually("the first machine", lambda: joined(site, 1), JOINS)
    print(f"a node, after `up`: {time.monotonic() - begin:.0f} s")
    site.assert_unchanged()
    (name,) = machines(site)
    node = site.get("node", name)
    assert node["spec"]["providerID"].endswith(f"/{name.removeprefix('burst-')}")
    labels = node["metadata"]["labels"]
    assert labels["example.org/load"] == "burst"
    assert labels["topology.kubernetes.io/zone"] == "eu-central-1a"


def test_it_grows(site: Site) -> None:
    """Two more, without a control plane: any other gives out the token, and the balancer knows another way."""
    site.hosts("kill", "cp-1")
    begin = time.monotonic()
    wanted(site, 3)
    eventually("three machines", lambda: machines(site) <= site.ready_nodes() and len(machines(site)) == 3, JOINS)
    print(f"two more nodes without cp-1: {time.monotonic() - begin:.0f} s")
    site.hosts("start", "cp-1")
    eventually("cp-1", lambda: joined(site, 3), 180)
    site.assert_unchanged()


def test_it_shrinks(site: Site) -> None:
    """One is drained, leaves and ends; a pod that was on it runs elsewhere by then."""
    image = site.get("pods", "-n", "kube-system", "-l", "k8s-app=kube-dns")["items"][0]["spec"]["containers"][0][
        "image"
    ]
    before = machines(site)
    spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}
    pods = {
        "containers": [{"name": "web", "image": image, "args": ["-dns.port=1053"]}],
        "nodeSelector": POOL["labels"],
        "topologySpreadConstraints": [{**spread, "labelSelector": {"matchLabels": {"app": "web"}}}],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pods},
        },
    }
    site.kubectl("apply", "-f", "-", stdin=json.dumps(deployment))
    site.kubectl("-n", "default", "rollout", "status", "deployment/web", "--timeout=120s", "--request-timeout=130s")
    begin = time.monotonic()
    wanted(site, 2)
    eventually("two machines", lambda: joined(site, 2), 180)
    print(f"a node less: {time.monotonic() - begin:.0f} s")
    assert machines(site) < before
    where = [pod["spec"].get("nodeName") for pod in site.get("pods", "-n", "default", "-l", "app=web")["items"]]
    assert len(where) == 3
    assert set(where) - {None} <= machines(site)
    site.kubectl("-n", "default", "delete", "deployment", "web")
    site.assert_unchanged()


def test_one_that_dies_is_replaced_and_forgotten(site: Site) -> None:
    """It takes no leave: another one joins, and a control plane removes the node that has no machine."""
    dead = sorted(machines(site))[0]
    call(site, "ec2", "terminate_instances", InstanceIds=[dead.removeprefix("burst-")])
    assert dead in every_node(site)
    eventually("another machine", lambda: len(machines(site)) == 2 and machines(site) <= site.ready_nodes(), JOINS)
    eventually("the node to be silent", lambda: dead not in site.ready_nodes(), 120)
    # The timer would do it within ten minutes.
    site.ssh("cp-2", "systemctl start kubeadm-ha-tokens.service")
    assert joined(site, 2)


def test_a_change_replaces_all_of_them(site: Site) -> None:
    """A label more: `up` does not wait, new machines have it, and the old ones leave in order."""
    old = machines(site)
    with site.edited() as cluster:
        cluster["workers"] = {"burst": pool(**{"example.org/season": "winter"})}
    shown = site.lab("pulumi", "preview", "--stack", "dev").stdout
    assert "burst has a new template, since its labels changed" in shown, shown[-3000:]
    site.up()
    eventually("new machines", lambda: joined(site, 2) and not machines(site) & old, JOINS)
    labels = [node["metadata"]["labels"] for node in site.get("nodes", "-l", "example.org/load=burst")["items"]]
    assert [each["example.org/season"] for each in labels] == ["winter", "winter"]
    site.assert_unchanged()


def test_the_end_takes_the_machines_too(site: Site) -> None:
    """They leave, the group ends, and nothing is left."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    eventually("no host", lambda: len(site.run(str(site.folder / "lab" / "hosts"), "ls").stdout.splitlines()) == 1, 60)
