"""Cluster files of any number of nodes, for hosts that do not exist."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

from tests.unit.clusters import File, write_access

#: Addresses count up from here; they belong to nobody (RFC 1918), and a preview asks none of them.
FIRST_ADDRESS = IPv4Address("10.0.0.10")
BALANCERS = 2
POOL = 100
#: With a /24 for each node, as many nodes as the largest file has, and some more.
POD_SUBNET = "10.240.0.0/13"


def control_planes(nodes: int) -> int:
    """Return how many of `nodes` are control planes: one alone, three, or five of a large cluster."""
    return 1 if nodes < 4 else 3 if nodes < 500 else 5


def cluster(nodes: int, folder: Path) -> File:
    """Return the cluster file of `nodes` nodes, in pools of 100, with login and host keys in `folder`."""
    planes = control_planes(nodes)
    names = [f"lb-{n}" for n in range(1, BALANCERS + 1)]
    names += [f"cp-{n}" for n in range(1, planes + 1)]
    names += [f"worker-{n}" for n in range(1, nodes - planes + 1)]
    addresses = {name: str(FIRST_ADDRESS + at) for at, name in enumerate(names, 1)}

    def hosts(some: list[str]) -> File:
        return {name: addresses[name] for name in some}

    workers = names[BALANCERS + planes :]
    file: File = {
        "name": "bench",
        "kubernetes": {"version": "1.36.1"},
        "endpoint": {"kind": "haproxy", "address": str(FIRST_ADDRESS), "hosts": hosts(names[:BALANCERS])},
        "controlPlane": {"hosts": hosts(names[BALANCERS : BALANCERS + planes])},
        "workers": {
            f"pool-{at // POOL + 1}": {"hosts": hosts(workers[at : at + POOL])} for at in range(0, len(workers), POOL)
        },
        "network": {"podSubnet": POD_SUBNET},
    }
    # Host keys are in a file of their own: Pulumi hands the configuration on in one variable of the environment, which
    # Linux limits to 128 KiB, and a thousand keys do not fit into that.
    return file | {"ssh": write_access(folder, file)}
