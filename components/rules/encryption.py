"""Encryption of objects in etcd."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault
from components.spelling import nearest

PATH = "encryption.resources"
#: What is in the group that has no name: whatever else there is has its group behind a dot.
_CORE = (
    *("configmaps", "endpoints", "events", "limitranges", "namespaces", "nodes", "persistentvolumeclaims"),
    *("persistentvolumes", "pods", "podtemplates", "replicationcontrollers", "resourcequotas", "secrets"),
    *("serviceaccounts", "services"),
)


def resources(cluster: Cluster) -> Iterator[Fault]:
    """Yield resources that there are not, or that are named twice: API servers do not start with them."""
    seen: set[str] = set()
    for name in cluster.encryption.resources:
        if "." not in name and name not in _CORE:
            near = nearest(name, _CORE, cutoff=0.85)
            yield Fault(
                PATH,
                f"'{name}' is none of the resources without a group, and nothing would be encrypted by that name",
                f"Did you mean '{near}'?" if near else "Write its group behind a dot, as in deployments.apps.",
            )
        if name in seen:
            yield Fault(PATH, f"'{name}' is named twice, and API servers do not start with that", "Write it once.")
        seen.add(name)


def plain(cluster: Cluster) -> Iterator[Fault]:
    """Yield secrets that are in etcd, and in its snapshots, as they are."""
    if not cluster.encryption.on:
        yield Fault(
            "encryption.provider",
            "is none: who has etcd's data or a snapshot of it has every secret",
            "Remove it when the cluster is built anew; a cluster that runs keeps what it was started with.",
        )
    elif not {"secrets", "*.", "*.*"} & set(cluster.encryption.resources):
        yield Fault(PATH, "leaves secrets out", "Add secrets.")


RULES = (resources,)
CAUTIONS = (plain,)
