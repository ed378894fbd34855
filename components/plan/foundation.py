"""What machines are made from, where they have a stack of their own: parts of a cluster file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.config import Cluster, HostSpec, PoolOptions
from components.faults import Fault
from components.plan.made import MADE, remembered
from components.plan.snapshot import revived, snapshot
from components.plan.transition import Machine, Transition

#: What is kept of a machine.
_HOST = ("address", "labels", "lost", MADE)


def foundation(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a snapshot that count for machines, and for what they stand on."""
    etcd, endpoint = document["etcd"], document["endpoint"]
    return {
        "name": document["name"],
        "provider": document.get("provider", "static"),
        "aws": document.get("aws", {}),
        "endpoint": endpoint if endpoint["kind"] == "nlb" else {"kind": endpoint["kind"]},
        # Which ports nodes need of each other.
        "network": {"cni": "flannel" if document["network"]["cni"] == "flannel" else "own"},
        "controlPlane": _group(document["controlPlane"]),
        "etcd": {**_group(etcd), "dataDirectory": etcd["dataDirectory"], "external": bool(etcd.get("external"))},
        "workers": {pool: _group(options) for pool, options in document["workers"].items()},
    }


def _group(section: Mapping[str, Any]) -> dict[str, Any]:
    hosts = {name: {key: host[key] for key in _HOST if key in host} for name, host in section.get("hosts", {}).items()}
    # Machines of elastic pools are the other stack's; theirs is what every worker stands on.
    machines = {key: value for key, value in (section.get("machines") or {}).items() if key != "autoScaling"}
    return {"hosts": hosts, "machines": machines if hosts else {}}


def founded(before: Mapping[str, Any] | None, cluster: Cluster) -> Transition:
    """Return the way from what machines were made from (None before the first `up`) to what a cluster file says."""
    known = revived(before) if before is not None else None
    return Transition(known, foundation(remembered(known, snapshot(cluster))))


def behind(made: Mapping[str, Any], cluster: Cluster, stack: str) -> Iterator[Fault]:
    """Yield what a cluster file says that the stack of its machines has not made yet, or has made otherwise."""
    transition = founded(made, cluster)
    first = f"Run `pulumi up` in {stack} first."
    for change in transition.changes:
        if ".machines." not in change.path:
            problem = f"is {_written(change.after)}, and {stack} was brought up with {_written(change.before)}"
            yield Fault(change.path, problem, first if change.path != "name" else "See that both stacks read one file.")
    if transition.change("name"):
        return  # of another cluster, nothing else is worth a word
    for pool in transition.wanted["workers"]:
        if pool not in made["workers"]:
            yield Fault(f"workers.{pool}", f"is a pool that {stack} knows nothing of yet", first)
    for path, (name, host) in cluster.machines().items():
        there = transition.before.get(name)
        if host.lost or path.startswith("endpoint."):
            continue
        if there is None or there.lost:
            yield Fault(path, f"{name} is no machine of {stack} yet", first)
        elif there.address != str(host.address):
            yield Fault(path, f"{name} is at {there.address} in {stack}, and not at {host.address}", first)


def _written(value: Any) -> str:
    """Return a value as the file has it."""
    return repr(value) if isinstance(value, str) else json.dumps(value)


def nodes_of(deployed: Mapping[str, Any] | None) -> dict[str, Machine]:
    """Return the living nodes of a cluster that is deployed, by name."""
    return {m.name: m for m in Transition(None, deployed or {}).after.values() if not m.lost}


def not_let_go(
    made: Mapping[str, Any] | None, ids: Mapping[str, str], cluster: Cluster, deployed: Mapping[str, Any] | None
) -> list[str]:
    """Return machines that the file has no more, and that the cluster which is `deployed` may still have.

    It has let go of one that it has seen, by its id, and has not among its nodes. `up`s that were interrupted have
    deployed nothing: of what was made since, it may have a node that it does not tell of.
    """
    if made is None or deployed is None:
        return []
    nodes, seen = nodes_of(deployed), deployed.get("machines", {})
    wanted = {name for name, host in cluster.machines().values() if not host.lost}
    gone = [name for name in nodes_of(made) if name not in wanted]
    return [name for name in gone if name in nodes or seen.get(name) != ids.get(name)]


def with_kept(cluster: Cluster, made: Mapping[str, Any], names: list[str]) -> Cluster:
    """Return a cluster file with machines that it has no more, each in its group as it was."""
    pools = {pool: _kept(cluster.workers.get(pool), old, names) for pool, old in made["workers"].items()}
    return cluster.model_copy(
        update={
            "control_plane": _kept(cluster.control_plane, made["controlPlane"], names),
            "etcd": _kept(cluster.etcd, made["etcd"], names),
            "workers": {**cluster.workers, **{pool: options for pool, options in pools.items() if options}},
        }
    )


def _kept(section: Any, old: Mapping[str, Any], names: list[str]) -> Any:
    found = {name: old["hosts"][name] for name in names if name in old["hosts"]}
    if not found:
        return section
    hosts = {name: {key: host[key] for key in ("address", "labels")} for name, host in found.items()}
    if section is None:  # the whole pool is gone from the file
        return PoolOptions.model_validate({"machines": revived(old["machines"]), "hosts": hosts})
    kept = {name: HostSpec.model_validate(host) for name, host in hosts.items()}
    return section.model_copy(update={"hosts": {**section.hosts, **kept}})
