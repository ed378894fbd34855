"""Encryption of objects in etcd."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault

PATH = "encryption.resources"
#: What is written in the singular by mistake.
_SINGULAR = {"secret": "secrets", "configmap": "configmaps", "pod": "pods", "event": "events"}


def resources(cluster: Cluster) -> Iterator[Fault]:
    """Yield resources that there are not, or that are named twice: API servers do not start with them."""
    seen: set[str] = set()
    for name in cluster.encryption.resources:
        if name in _SINGULAR:
            yield Fault(PATH, f"'{name}' is not the name of a resource", f"Did you mean '{_SINGULAR[name]}'?")
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
