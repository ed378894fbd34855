"""Rules of a cluster file that span several keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from pydantic import ValidationError

from components import releases
from components.config import Cluster
from components.faults import ConfigurationError, Fault, schema_fault
from components.render import balancer

RELEASES = "https://kubernetes.io/releases/version-skew-policy"


def load(data: Mapping[str, Any], *more: Callable[[Cluster], Iterator[Fault]]) -> Cluster:
    """Return the cluster that `data` describes, after our rules and `more` of the caller's.

    Raises ConfigurationError with every fault of the file at once.
    """
    try:
        cluster = Cluster.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError([schema_fault(e, Cluster) for e in error.errors()]) from None
    faults = [fault for rule in (*RULES, *more) for fault in rule(cluster)]
    if faults:
        raise ConfigurationError(faults)
    return cluster


def _versions(cluster: Cluster) -> Iterator[Fault]:
    version = cluster.kubernetes.version
    known = releases.releases()
    release = known.get(releases.minor(version))
    if release is None:
        yield Fault(
            "kubernetes.version",
            f"{version} is of a minor that is not supported",
            f"Choose a patch of {', '.join(known)} ({RELEASES}).",
        )
        return
    if _numbers(version) < _numbers(release.floor):
        yield Fault(
            "kubernetes.version",
            f"{version} is older than {release.floor}",
            f"Choose {release.floor} or later: before it one dead etcd member blocks every join (kubernetes#138403).",
        )
    oldest = release.containerd.get(releases.minor(cluster.containerd.version))
    if oldest is None:
        yield Fault(
            "containerd.version",
            f"{cluster.containerd.version} is not supported by Kubernetes {release.minor}",
            f"Choose a patch of {', '.join(release.containerd)}.",
        )
    elif _numbers(cluster.containerd.version) < _numbers(oldest):
        yield Fault(
            "containerd.version",
            f"{cluster.containerd.version} is older than {oldest}",
            f"Choose {oldest} or later: the matrix of containerd asks for it with Kubernetes {release.minor}.",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _counts(cluster: Cluster) -> Iterator[Fault]:
    planes = len(cluster.control_plane.hosts)
    if planes == 0:
        yield Fault("controlPlane.hosts", "names no host", "Name one, three, five or seven.")
    elif all(host.lost for host in cluster.control_plane.hosts.values()):
        yield Fault("controlPlane.hosts", "are all lost", "One that lives has to take the others out.")
    elif planes > 7:
        yield Fault(
            "controlPlane.hosts",
            f"names {planes} hosts",
            "More than 7 etcd members make every write slower (etcd FAQ); name 3, 5 or 7.",
        )
    balancers = len(cluster.endpoint.hosts)
    if balancers < 2:
        yield Fault(
            "endpoint.hosts",
            f"names {balancers} balancer host{'s' if balancers != 1 else ''}",
            "Name two or more, or the API is lost with that host.",
        )
    for pool, options in cluster.workers.items():
        if not options.hosts:
            yield Fault(f"workers.{pool}.hosts", "names no host", "Name one, or remove the pool.")


def _ranges(cluster: Cluster) -> dict[str, IPv4Network]:
    return {"podSubnet": cluster.network.pod_subnet, "serviceSubnet": cluster.network.service_subnet}


def _hosts(cluster: Cluster) -> Iterator[Fault]:
    by_name: dict[str, str] = {}
    by_address: dict[str, str] = {}
    for path, (name, host) in cluster.machines().items():
        if name in by_name:
            yield Fault(path, f"the name {name} stands at {by_name[name]} too", "Rename one.")
        by_name.setdefault(name, path)
        address = str(host.address)
        if address in by_address:
            yield Fault(path, f"{address} is the address of {by_address[address]} too", "Give each host its own.")
        by_address.setdefault(address, path)
        for key, subnet in _ranges(cluster).items():
            if host.address in subnet:
                yield Fault(
                    f"network.{key}", f"{subnet} holds the host {name} ({address})", "Choose a range without hosts."
                )


def _endpoint(cluster: Cluster) -> Iterator[Fault]:
    address = cluster.endpoint.address
    if cluster.endpoint.port == balancer.HEALTH_PORT:
        yield Fault(
            "endpoint.port", f"{balancer.HEALTH_PORT} is where HAProxy says that it is alive", "Choose another."
        )
    for key, subnet in _ranges(cluster).items():
        if address in subnet:
            yield Fault("endpoint.address", f"{address} is in network.{key} {subnet}", "Choose one outside.")
    for path, given in {
        "endpoint.address": address,
        **{p: h.address for p, (_, h) in cluster.machines().items()},
    }.items():
        if given.is_loopback or given.is_unspecified or given.is_multicast or given.is_reserved or given.is_link_local:
            yield Fault(
                path, f"{given} is not an address that other hosts reach", "Give the host's address in its network."
            )
    for path, (_, host) in cluster.machines().items():
        if host.address == address:
            yield Fault("endpoint.address", f"{address} belongs to {path}", "Choose a free address.")


def _networks(cluster: Cluster) -> Iterator[Fault]:
    pods, services = cluster.network.pod_subnet, cluster.network.service_subnet
    if pods.overlaps(services):
        yield Fault("network.podSubnet", f"{pods} overlaps serviceSubnet {services}", "Choose two separate ranges.")
    nodes = len(cluster.control_plane.hosts) + sum(len(p.hosts) for p in cluster.workers.values())
    room = 2 ** max(0, 24 - pods.prefixlen) if pods.prefixlen <= 24 else 0
    if room < nodes:
        yield Fault(
            "network.podSubnet",
            f"{pods} has room for {room} nodes with a /24 each, and there are {nodes}",
            "Choose a larger range; it cannot be changed later.",
        )
    if services.num_addresses < 256 or services.prefixlen < 12:
        yield Fault(
            "network.serviceSubnet", f"{services} is not between /12 and /24", "Choose one such as 10.96.0.0/12."
        )


def _kubeadm(cluster: Cluster) -> Iterator[Fault]:
    if "all" in map(str.lower, cluster.kubernetes.ignore_preflight_errors):
        yield Fault(
            "kubernetes.ignorePreflightErrors",
            "'all' hides what breaks a cluster later",
            "Name the checks that may fail.",
        )


def _containerd(cluster: Cluster) -> Iterator[Fault]:
    yield from _nulls("containerd.config", cluster.containerd.config)


def _nulls(path: str, value: Any) -> Iterator[Fault]:
    if value is None:
        yield Fault(path, "is null, which TOML does not have", "Give a value, or remove the key.")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _nulls(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nulls(f"{path}.{index}", inner)


def _pods_per_node(cluster: Cluster) -> Iterator[Fault]:
    pods = cluster.kubernetes.kubelet.get("maxPods", 110)
    if isinstance(pods, int) and pods > 254:
        yield Fault("kubernetes.kubelet.maxPods", f"{pods} pods do not fit into a node's /24", "Choose at most 254.")


def warnings(cluster: Cluster) -> Iterator[Fault]:
    """Yield what works and is worth a second thought."""
    planes = sum(not host.lost for host in cluster.control_plane.hosts.values())
    if planes and planes % 2 == 0:
        yield Fault(
            "controlPlane.hosts",
            f"{planes} etcd members survive no more losses than {planes - 1} (etcd FAQ)",
            "Good on the way to an odd number, not to stay.",
        )
    if planes == 1:
        yield Fault("controlPlane.hosts", "with one control plane any loss ends the cluster", "Name three.")
    if cluster.kubernetes.kube_proxy.get("mode") == "ipvs":
        yield Fault("kubernetes.kubeProxy.mode", "ipvs is deprecated", "Remove it: nftables is the default here.")


def _package_keys(cluster: Cluster) -> Iterator[Fault]:
    for kind in ("kubernetes", "containerd"):
        repository = getattr(cluster.packages, kind)
        if repository is None:
            continue
        key = repository.key
        if (key.file is None) == (key.url is None):
            yield Fault(f"packages.{kind}.key", "needs either file or url", "Give one of the two.")
        if key.url and not key.fingerprint:
            yield Fault(f"packages.{kind}.key.fingerprint", "is missing", "A key that is fetched must be pinned.")


#: Every rule; each yields the faults it finds.
RULES = (_versions, _counts, _hosts, _endpoint, _networks, _kubeadm, _containerd, _pods_per_node, _package_keys)
