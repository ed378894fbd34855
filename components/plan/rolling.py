"""What is done on each node that runs, one after another: another release, another containerd, other settings of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.plan.transition import Change, Transition

#: What containerd is told of the way out.
WAYS_OUT = ("proxy.http", "proxy.https", "proxy.noProxy")


def rolls(transition: Transition) -> list[str]:
    """Return what has to be done on each node that runs, one after another."""
    said = []
    version = transition.change("kubernetes.version")
    runtime = transition.change("containerd.version")
    if version:
        said.append(f"upgraded from Kubernetes {version.before} to {version.after}")
    if runtime:
        said.append(f"moved from containerd {runtime.before} to {runtime.after}")
    if any(transition.change(path) for path in WAYS_OUT):
        said.append("given containerd's new proxy (containerd restarts, containers run on)")
    if transition.change("containerd.config"):
        said.append("given containerd's new settings (containerd restarts, containers run on)")
    return said


def drains(transition: Transition) -> bool:
    """Whether nodes that run are drained on the way."""
    return bool(transition.change("kubernetes.version") or transition.change("containerd.version"))


def in_turn(transition: Transition, pool: str) -> int:
    """Return how many of a pool's workers may be away at a time."""
    options: dict[str, Any] = transition.wanted.get("workers", {}).get(pool, {})
    return int(options.get("maxUnavailable", 1))


def undone(transition: Transition) -> Mapping[str, Any]:
    """Return how what leaves is drained: as it was deployed, since that is undone."""
    deployed: Mapping[str, Any] = (transition.deployed or {}).get("drain") or transition.wanted["drain"]
    return deployed


def undone_in(transition: Transition) -> int:
    """Return for how many seconds at most what leaves is drained."""
    return int(undone(transition)["timeoutSeconds"])


def releases(transition: Transition) -> Iterator[tuple[str, Change]]:
    """Yield what is upgraded and never goes back, with its versions."""
    for what, path in (("Kubernetes", "kubernetes.version"), ("etcd", "etcd.version")):
        change = transition.change(path)
        if change:
            yield what, change
