"""What an `up` does to a cluster, in the order it does it: sentences by stage.

The order is that of the resources: what is new or changed goes from the balancers over the control planes to the
workers, as they depend on each other; what leaves goes last, the other way round. A replaced host is left before it is
joined again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.plan import backups, cloud, elastic, endpoint, made, members
from components.plan.applied import applied
from components.plan.marks import mark_lines
from components.plan.settings import proxies, restarting, retold
from components.plan.transition import Role, Transition
from components.plan.words import count, listed, names, verb

#: What containerd is told of the way out.
WAYS_OUT = ("proxy.http", "proxy.https", "proxy.noProxy")


@dataclass(frozen=True)
class Stage:
    """What happens at one time, after the stages before it."""

    title: str
    """Where, and how many at a time."""
    lines: tuple[str, ...]
    """What happens, a sentence each."""


def stages(transition: Transition) -> list[Stage]:
    """Return the stages of a transition, those in which nothing happens left out."""
    every = (
        made.stage,
        _prepare,
        endpoint.stage,
        members.stage,
        _control_planes,
        cloud.stage,
        _workers,
        applied,
        backups.stage,
        _nodes,
        elastic.stage,
        _leave,
        made.endings,
    )
    found = []
    for make in every:
        title, lines = make(transition)
        if lines:
            found.append(Stage(title, tuple(lines)))
    return found


def rolls(transition: Transition) -> list[str]:
    """Return what has to be done on each node that runs, one after another."""
    said = []
    version = transition.change("kubernetes.version")
    runtime = transition.change("containerd.version")
    if version:
        said.append(f"upgraded from Kubernetes {version.before} to {version.after}")
    if runtime:
        said.append(f"given containerd {runtime.after} in place of {runtime.before}")
    if any(transition.change(path) for path in WAYS_OUT):
        said.append("given containerd's new proxy, for which it restarts while containers run on")
    if transition.change("containerd.config"):
        said.append("given containerd's new settings, for which it restarts while containers run on")
    return said


def drains(transition: Transition) -> bool:
    """Whether nodes that run are drained on the way."""
    return bool(transition.change("kubernetes.version") or transition.change("containerd.version"))


def in_turn(transition: Transition, pool: str) -> int:
    """Return how many of a pool's workers may be away at a time."""
    options: dict[str, Any] = transition.wanted.get("workers", {}).get(pool, {})
    return int(options.get("maxUnavailable", 1))


def _prepare(transition: Transition) -> tuple[str, list[str]]:
    lines = []
    fresh = [m for m in (*transition.joining, *transition.replaced) if m.role in (Role.CONTROL_PLANE, Role.WORKER)]
    if fresh:
        lines.append(
            f"{names(fresh, addresses=True)} {verb(fresh, 'gets', 'get')} the container runtime, packages and images;"
            f" {verb(fresh, 'it is', 'they are')} in no cluster yet."
        )
    stores = transition.of(Role.ETCD, transition.joining)
    if stores:
        release = transition.wanted["etcd"]["version"]
        lines.append(f"{names(stores, addresses=True)} {verb(stores, 'gets', 'get')} the programs of etcd {release}.")
    running = [*transition.staying(Role.CONTROL_PLANE), *transition.staying(Role.WORKER)]
    version = transition.change("kubernetes.version")
    if version and running:
        lines.append(
            f"{count(len(running), 'node')} that {verb(running, 'runs', 'run')} fetch"
            f"{verb(running, 'es', '')} the images of {version.after} beforehand; nothing on"
            f" {verb(running, 'it', 'them')} is restarted."
        )
    for path, what in (
        ("packages.kubernetes", "where Kubernetes' packages come from"),
        ("packages.containerd", "where containerd's packages come from"),
        ("registries", "the mirrors that images are pulled from"),
    ):
        if transition.change(path) and running:
            lines.append(f"Every node is told {what}; nothing is restarted.")
    return "Hosts, all at once", lines


def _control_planes(transition: Transition) -> tuple[str, list[str]]:
    lines = [*_lost(transition, Role.CONTROL_PLANE), *_evictions(transition)]
    if transition.first:
        first, *others = transition.living(Role.CONTROL_PLANE)
        lines.append(f"{first} starts the cluster with Kubernetes {transition.wanted['kubernetes']['version']}.")
        stacked = transition.etcd == "stacked"
        lines += [f"{m} joins{f' as etcd member {i}' if stacked else ''}." for i, m in enumerate(others, start=2)]
        return "Control planes, one after another", lines
    staying = transition.staying(Role.CONTROL_PLANE)
    names_before_after = transition.change("kubernetes.extraCertNames")
    if names_before_after and staying:
        gone = [n for n in names_before_after.before if n not in names_before_after.after]
        new = [n for n in names_before_after.after if n not in names_before_after.before]
        said = [f"{word} {', '.join(which)}" for word, which in (("with", new), ("without", gone)) if which]
        lines.append(
            f"{names(staying)}: the API server's certificate is issued anew {' and '.join(said)}, and taken up without"
            " a restart."
        )
    servers = restarting(transition)
    why = f", since {members.others(transition)}," if members.others(transition) else ""
    if servers and staying:
        lines.append(
            f"{names(staying)}: the {listed(servers)} {'restarts' if len(servers) == 1 else 'restart'} with new"
            f" settings{why} and must be healthy before anything else changes. One that does not come up gets its old"
            " settings back, and the run stops."
        )
    asked = transition.change("endpoint.checkBackends")
    if asked and staying:
        lines.append(
            f"{names(staying)}: the balancer is {'asked' if asked.after else 'no longer asked'} for each of them;"
            " nothing is restarted."
        )
    lines += retold(transition, staying)
    if proxies(transition) and staying:
        lines.append(
            f"{names(staying)}: the first of them gives kube-proxy its new settings, which restarts node by node;"
            " connections live on."
        )
    if staying:
        lines += endpoint.of_control_planes(transition, names(staying))
    done = rolls(transition)
    if done and staying:
        upgraded = transition.change("kubernetes.version") is not None
        drained = "drained, " if drains(transition) and not upgraded else ""
        how = ", static pods first, then drained for the new kubelet," if upgraded else ""
        lines += [f"{m.name} is {drained}{' and '.join(done)}{how} and awaited healthy." for m in staying]
        if upgraded:
            lines.append(
                f"Each control plane's certificates are renewed; with {staying[-1].name}, the last, kube-proxy and"
                " CoreDNS are upgraded."
            )
    known = len(transition.living(Role.CONTROL_PLANE, deployed=True))
    known -= len(transition.of(Role.CONTROL_PLANE, transition.evicted))
    for number, machine in enumerate(transition.of(Role.CONTROL_PLANE, transition.joining), start=known + 1):
        learner = f": a learner first, then etcd member {number}" if transition.etcd == "stacked" else ""
        lines.append(f"{machine} joins{learner}.")
    return "Control planes, one after another", lines


def _lost(transition: Transition, role: Role) -> Iterator[str]:
    for machine in transition.of(role, transition.forgotten):
        yield f"{machine.name}, lost and taken out before, is forgotten; nothing is run anywhere."


def _evictions(transition: Transition) -> Iterator[str]:
    acting = [m for m in transition.living(Role.CONTROL_PLANE) if m.name in transition.before]
    for machine in transition.of(Role.CONTROL_PLANE, transition.evicted):
        yield (
            f"{machine.name} is lost: {acting[0].name if acting else 'another one'} removes its"
            f" {'etcd member and its ' if transition.etcd == 'stacked' else ''}node; nothing is run on it."
        )


def _workers(transition: Transition) -> tuple[str, list[str]]:
    lines = [*_lost(transition, Role.WORKER)]
    lost = transition.of(Role.WORKER, transition.evicted)
    if lost:
        lines.append(f"{names(lost)} {verb(lost, 'is', 'are')} lost: the node objects are removed.")
    lines += endpoint.of_workers(transition)
    done = rolls(transition)
    for pool in transition.wanted.get("workers", {}):
        lines += _pool(transition, pool, done)
    joining = transition.of(Role.WORKER, transition.joining)
    if joining:
        once = "" if len(joining) == 1 else ", all at once"
        lines.append(f"{names(joining, addresses=True)} {verb(joining, 'joins', 'join')}{once}.")
    for machine in transition.repooled:
        lines.append(f"{machine.name} is of pool {machine.pool} now; nothing happens on it.")
    return "Workers", lines


def _pool(transition: Transition, pool: str, done: list[str]) -> Iterator[str]:
    together = in_turn(transition, pool)
    pace = "one at a time" if together == 1 else f"{together} at a time"
    drained = "drained, " if drains(transition) else ""
    staying = [m for m in transition.staying(Role.WORKER) if m.pool == pool]
    if done and staying:
        yield f"{pool}, {pace}: {names(staying)} {verb(staying, 'is', 'are')} {drained}{' and '.join(done)}."
    for said in retold(transition, staying):
        yield f"{pool}, {pace}: {said}"
    for machine in transition.of(Role.WORKER, transition.replaced):
        if machine.pool == pool:
            yield (
                f"{machine.name} is drained and leaves at {transition.before[machine.name].address}, then joins at"
                f" {machine.address}."
            )


def _nodes(transition: Transition) -> tuple[str, list[str]]:
    return "All nodes, from one control plane", [] if transition.first else [
        *mark_lines(transition),
        *_hooks(transition),
    ]


def _hooks(transition: Transition) -> Iterator[str]:
    """Say which of the user's scripts are run that were not there; that one has another content is not known here."""
    for time, where in (
        ("beforeJoin", "run on nodes, also on those that run, with the step of each"),
        ("afterJoin", "run on nodes, also on those that run, with the step of each"),
        ("afterUp", "run on one control plane"),
    ):
        change = transition.change(f"hooks.{time}")
        new = [name for name in change.after if name not in change.before] if change else []
        if new:
            yield f"{', '.join(new)} of hooks.{time}: {where}."


def _leave(transition: Transition) -> tuple[str, list[str]]:
    lines = []
    workers = transition.of(Role.WORKER, transition.leaving)
    if workers:
        lines.append(
            f"{names(workers)} {verb(workers, 'is', 'are')} drained, leave{verb(workers, 's', '')} the cluster and"
            f" {verb(workers, 'is', 'are')} cleaned of it."
        )
    for machine in transition.of(Role.CONTROL_PLANE, transition.leaving):
        member = ", its etcd member is removed," if transition.etcd == "stacked" else ""
        lines.append(f"{machine.name} is drained{member} and its host is cleaned.")
    lines += [members.leaves(machine) for machine in transition.of(Role.ETCD, transition.leaving)]
    balancers = transition.of(Role.BALANCER, transition.leaving)
    if balancers:
        lines.append(f"{names(balancers)} {verb(balancers, 'ends', 'end')} balancing.")
    for machine in transition.of(Role.BALANCER, [*transition.evicted, *transition.forgotten]):
        lines.append(f"{machine.name} is lost: nothing is run on it.")
    return "At the end, what leaves", lines
