"""What is known of a cluster: what its stack says there is, and what was seen. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class VerifyError(Exception):
    """Nothing can be said of the cluster; the message is one sentence with the way out."""


@dataclass(frozen=True)
class EtcdClient:
    """What a client shows etcd on hosts of its own, in PEM."""

    ca: str = field(repr=False)
    certificate: str = field(repr=False)
    key: str = field(repr=False)


@dataclass(frozen=True)
class Stack:
    """The outputs of a cluster's stack, as docs/outputs.md describes them."""

    name: str
    """Name of the cluster."""
    version: str
    """Kubernetes version, such as `1.36.3`."""
    host: str
    """Host of the endpoint: an address or a DNS name."""
    port: int
    """Port of the endpoint, and of each balancer."""
    kubeconfig: str = field(repr=False)
    """kubeconfig of an administrator, secret."""
    ca: str = field(repr=False)
    """PEM of the Kubernetes CA."""
    balancers: Mapping[str, str]
    """Balancers, name to address."""
    control_planes: Mapping[str, str]
    """Control planes, name to address."""
    workers: Mapping[str, Mapping[str, str]]
    """Workers by pool, name to address."""
    certificates: Mapping[str, Mapping[str, datetime]]
    """Ends of certificates by control plane, and of those that the program made under the empty name."""
    etcd_kind: str = "stacked"
    """`stacked`, on `hosts` of its own, or `external`, which is somebody else's."""
    etcd: Mapping[str, str] = field(default_factory=dict)
    """Hosts that run etcd and nothing else, name to address."""
    etcd_client: EtcdClient | None = field(default=None, repr=False)
    """How those are asked."""
    snapshot_hours: int = 0
    """How many hours apart members' hosts take snapshots of etcd, 0 where they take none."""

    @property
    def shared(self) -> bool:
        """Whether the endpoint is something before the API servers, and not one of them, as with kind node-local."""
        return self.host not in self.control_planes.values()

    def server_name(self, address: str) -> str:
        """Return the name that the certificate at an address must have: the endpoint's, or else its own."""
        return self.host if self.shared else address

    def members(self) -> list[str]:
        """Return the names of the hosts that must have an etcd member."""
        return {"stacked": list(self.control_planes), "hosts": list(self.etcd)}.get(self.etcd_kind, [])

    def nodes(self) -> list[str]:
        """Return the names of all hosts that must be nodes."""
        return [*self.control_planes, *(name for pool in self.workers.values() for name in pool)]


@dataclass(frozen=True)
class Probe:
    """One GET of /readyz at one address, with the cluster's CA and the endpoint's name verified."""

    ready: bool
    """Whether the answer was 200."""
    seconds: float
    """How long it took."""
    problem: str = ""
    """Why it is not ready, in a few words."""
    certificate_ends: datetime | None = None
    """End of the certificate that was served."""
    date: datetime | None = None
    """The clock of the API server that answered."""


@dataclass(frozen=True)
class Node:
    """A node as the API has it."""

    name: str
    ready: bool
    cordoned: bool
    version: str
    """Version of its kubelet, such as `v1.36.3`."""
    problem: str = ""
    """The reason it gives for not being ready."""
    elastic: str = ""
    """The pool that it is of, where that grows and shrinks by itself."""


@dataclass(frozen=True)
class Pod:
    """A pod of kube-system."""

    name: str
    node: str
    ready: bool
    component: str
    """`kube-dns`, or the component of a control plane; else empty."""


@dataclass(frozen=True)
class Workload:
    """A deployment or a daemon set."""

    name: str
    """`namespace/name`."""
    ready: int
    wanted: int


@dataclass(frozen=True)
class Lease:
    """Who leads among the controller managers, or among the schedulers."""

    name: str
    holder: str
    """Name of the node, empty when nobody holds it."""
    renewed: datetime
    duration_seconds: int


@dataclass(frozen=True)
class Objects:
    """What the API has."""

    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    workloads: tuple[Workload, ...]
    leases: tuple[Lease, ...]


@dataclass(frozen=True)
class MemberStatus:
    """What an etcd member says of itself."""

    leader: int
    """Id of the member that leads, 0 when it knows of none."""
    raft_index: int
    """Number of the last log entry that it has."""
    version: str
    size_bytes: int
    """Size of its database's file."""
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """An etcd member, as the members list it."""

    id: int
    name: str
    """Name of its control plane; its peer address when it has never started."""
    learner: bool
    status: MemberStatus | None
    """None when it does not answer."""


@dataclass(frozen=True)
class SnapshotNote:
    """What a host noted in etcd of its snapshots."""

    taken: datetime | None
    """When the newest one that it has was taken; None when it has none."""
    problem: str = ""
    """What was in the way of one after that."""


@dataclass(frozen=True)
class Facts:
    """All that was seen, within a few seconds."""

    now: datetime
    """The cluster's clock where it answers, else this machine's."""
    endpoint: Probe
    balancers: Mapping[str, Probe]
    control_planes: Mapping[str, Probe]
    objects: Objects | str
    """What the API has, or why that is not known."""
    members: tuple[Member, ...] | str
    """etcd's members, or why they are not known."""
    snapshots: Mapping[str, SnapshotNote] | str = field(default_factory=dict)
    """What hosts noted of their snapshots, by name, or why that is not known."""
