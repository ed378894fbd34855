"""The cluster files that the tests run the program with."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from tests.unit import certificates

TREE = Path(__file__).resolve().parents[2]
#: No real keys: nothing in these tests opens a connection.
HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIBJJdwSpTTqWjh1U4tlOC7IM0YrmBsGqpxGMfkT6p2aF"
PACKAGE_KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnot a key\n-----END PGP PUBLIC KEY BLOCK-----\n"

File = dict[str, Any]
BETA = {"address": "192.0.2.21", "address6": "2001:db8::21", "kubelet": {"maxPods": 250}}


def dev(folder: Path) -> File:
    """Return the cluster file of stack dev, its key files replaced by some in `folder`."""
    cluster: File = yaml.safe_load((TREE / "Pulumi.dev.yaml").read_text())["config"]["kubeadm-ha:cluster"]
    cluster["ssh"] = write_access(folder, cluster)
    key = folder / "packages.asc"
    key.write_text(PACKAGE_KEY)
    for repository in cluster["packages"].values():
        repository["key"] = {"file": str(key)}
    return cluster


def small(folder: Path) -> File:
    """Return another shape: one control plane, upstream's packages and images, ports and a login of its own.

    Two families of addresses, a network of its own and a manifest.
    """
    for name in ("network", "web"):
        (folder / f"{name}.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
    cluster: File = {
        "name": "small",
        "kubernetes": {
            "version": "1.36.1",
            "kubelet": {"maxPods": 200},
            "extraCertNames": ["api.example.org", "192.0.2.10"],
        },
        "endpoint": {
            "kind": "haproxy",
            "address": "192.0.2.10",
            "port": 8443,
            "routerId": 7,
            "name": "api.small.example.org",
            "algorithm": "source",
            "timeouts": {"connect": 3},
            "statistics": {"port": 8405},
            "hosts": {"gate-a": "192.0.2.2", "gate-b": "192.0.2.3"},
        },
        "controlPlane": {
            "kubelet": {"maxPods": 60},
            "hosts": {
                "alpha": {"address": "192.0.2.11", "address6": "2001:db8::11", "ssh": {"address": "198.51.100.11"}}
            },
        },
        "workers": {
            "big": {"kubelet": {"systemReserved": {"memory": "2Gi"}}, "hosts": {"beta": BETA}},
            "old": {"hosts": {"gamma": {"address": "192.0.2.22", "lost": True}}},
        },
        "network": {
            "podSubnet": "10.8.0.0/20",
            "serviceSubnet": "10.9.0.0/20",
            "dnsDomain": "small.example.org",
            "nodeMask": 23,
            "ipv6": {"podSubnet": "fd00:10::/56", "serviceSubnet": "fd00:11::/112"},
            "cni": {"manifests": [{"file": str(folder / "network.yaml")}]},
        },
        "manifests": [
            {"file": str(folder / "web.yaml")},
            {"url": "https://example.org/install.yaml", "sha256": "0" * 64},
        ],
        "audit": {"maxAgeDays": 90},
        "containerd": {"version": "2.3.1"},
        "certificates": {"adminDays": 30},
        "drain": {"timeoutSeconds": 60, "deleteUnmanagedPods": True},
    }
    access = write_access(folder, cluster)
    cluster["ssh"] = {
        "privateKeyFile": access["privateKeyFile"],
        "user": "admin",
        "port": 2222,
        "hostKey": f"ssh-ed25519 {HOST_KEY}",
    }
    return cluster


def external(folder: Path) -> File:
    """Return a cluster behind a balancer that DNS knows: one control plane and a worker."""
    cluster: File = {
        "name": "external",
        "kubernetes": {"version": "1.36.3"},
        "endpoint": {"kind": "external", "name": "api.example.org", "port": 443},
        "controlPlane": {"hosts": {"cp-1": "192.0.2.11"}},
        "workers": {"default": {"hosts": {"worker-1": "192.0.2.21"}}},
    }
    return cluster | {"ssh": write_access(folder, cluster)}


def guarded(folder: Path) -> File:
    """Return a shape of a site's own: behind a bastion and a proxy, with marks on nodes and scripts."""
    cluster = small(folder)
    hook = folder / "mount-disks.sh"
    hook.write_text("#!/bin/sh\necho mounted\n")
    cluster["name"] = "guarded"
    cluster["network"].pop("ipv6")
    cluster["controlPlane"]["hosts"]["alpha"].pop("address6")
    cluster["ssh"]["bastion"] = {"address": "gate.example.org", "user": "jump", "hostKey": f"ssh-ed25519 {HOST_KEY}"}
    cluster["controlPlane"] |= {"takesWork": True, "labels": {"topology.kubernetes.io/zone": "a"}}
    gpu = {"key": "example.org/gpu", "value": "a100", "effect": "NoSchedule"}
    shelf = {
        "address": "192.0.2.21",
        "labels": {"example.org/rack": "7"},
        "annotations": {"example.org/asset": "A 4711"},
    }
    cluster["workers"] = {"gpu": {"hosts": {"beta": shelf}, "labels": {"example.org/rack": "1"}, "taints": [gpu]}}
    cluster["proxy"] = {"http": "http://proxy.example.org:3128", "noProxy": [".example.org"]}
    cluster["hooks"] = {
        "beforeJoin": [str(hook)],
        "afterJoin": [{"file": str(hook), "on": ["gpu"], "timeoutSeconds": 60}],
        "afterUp": [str(hook)],
    }
    cluster["etcd"] = {"snapshots": {"then": {"file": str(hook), "timeoutSeconds": 60}}}
    return cluster


def stores(folder: Path) -> File:
    """Return stack dev with etcd on hosts of its own, one of which was lost, and another version and tuning of it."""
    cluster = dev(folder)
    hosts: File = {f"etcd-{number}": f"10.77.0.3{number}" for number in (1, 2, 3)}
    cluster["etcd"] = {
        "hosts": {**hosts, "etcd-4": {"address": "10.77.0.34", "lost": True}},
        "version": "3.5.24",
        "dataDirectory": "/srv/etcd/data",
        "quotaGib": 8,
        "heartbeatMilliseconds": 250,
        "electionMilliseconds": 2500,
        "extraCertNames": ["etcd.example.org", "198.51.100.31"],
        "snapshots": {"everyHours": 24, "keep": 14, "directory": "/srv/etcd/snapshots"},
    }
    return cluster | {"ssh": write_access(folder, cluster)}


def write_access(folder: Path, cluster: File) -> File:
    """Write a private key and the known_hosts lines of every host; return the `ssh` section that names them."""
    key = folder / "id"
    key.write_text(certificates.private_pem("login"))
    addresses = [host if isinstance(host, str) else host["address"] for _, host in machines(cluster)]
    known = folder / "known_hosts"
    known.write_text("".join(f"{address} ssh-ed25519 {HOST_KEY}\n" for address in addresses))
    return {"privateKeyFile": str(key), "knownHostsFile": str(known)}


def machines(cluster: File) -> list[tuple[str, Any]]:
    """Return name and value of every host in a cluster file."""
    groups = [cluster["endpoint"].get("hosts", {}), cluster["controlPlane"]["hosts"]]
    groups += [cluster.get("etcd", {}).get("hosts", {})]
    groups += [pool["hosts"] for pool in cluster.get("workers", {}).values()]
    return [pair for group in groups for pair in group.items()]


def with_worker(cluster: File, name: str, address: str) -> File:
    """Return the cluster file with one more worker in the pool `default`."""
    changed = copy.deepcopy(cluster)
    changed["workers"]["default"]["hosts"][name] = address
    return with_access_for_all(changed)


def with_control_plane(cluster: File, name: str, address: str) -> File:
    """Return the cluster file with one more control plane."""
    changed = copy.deepcopy(cluster)
    changed["controlPlane"]["hosts"][name] = address
    return with_access_for_all(changed)


def without(cluster: File, name: str) -> File:
    """Return the cluster file without one host."""
    changed = copy.deepcopy(cluster)
    for group in (changed["controlPlane"]["hosts"], *(p["hosts"] for p in changed["workers"].values())):
        group.pop(name, None)
    return changed


def with_lost(cluster: File, name: str) -> File:
    """Return the cluster file with one host said to be lost."""
    changed = copy.deepcopy(cluster)
    for group in (changed["controlPlane"]["hosts"], *(p["hosts"] for p in changed["workers"].values())):
        if name in group:
            group[name] = {"address": group[name], "lost": True}
    return changed


def with_access_for_all(cluster: File) -> File:
    """Return the cluster file with one host key for all hosts, also those to come."""
    return cluster | {"ssh": cluster["ssh"] | {"hostKey": f"ssh-ed25519 {HOST_KEY}"}}
