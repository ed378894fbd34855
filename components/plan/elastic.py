"""Pools that grow and shrink by themselves: made, given other limits, given another template, ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.plan.transition import Role, Transition
from components.plan.words import listed

#: Settings that every machine of a pool is told: a change of one is another template.
_TOLD = {
    "kubernetes.version": "Kubernetes' version",
    "containerd.version": "containerd's version",
    "containerd.config": "containerd's settings",
    "kubernetes.kubelet": "kubelets' settings",
    "kubernetes.featureGates": "the feature gates",
    "kubernetes.ignorePreflightErrors": "what kubeadm passes over",
    "packages.kubernetes": "the source of packages",
    "packages.containerd": "the source of packages",
    "registries": "the mirrors of images",
    "proxy.http": "the proxy",
    "proxy.https": "the proxy",
    "proxy.noProxy": "the proxy",
    "hooks.beforeJoin": "the hooks",
    "hooks.afterJoin": "the hooks",
    "drain.timeoutSeconds": "draining",
    "drain.deleteUnmanagedPods": "draining",
    "aws.tags": "the tags",
}
#: The same of one pool.
_OWN = {"labels": "its labels", "taints": "its taints", "kubelet": "its kubelets' settings"}
#: The same of what of AWS runs in the cluster; a cluster that was deployed before there was a choice has none of it.
_CLOUD = {"cloudControllerManager": "what kubelets wait for", "ebsCsiDriver": "the images that are pulled beforehand"}
_MACHINES = {"instanceType": "its instance type", "volumeGib": "the size of its volumes"}


def pools(document: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Return the elastic pools of a snapshot, by name."""
    workers = (document or {}).get("workers", {})
    return {name: pool for name, pool in workers.items() if (pool.get("machines") or {}).get("autoScaling")}


def limits(pool: Mapping[str, Any]) -> str:
    """Return how many machines a pool may have."""
    scaling = pool["machines"]["autoScaling"]
    return f"{scaling['min']} to {scaling['max']} machines"


def stage(transition: Transition) -> tuple[str, list[str]]:
    """Return what happens to elastic pools, after all that the cluster file lists."""
    return "Elastic pools, whose machines join and leave by themselves", list(_lines(transition))


def headline(transition: Transition) -> Iterator[str]:
    """Yield the same in a few words, for a cluster that runs."""
    before, after = pools(transition.deployed), pools(transition.wanted)
    yield from (f"elastic pool {name} is made, {limits(pool)}" for name, pool in after.items() if name not in before)
    for name, pool in after.items():
        if name in before and _reasons(transition, name):
            yield f"the machines of elastic pool {name} are replaced"
        if name in before and limits(before[name]) != limits(pool):
            yield f"elastic pool {name} has {limits(pool)}"
    yield from (f"elastic pool {name} ends" for name in before if name not in after)


def mark(pool: str) -> str:
    """Return what stands for a pool among machines, as no machine is called."""
    return f"{pool} "


def marks(transition: Transition) -> dict[str, str]:
    """Return what becomes of each pool that does not simply stay: it joins, changes or leaves."""
    before, after = pools(transition.deployed), pools(transition.wanted)
    found = {mark(name): "joins" for name in after if name not in before}
    found |= {mark(name): "leaves" for name in before if name not in after}
    kept = [name for name in after if name in before]
    changed = [n for n in kept if _reasons(transition, n) or limits(before[n]) != limits(after[n])]
    return found | {mark(name): "changes" for name in changed}


def costs(transition: Transition) -> Iterator[str]:
    """Yield what of them costs money."""
    for name, pool in pools(transition.wanted).items():
        yield f"{pool['machines']['instanceType']} of {name}: {limits(pool).removesuffix(' machines')}"


def _lines(transition: Transition) -> Iterator[str]:
    before, after = pools(transition.deployed), pools(transition.wanted)
    if after and not before:
        yield "Every control plane keeps a token that machines join with, of some hours, in a parameter of AWS's."
    for name, pool in after.items():
        if name not in before:
            waits = ", and `up` waits for the first to join" if pool["machines"]["autoScaling"]["min"] else ""
            yield f"{name} is made: {limits(pool)} of {pool['machines']['instanceType']}{waits}."
            continue
        if limits(before[name]) != limits(pool):
            yield f"{name} has {limits(pool)} in place of {limits(before[name]).removesuffix(' machines')}."
        if reasons := _reasons(transition, name):
            healthy = pool["machines"]["autoScaling"]["minHealthyPercent"]
            seconds = transition.wanted["drain"]["timeoutSeconds"]
            yield (
                f"{name} has a new template, since {listed(reasons)} changed: AWS replaces its machines, one at a time"
                f" or as many as leave {healthy} % of them in service. Each is drained for at most {seconds} s before"
                " it ends, and pods that are still there end with it. `up` begins this and does not wait for it."
            )
    for name in before:
        if name not in after:
            yield f"{name} ends: its machines are drained and ended."


def _reasons(transition: Transition, name: str) -> list[str]:
    """Return what the machines of a pool that stays are told that is another."""
    before, after = pools(transition.deployed)[name], pools(transition.wanted)[name]
    found = [said for path, said in _TOLD.items() if transition.change(path)]
    found += [said for key, said in _OWN.items() if before.get(key) != after.get(key)]
    found += [said for key, said in _MACHINES.items() if before["machines"].get(key) != after["machines"].get(key)]
    old, new = ((document or {})["aws"] for document in (transition.deployed, transition.wanted))
    found += [said for key, said in _CLOUD.items() if bool(old.get(key)) != bool(new.get(key))]
    kept = (("image", "the image"), ("kmsKey", "the key of volumes"))
    found += [said for key, said in kept if old.get(key, "none") != new.get(key, "none")]
    planes = transition.of(Role.CONTROL_PLANE, transition.moved)
    if planes and transition.wanted["endpoint"]["kind"] == "node-local":
        found.append("the list of control planes")
    return list(dict.fromkeys(found))
