"""Two families of addresses: what is rendered of them, and what of them cannot change."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from components.faults import ConfigurationError
from components.plan import plan_for, snapshot
from components.render import flannel, kubeadm
from tests.unit import clusters, monitor, transitions
from tests.unit.transitions import Edit, put

RANGES = {"podSubnet": "fd00:10::/56", "serviceSubnet": "fd00:11::/112"}


def dual(file: clusters.File) -> None:
    """Give every node a second address, and the cluster the ranges."""
    for group in (file["controlPlane"]["hosts"], *(pool["hosts"] for pool in file["workers"].values())):
        for name, address in group.items():
            group[name] = {"address": address, "address6": f"fd77::{address.rpartition('.')[2]}"}
    put("network.ipv6", dict(RANGES))(file)


def other_ranges(file: clusters.File) -> None:
    """Choose another range of services."""
    file["network"]["ipv6"]["serviceSubnet"] = "fd00:12::/112"


def other_address(file: clusters.File) -> None:
    """Give a worker another second address."""
    file["workers"]["default"]["hosts"]["worker-1"]["address6"] = "fd77::99"


def one_family(file: clusters.File) -> None:
    """Take it all back."""
    del file["network"]["ipv6"]
    for group in (file["controlPlane"]["hosts"], *(pool["hosts"] for pool in file["workers"].values())):
        for name, host in group.items():
            group[name] = host["address"]


@pytest.mark.parametrize(
    ("before", "now", "path", "said"),
    [
        ((), (dual,), "network.ipv6", "runs with IPv4 alone and would have two families"),
        ((dual,), (one_family,), "network.ipv6", "runs with two families and would have IPv4 alone"),
        ((dual,), (other_ranges,), "network.ipv6", "pods and services have addresses of it"),
        ((dual,), (other_address,), "workers.default.hosts.worker-1.address6", "is fd77::99 and was fd77::21"),
    ],
)
def test_families_are_kept(
    dev: clusters.File, before: tuple[Edit, ...], now: tuple[Edit, ...], path: str, said: str
) -> None:
    """A cluster that runs keeps its families, their ranges and its nodes' addresses, and says why."""
    old = transitions.edited(dev, *before)
    with pytest.raises(ConfigurationError) as caught:
        plan_for(snapshot(transitions.load(old)), transitions.load(transitions.edited(old, *now)))
    assert [fault.path for fault in caught.value.faults] == [path]
    assert said in caught.value.faults[0].problem
    assert caught.value.faults[0].remedy.startswith("Put it back")


def test_a_node_with_both_addresses_joins(dev: clusters.File) -> None:
    """A new host is no change of those that are there."""
    old = transitions.edited(dev, dual)
    host = {"address": "10.77.0.23", "address6": "fd77::23"}
    new = transitions.edited(old, put("workers.default.hosts.worker-3", host))
    assert plan_for(snapshot(transitions.load(old)), transitions.load(new)).transition.joining


def test_what_is_rendered(dev: clusters.File) -> None:
    """kubeadm gets both ranges, the kubelet both addresses, flannel the second network."""
    cluster = transitions.load(transitions.edited(dev, dual))
    init, settings, *_ = yaml.safe_load_all(kubeadm.init(cluster, "cp-1", "10.77.0.11", "fd77::11"))
    assert init["nodeRegistration"]["kubeletExtraArgs"] == [{"name": "node-ip", "value": "10.77.0.11,fd77::11"}]
    assert init["localAPIEndpoint"]["advertiseAddress"] == "10.77.0.11"
    assert settings["networking"]["podSubnet"] == "10.244.0.0/16,fd00:10::/56"
    assert settings["networking"]["serviceSubnet"] == "10.96.0.0/12,fd00:11::/112"
    objects = list(yaml.safe_load_all(flannel.flannel(cluster)))
    network = json.loads(next(o for o in objects if o["kind"] == "ConfigMap")["data"]["net-conf.json"])
    assert network["EnableIPv6"] is True
    assert network["IPv6Network"] == "fd00:10::/56"


def test_the_length_of_a_node_s_range(dev: clusters.File) -> None:
    """The controller manager is told of it only where it is not kubeadm's own, by the flag that fits the families."""

    def flags(*edits: Edit) -> Any:
        cluster = transitions.load(transitions.edited(dev, *edits))
        _, settings, *_ = yaml.safe_load_all(kubeadm.init(cluster, "cp-1", "10.77.0.11"))
        given = settings["controllerManager"]["extraArgs"]
        return {flag["name"]: flag["value"] for flag in given if "cidr" in flag["name"]}

    assert flags() == {}
    assert flags(put("network.nodeMask", 25)) == {"node-cidr-mask-size": "25"}
    assert flags(dual, put("network.nodeMask", 25)) == {"node-cidr-mask-size-ipv4": "25"}


def test_every_step_of_a_node_knows_both(dev: clusters.File) -> None:
    """Hosts are prepared for both families, and join with both; balancers have one."""
    program = monitor.run_program(transitions.edited(dev, dual))
    prepare = program.commands["worker-1-prepare"].plain("create")
    assert "NODE_ADDRESS6=fd77::21" in prepare
    assert "FAMILIES='4 6'" in prepare
    files = monitor.unpacked(program.commands["worker-1-join"].plain("stdin") or "")
    assert "value: 10.77.0.21,fd77::21" in files["kubeadm.yaml"]
    assert "NODE_ADDRESS6" not in program.commands["lb-1-balance"].plain("create")
