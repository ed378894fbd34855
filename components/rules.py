"""Rules of a cluster file that span several keys, and the report of everything that is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from components import releases
from components.config import Cluster

RELEASES = "https://kubernetes.io/releases/version-skew-policy"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong: where, what was found, and the way out."""

    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}. {self.remedy}"


class ConfigurationError(Exception):
    """The cluster file cannot be used. Its text lists every fault; nothing has been contacted."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(set(faults))
        count = f"{len(self.faults)} fault{'s' if len(self.faults) > 1 else ''}"
        listed = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"the cluster file has {count}; no host was contacted:\n{listed}")


def load(data: Mapping[str, Any]) -> Cluster:
    """Return the cluster that `data` describes.

    Raises ConfigurationError with every fault of the file at once.
    """
    try:
        cluster = Cluster.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError([_schema_fault(e) for e in error.errors()]) from None
    faults = [fault for rule in RULES for fault in rule(cluster)]
    if faults:
        raise ConfigurationError(faults)
    return cluster


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that exist beside the one at `location`."""
    model: Any = Cluster
    for part in location[:-1]:
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {f.alias: f.annotation for f in model.model_fields.values()}
            model = fields.get(str(part))
        else:  # a mapping by name: go on with the type of its values
            model = get_args(model)[1] if len(get_args(model)) > 1 else None
        while get_args(model) and not (isinstance(model, type) and issubclass(model, BaseModel)):
            inner = [a for a in get_args(model) if isinstance(a, type) and issubclass(a, BaseModel)]
            if not inner:
                break
            model = inner[0]
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [str(f.alias) for f in model.model_fields.values()]
    return []


def _schema_fault(error: Any) -> Fault:
    location = tuple(part for part in error["loc"] if part != "[key]")
    path = ".".join(str(part) for part in location) or "cluster"
    match error["type"]:
        case "extra_forbidden":
            known = _known_keys(location)
            near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."
            return Fault(path, "is not a known key", hint)
        case "missing":
            return Fault(path, "is missing", "Add it; docs/configuration.md has an example.")
        case "literal_error":
            expected = error["ctx"]["expected"]
            return Fault(path, f"is {error['input']!r}", f"Choose {expected}.")
    message = str(error["msg"]).removeprefix("Value error, ")
    problem, _, remedy = message.partition(": ")
    shown = "" if isinstance(error["input"], dict | list) else f"{error['input']!r}: "
    return Fault(path, f"{shown}{problem}", f"{remedy or 'See docs/configuration.md'}.")


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
    if releases.minor(cluster.containerd.version) not in release.containerd:
        yield Fault(
            "containerd.version",
            f"{cluster.containerd.version} is not supported by Kubernetes {release.minor}",
            f"Choose a patch of {', '.join(release.containerd)}.",
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
        for what in ("pod_subnet", "service_subnet"):
            subnet = getattr(cluster.network, what)
            if host.address in subnet:
                key = "podSubnet" if what == "pod_subnet" else "serviceSubnet"
                yield Fault(
                    f"network.{key}", f"{subnet} holds the host {name} ({address})", "Choose a range without hosts."
                )


def _endpoint(cluster: Cluster) -> Iterator[Fault]:
    address = cluster.endpoint.address
    if address.is_loopback or address.is_unspecified:
        yield Fault("endpoint.address", f"{address} means each host itself", "Give an address that all hosts reach.")
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
    if "all" in cluster.kubernetes.ignore_preflight_errors:
        yield Fault(
            "kubernetes.ignorePreflightErrors",
            "'all' hides what breaks a cluster later",
            "Name the checks that may fail.",
        )


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
RULES = (_versions, _counts, _hosts, _endpoint, _networks, _kubeadm, _package_keys)
