"""What nodes carry: keys that somebody else writes, and nodes that nothing could run on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.config import Cluster, Marks
from components.faults import Fault, some
from components.spelling import nearest

#: What the kubelet or kubeadm writes on a node, and would write over.
_OWNED = {
    "kubernetes.io/hostname": "the kubelet",
    "kubernetes.io/arch": "the kubelet",
    "kubernetes.io/os": "the kubelet",
    "node-role.kubernetes.io/control-plane": "kubeadm",
    "node.kubernetes.io/exclude-from-external-load-balancers": "kubeadm",
    "kubeadm.alpha.kubernetes.io/cri-socket": "kubeadm",
    "node.alpha.kubernetes.io/ttl": "the controller manager",
    "volumes.kubernetes.io/controller-managed-attach-detach": "the kubelet",
    "csi.volume.kubernetes.io/nodeid": "the kubelet",
}
_OWNED_PREFIXES = {"beta.kubernetes.io": "the kubelet", "kubeadm-ha": "this program"}
#: Annotations of flannel's that are an administrator's to set.
_FLANNEL = "flannel.alpha.coreos.com"
#: Prefixes with which Kubernetes taints nodes by what state they are in.
_CONDITIONS = ("node.kubernetes.io", "node.cloudprovider.kubernetes.io")
#: Prefixes that no one but Kubernetes gives keys to; those below them are each somebody's.
_RESERVED = ("kubernetes.io", "k8s.io")
#: A node's annotations together, as the API server counts them.
ANNOTATIONS_BYTES = 256 * 1024
_PLACE = "Remove it: it is set on every node already, and would be written over."
_KEPT_OUT = ("NoSchedule", "NoExecute")


def keys(cluster: Cluster) -> Iterator[Fault]:
    """Yield a key that is not a user's to give."""
    for path, section in _carriers(cluster):
        for kind in ("labels", "annotations"):
            for key in getattr(section, kind, {}) if section.knows(kind) else {}:
                yield from _somebodys(f"{path}.{kind}.{key}", key)
        for number, taint in enumerate(section.taints if section.knows("taints") else []):
            yield from _taint(f"{path}.taints.{number}.key", taint.key)


def _somebodys(path: str, key: str) -> Iterator[Fault]:
    prefix = key.rpartition("/")[0]
    owner = _OWNED.get(key) or _OWNED_PREFIXES.get(prefix)
    if prefix == _FLANNEL and not key.endswith("-overwrite"):
        owner = "flannel"
    if owner:
        yield Fault(path, f"belongs to {owner}", _PLACE)
    elif prefix in _RESERVED:
        yield Fault(
            path,
            f"begins with {prefix}/, which is reserved for Kubernetes itself",
            "Use a domain of your own, such as 'example.org/'; zone and region are topology.kubernetes.io/zone and"
            " topology.kubernetes.io/region.",
        )


def _taint(path: str, key: str) -> Iterator[Fault]:
    prefix = key.rpartition("/")[0]
    if key == "node-role.kubernetes.io/control-plane":
        yield Fault(path, "is kubeadm's taint of control planes", "Remove it: controlPlane.takesWork says it.")
    elif prefix in _CONDITIONS:
        yield Fault(path, f"begins with {prefix}/, by which Kubernetes says in what state a node is", "Use your own.")
    else:
        yield from _somebodys(path, key)


def twice(cluster: Cluster) -> Iterator[Fault]:
    """Yield a taint that stands twice in one list: a node has one of each key and effect."""
    for path, section in _carriers(cluster):
        seen = set()
        for number, taint in enumerate(section.taints if section.knows("taints") else []):
            if (taint.key, taint.effect) in seen:
                yield Fault(
                    f"{path}.taints.{number}",
                    f"{taint.key} with {taint.effect} stands there already",
                    "Remove one: a node has one taint of each key and effect.",
                )
            seen.add((taint.key, taint.effect))


def sizes(cluster: Cluster) -> Iterator[Fault]:
    """Yield annotations that the API server would not take."""
    for path, section in _carriers(cluster):
        if section.knows("annotations"):
            size = sum(len(key.encode()) + len(value.encode()) for key, value in section.annotations.items())
            if size > ANNOTATIONS_BYTES:
                yield Fault(f"{path}.annotations", f"are {size} bytes together", f"{ANNOTATIONS_BYTES} is the most.")


def on_others(cluster: Cluster) -> Iterator[Fault]:
    """Yield what balancers and etcd hosts cannot carry, since they are no nodes."""
    for path, (_, host) in cluster.machines().items():
        what = {"endpoint": "a balancer", "etcd": "an etcd host"}.get(path.partition(".")[0])
        # A machine that is made has the label of its zone, whatever it is for.
        if what and cluster.provider == "static":
            for kind in ("labels", "annotations", "taints"):
                if host.knows(kind) and getattr(host, kind):
                    yield Fault(f"{path}.{kind}", f"is for nodes, and {what} is none", "Remove it.")


def _carriers(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    """Yield every section with marks by its path."""
    if cluster.knows("control_plane"):
        yield "controlPlane", cluster.control_plane
    if cluster.knows("workers"):
        yield from ((f"workers.{pool}", options) for pool, options in cluster.workers.items())
    for path, (_, host) in cluster.machines().items():
        if not path.startswith("endpoint."):
            yield path, host


def nowhere(cluster: Cluster) -> Iterator[Fault]:
    """Yield that every node keeps ordinary pods off."""
    marks = cluster.marks()
    living = [name for pool in cluster.workers.values() for name, host in pool.hosts.items() if not host.lost]
    workers = [marks.get(name, Marks()) for name in living]
    workers += [cluster.marks_of_pool(pool) for pool in cluster.elastic_pools()]
    planes = [marks.get(name, Marks()) for name, host in cluster.control_plane.hosts.items() if not host.lost]
    takes = cluster.control_plane.takes_work
    if (workers or takes) and all(map(_shut, workers)) and (not takes or all(map(_shut, planes))):
        yield Fault(
            "workers" if workers else "controlPlane.taints",
            "every node that takes pods has a taint: a pod without a toleration runs nowhere",
            "Leave some without, or see that all pods tolerate them.",
        )
        if all(map(_shut, planes)):
            yield Fault(
                "controlPlane.taints",
                "keep CoreDNS off the last nodes it could run on: names of services are not answered",
                "Leave some node without, or give CoreDNS a toleration.",
            )


def _shut(marks: Marks) -> bool:
    return any(effect in _KEPT_OUT for _, effect in marks.taints)


def hooks(cluster: Cluster) -> Iterator[Fault]:
    """Yield a hook for a pool that there is not."""
    known = ["controlPlane", *cluster.workers]
    for key, listed in (("beforeJoin", cluster.hooks.before_join), ("afterJoin", cluster.hooks.after_join)):
        for number, hook in enumerate(listed):
            for group in hook.on:
                if group not in known:
                    near = nearest(group, known)
                    remedy = f"Did you mean '{near}'?" if near else f"There are {', '.join(known)}."
                    yield Fault(f"hooks.{key}.{number}.on", f"names {group!r}, which is no pool", remedy)


def proxy(cluster: Cluster) -> Iterator[Fault]:
    """Yield exceptions from a proxy that there is not."""
    if cluster.proxy.no_proxy and not (cluster.proxy.http or cluster.proxy.https):
        yield Fault(
            "proxy.noProxy", "says what goes without a proxy, and none is named", "Name it: proxy.http, proxy.https."
        )


def half_a_proxy(cluster: Cluster) -> Iterator[Fault]:
    """Yield a proxy for the half of what goes out."""
    sources = [
        repository and repository.url for repository in (cluster.packages.kubernetes, cluster.packages.containerd)
    ]
    plain = all(url and url.startswith("http://") for url in sources)
    if cluster.proxy.http and not cluster.proxy.https and not plain:
        yield Fault(
            "proxy.https",
            "is missing: upstream's packages and images are at addresses that begin with https://",
            f"Write it too: often it is {cluster.proxy.http}.",
        )


#: What a pod gets to end in unless it says otherwise.
GRACE = 30


def hurried(cluster: Cluster) -> Iterator[Fault]:
    """Yield a drain that ends before pods do."""
    timeout = cluster.drain.timeout_seconds
    if timeout <= GRACE:
        yield Fault(
            "drain.timeoutSeconds",
            f"is {timeout}, and a pod has {GRACE} seconds to end in: removals and upgrades would stop half-way",
            "Choose more; 300 is the default.",
        )


def all_at_once(cluster: Cluster) -> Iterator[Fault]:
    """Yield pools whose workers may all be out of service at the same time."""
    for pool, options in cluster.workers.items():
        living = sum(not host.lost for host in options.hosts.values())
        if 1 < living <= options.max_unavailable:
            yield Fault(
                f"workers.{pool}.maxUnavailable",
                f"is {options.max_unavailable}, and there are {living} workers: an upgrade drains all at once, and pods"
                " have nowhere to go",
                f"Choose {living - 1} or fewer; 1 is the default.",
            )


#: What an organisation's zones are told by, and what was in use before.
_PLACES = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")
_GONE = {f"failure-domain.beta.kubernetes.io/{place.rpartition('/')[2]}": place for place in _PLACES}


def misspelt(cluster: Cluster) -> Iterator[Fault]:
    """Yield labels that look like those by which Kubernetes spreads pods, and that nothing reads."""
    for path, section in _carriers(cluster):
        for key in section.labels:
            meant = _GONE.get(key) or nearest(key, _PLACES, cutoff=0.9)
            if meant and key not in _PLACES:
                yield Fault(f"{path}.labels.{key}", "is a label that nothing spreads pods by", f"Write {meant}.")


def without_zone(cluster: Cluster) -> Iterator[Fault]:
    """Yield nodes that do not say where they are, beside others that do."""
    marks = cluster.marks()
    planes = {"controlPlane.hosts": cluster.control_plane.hosts}
    workers = {"workers": {name: host for pool in cluster.workers.values() for name, host in pool.hosts.items()}}
    for path, hosts in (planes | workers).items():
        nodes = [name for name, host in hosts.items() if not host.lost]
        missing = [name for name in nodes if _PLACES[0] not in marks.get(name, Marks()).labels]
        if missing and len(missing) < len(nodes):
            yield Fault(
                path,
                f"{some(missing)} {'has' if len(missing) == 1 else 'have'} no label {_PLACES[0]}, and others have:"
                " pods that are spread over zones do not go there",
                "Label all of them, or none.",
            )


RULES = (keys, twice, sizes, on_others, hooks, proxy)
CAUTIONS = (nowhere, hurried, all_at_once, half_a_proxy, misspelt, without_zone)
