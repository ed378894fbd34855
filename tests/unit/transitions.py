"""Edits of stack dev's cluster file, each from one state to the next: what plans are tried with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from components import rules
from components.config import Cluster
from tests.unit import clusters

#: An edit changes the cluster file in place.
Edit = Callable[[clusters.File], Any]


def load(file: clusters.File) -> Cluster:
    """Read a cluster file, how to log in aside."""
    return rules.load(file)


def edited(file: clusters.File, *edits: Edit) -> clusters.File:
    """Return the file after edits, in order."""
    result = copy.deepcopy(file)
    for edit in edits:
        edit(result)
    return result


def put(path: str, value: Any) -> Edit:
    """Return the edit that sets the value at a dotted path."""

    def edit(file: clusters.File) -> None:
        *parents, last = path.split(".")
        inner = file
        for key in parents:
            inner = inner.setdefault(key, {})
        inner[last] = copy.deepcopy(value)  # a later edit may change what is inside

    return edit


def plane(name: str, address: str) -> Edit:
    """Return the edit that adds a control plane, or gives it another address."""
    return put(f"controlPlane.hosts.{name}", address)


def worker(name: str, address: str) -> Edit:
    """Return the edit that adds a worker, or gives it another address."""
    return put(f"workers.default.hosts.{name}", address)


def balancer(name: str, address: str) -> Edit:
    """Return the edit that adds a balancer, or gives it another address."""
    return put(f"endpoint.hosts.{name}", address)


def gone(*names: str) -> Edit:
    """Return the edit that removes hosts' lines."""

    def edit(file: clusters.File) -> None:
        for group in _groups(file):
            for name in names:
                group.pop(name, None)

    return edit


def lost(*names: str) -> Edit:
    """Return the edit that says of hosts that they are lost."""

    def edit(file: clusters.File) -> None:
        for group in _groups(file):
            for name in set(names) & set(group):
                group[name] = {"address": group[name], "lost": True}

    return edit


def store(name: str, address: str) -> Edit:
    """Return the edit that adds a host with etcd, or gives it another address."""
    return put(f"etcd.hosts.{name}", address)


def _groups(file: clusters.File) -> list[dict[str, Any]]:
    pools: Mapping[str, Any] = file.get("workers", {})
    return [
        file["endpoint"].get("hosts", {}),
        file["controlPlane"]["hosts"],
        file.get("etcd", {}).get("hosts", {}),
        *(p["hosts"] for p in pools.values()),
    ]


FIVE = (plane("cp-4", "10.77.0.14"), plane("cp-5", "10.77.0.15"))
_FILES = clusters.TREE / "tests" / "cases" / "files" / "etcd"
#: etcd on hosts of its own, or somebody else's.
STORES = put("etcd.hosts", {f"etcd-{number}": f"10.77.0.3{number}" for number in (1, 2, 3)})
FOREIGN = put(
    "etcd.external",
    {
        "endpoints": ["https://192.0.2.61:2379", "https://192.0.2.62:2379"],
        "caFile": f"{_FILES}/ca.crt",
        "certFile": f"{_FILES}/client.crt",
        "keyFile": f"{_FILES}/client.key",
    },
)
_SCRIPT = f"{clusters.TREE}/tests/cases/files/hook.sh"
OLD = put("kubernetes.version", "1.36.1")
NEW = put("kubernetes.version", "1.36.3")
SOURCE = "http://mirror.lab/kubernetes/core:/stable:/v{}/deb/"
MANY = put("workers.default.hosts", {f"worker-{n}": f"10.78.{n // 250}.{n % 250 + 1}" for n in range(1, 121)})

_FETCHED = {"url": "https://example.org/install.yaml", "sha256": "0" * 64}
BGP = {"asNumber": 64513, "peers": [{"address": "10.77.0.1", "asNumber": 64512}]}
VIP = put("endpoint", {"kind": "kube-vip", "address": "10.80.0.10", "mode": "bgp", "bgp": BGP})
LOCAL = put("endpoint", {"kind": "node-local"})

#: What was edited before, and what is edited now, by the name of the plan in tests/golden/plans.
EDITS: dict[str, tuple[tuple[Edit, ...], tuple[Edit, ...]]] = {
    "nothing": ((), ()),
    "add_a_control_plane": ((), FIVE[:1]),
    "three_to_five_control_planes": ((), FIVE),
    "remove_one_of_five": (FIVE, (gone("cp-2"),)),
    "remove_the_first_of_three": ((), (gone("cp-1"),)),
    "upgrade": ((OLD,), (NEW,)),
    "upgrade_to_the_next_minor": (
        (put("kubernetes.version", "1.35.6"), put("packages.kubernetes.url", SOURCE.format("1.35"))),
        (NEW, put("packages.kubernetes.url", SOURCE.format("1.36"))),
    ),
    "upgrade_where_control_planes_take_work": ((OLD, put("controlPlane.takesWork", True), gone("cp-3")), (NEW,)),
    "upgrade_one_control_plane": ((OLD, gone("cp-2", "cp-3")), (NEW,)),
    "upgrade_of_120_workers": ((OLD, MANY), (NEW,)),
    "a_new_name_in_the_certificate": ((), (put("kubernetes.extraCertNames", ["api.example.org"]),)),
    "a_replaced_worker": ((), (worker("worker-2", "10.77.0.29"),)),
    "the_only_worker_replaced": ((gone("worker-2"),), (worker("worker-1", "10.77.0.29"),)),
    "workers_of_another_pool": (
        (),
        (gone("worker-1"), put("workers.other", {"hosts": {"worker-1": "10.77.0.21"}, "labels": {"rack": "7"}})),
    ),
    "workers_in_and_out": ((), (gone("worker-1", "worker-2"), worker("worker-3", "10.77.0.23"))),
    "a_lost_control_plane": ((), (lost("cp-1"),)),
    "a_lost_control_plane_forgotten": ((lost("cp-1"),), (gone("cp-1"),)),
    "a_lost_worker": ((), (lost("worker-2"),)),
    "a_replaced_balancer": ((), (balancer("lb-2", "10.77.0.4"),)),
    "balancers_in_and_out": ((), (gone("lb-1"), balancer("lb-3", "10.77.0.4"))),
    "settings_of_haproxy": (
        (),
        (
            put("endpoint.algorithm", "source"),
            put("endpoint.timeouts", {"client": 3600, "server": 3600}),
            put("endpoint.statistics", {"port": 8405}),
        ),
    ),
    "containerd": ((put("containerd.version", "2.3.1"),), (put("containerd.version", "2.4.2"),)),
    "settings_of_containerd": ((), (put("containerd.config", {"debug": {"level": "debug"}}),)),
    "manifests": (
        (put("manifests", [_FETCHED | {"url": "https://example.org/old.yaml"}]),),
        (put("manifests", [_FETCHED]),),
    ),
    "manifests_of_the_network": (
        (put("network.cni", {"manifests": [_FETCHED]}),),
        (put("network.cni", {"manifests": [_FETCHED | {"sha256": "1" * 64}]}),),
    ),
    "settings_alone": ((), (put("drain.timeoutSeconds", 60), put("registries", {"docker.io": ["https://m.example"]}))),
    "a_name_fewer_in_the_certificate": (
        (put("kubernetes.extraCertNames", ["api.example.org", "api.example.com"]),),
        (put("kubernetes.extraCertNames", ["api.example.com"]),),
    ),
    "flags_and_a_control_plane_that_is_first": (
        (),
        (
            put("kubernetes.apiServer.extraArgs", [{"name": "event-ttl", "value": "2h"}]),
            put("controlPlane.hosts", {f"cp-{n}": f"10.77.0.1{n or 9}" for n in range(4)}),
        ),
    ),
    "flags_of_the_control_plane": (
        (),
        (
            put("kubernetes.apiServer.extraArgs", [{"name": "event-ttl", "value": "2h"}]),
            put("kubernetes.scheduler.extraArgs", [{"name": "v", "value": "3"}]),
        ),
    ),
    "more_pods_a_node": ((), (put("kubernetes.kubelet.maxPods", 200),)),
    "more_pods_on_one_worker": (
        (),
        (put("workers.default.hosts.worker-2", {"address": "10.77.0.22", "kubelet": {"maxPods": 200}}),),
    ),
    "reserved_on_control_planes": ((), (put("controlPlane.kubelet", {"systemReserved": {"memory": "1Gi"}}),)),
    "kube_proxy": ((), (put("kubernetes.kubeProxy.mode", "iptables"),)),
    "a_feature_gate": ((), (put("kubernetes.featureGates", {"MaxUnavailableStatefulSet": True}),)),
    "audit_turned_on": ((), (put("audit", {}),)),
    "audit_kept_for_longer": ((put("audit", {}),), (put("audit.maxAgeDays", 90),)),
    "flags_of_one_control_plane": (
        (gone("cp-2", "cp-3"),),
        (put("kubernetes.apiServer.extraArgs", [{"name": "event-ttl", "value": "2h"}]),),
    ),
    "snapshots_turned_on": ((), (put("etcd.snapshots", {}),)),
    "snapshots_more_often": (
        (STORES, put("etcd.snapshots", {})),
        (put("etcd.snapshots", {"everyHours": 1, "keep": 48, "directory": "/srv/backups/etcd", "then": _SCRIPT}),),
    ),
    "snapshots_turned_off": ((put("etcd.snapshots", {}),), (put("etcd.snapshots", None),)),
    "a_control_plane_with_snapshots": ((put("etcd.snapshots", {}),), FIVE[:1]),
    "etcd_grows": ((STORES,), (store("etcd-4", "10.77.0.34"), store("etcd-5", "10.77.0.35"))),
    "etcd_shrinks": ((STORES, store("etcd-4", "10.77.0.34"), store("etcd-5", "10.77.0.35")), (gone("etcd-1"),)),
    "etcd_loses_a_host": ((STORES,), (lost("etcd-2"),)),
    "etcd_in_another_version": (
        (STORES, put("etcd.version", "3.6.6")),
        (put("etcd.version", "3.6.8"), put("etcd.quotaGib", 8), put("etcd.extraCertNames", ["etcd.example.org"])),
    ),
    "a_control_plane_leaves_beside_etcd": ((STORES,), (gone("cp-1"),)),
    "somebody_elses_etcd_moves": ((FOREIGN,), (put("etcd.external.endpoints", ["https://192.0.2.61:2379"]),)),
    "another_bgp_peer": (
        (VIP,),
        (put("endpoint.bgp.peers", [{"address": "10.77.0.2", "asNumber": 64512}]),),
    ),
    "a_control_plane_with_kube_vip_leaves": ((VIP,), (gone("cp-2"),)),
    "upgrade_with_kube_vip": ((OLD, VIP), (NEW,)),
    "a_control_plane_behind_node_local_proxies": ((LOCAL,), FIVE[:1]),
    "another_image_of_the_proxy": ((LOCAL,), (put("endpoint.image", "registry.example.org/haproxy:3.2.5"),)),
    "three_at_once": (
        (),
        (
            put("kubernetes.extraCertNames", ["api.example.org"]),
            gone("worker-1"),
            worker("worker-3", "10.77.0.23"),
            *FIVE,
        ),
    ),
}
