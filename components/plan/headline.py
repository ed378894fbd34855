"""A transition in one sentence, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.plan import backups, cloud, elastic, members
from components.plan.applied import applied
from components.plan.endpoint import balancer_settings, restarts_kube_vip, restarts_proxies
from components.plan.marks import marked
from components.plan.settings import proxies, restarting
from components.plan.stages import WAYS_OUT, Stage
from components.plan.transition import Role, Transition
from components.plan.words import count, listed, names, verb


def headline(transition: Transition, renewed: Sequence[Stage] = ()) -> str:
    """Return `<cluster>: <what happens>.`"""
    said = list(_first(transition) if transition.first else _parts(transition))
    if renewed and not transition.first:
        said.append("certificates of the program's are renewed" if len(renewed) > 1 else _renewed(renewed[0]))
    if not said:
        said = ["settings change, no host is restarted" if transition.changes else "nothing changes in the cluster"]
    return f"{transition.wanted['name']}: {'; '.join(said)}."


def _renewed(stage: Stage) -> str:
    return "the admin's certificate is renewed" if stage.title == "Credentials" else "etcd's certificates are renewed"


def untouched(transition: Transition) -> str:
    """Return the sentence on the nodes that no step changes anything on, empty when there are none."""
    if transition.first:
        return ""
    rolling = {"kubernetes.version", "containerd.version", "containerd.config", *WAYS_OUT}
    rolled = rolling & {change.path for change in transition.changes}
    servers = transition.change("kubernetes.extraCertNames") or restarting(transition) or proxies(transition)
    kinds = []
    remarked = {machine.role for machine, _, _ in marked(transition)}
    moved = any(m.role in (Role.BALANCER, Role.CONTROL_PLANE) for m in transition.moved)
    reloaded = transition.change("endpoint.routerId") or balancer_settings(transition)
    if transition.staying(Role.BALANCER) and not moved and not reloaded:
        kinds.append(count(len(transition.staying(Role.BALANCER)), "load balancer"))
    snapshots = backups.hosts(transition)
    if transition.staying(Role.ETCD) and not members.stage(transition)[1] and snapshots is not Role.ETCD:
        kinds.append(count(len(transition.staying(Role.ETCD)), "etcd host"))
    planes, workers = transition.staying(Role.CONTROL_PLANE), transition.staying(Role.WORKER)
    if (
        planes
        and not rolled
        and not servers
        and not restarts_kube_vip(transition)
        and snapshots is not Role.CONTROL_PLANE
        and Role.CONTROL_PLANE not in remarked
    ):
        kinds += _unheard(transition, Role.CONTROL_PLANE)
    if (
        workers
        and not rolled
        and not proxies(transition)
        and not restarts_proxies(transition)
        and Role.WORKER not in remarked
    ):
        kinds += _unheard(transition, Role.WORKER)
    if not kinds:
        return ""
    return f"{listed(kinds)} stay as they are."


def _unheard(transition: Transition, role: Role) -> list[str]:
    """Return how many machines of a role that stay are told nothing, in words; nothing for none."""
    number = len([m for m in transition.staying(role) if m.name not in transition.retold])
    return [count(number, role.value)] if number else []


def _first(transition: Transition) -> Iterator[str]:
    planes, workers = transition.living(Role.CONTROL_PLANE), transition.living(Role.WORKER)
    balancers = transition.living(Role.BALANCER)
    kind = transition.wanted["endpoint"]["kind"]
    behind = count(len(balancers), "load balancer") if balancers else f"an endpoint of kind {kind}"
    stores = transition.living(Role.ETCD)
    etcd = f", etcd on {count(len(stores), 'host')} of its own" if stores else ""
    etcd = ", with somebody else's etcd" if transition.etcd == "external" else etcd
    growing = "".join(f", {name} of {elastic.limits(pool)}" for name, pool in elastic.pools(transition.wanted).items())
    yield (
        f"a new cluster of {count(len(planes), 'control plane')} and {count(len(workers), 'worker')}{growing} behind"
        f" {behind}, Kubernetes {transition.wanted['kubernetes']['version']}{etcd}"
    )


def _parts(transition: Transition) -> Iterator[str]:
    version = transition.change("kubernetes.version")
    if version:
        nodes = len(transition.staying(Role.CONTROL_PLANE)) + len(transition.staying(Role.WORKER))
        yield f"upgrade of {count(nodes, 'node')} from {version.before} to {version.after}"
    runtime = transition.change("containerd.version")
    if runtime:
        yield f"containerd {runtime.before} becomes {runtime.after}"
    elif transition.change("containerd.config") or any(transition.change(path) for path in WAYS_OUT):
        yield "containerd restarts with new settings, node by node"
    yield from members.headline(transition)
    if transition.change("kubernetes.extraCertNames"):
        yield "the API servers' certificates are issued anew"
    if applied(transition)[1]:
        yield "manifests are applied or taken out"
    yield from cloud.headline(transition)
    servers = restarting(transition)
    if transition.retold:
        number = len(transition.retold)
        restart = "restarts with new settings" if number == 1 else "restart with new settings, node by node"
        yield f"{count(number, 'kubelet')} {restart}"
    if proxies(transition):
        yield "kube-proxy restarts with new settings, node by node"
    if servers:
        yield f"the {listed([f'{server}s' for server in servers])} restart with new settings, host by host"
    yield from elastic.headline(transition)
    yield from backups.headline(transition)
    changed = len(marked(transition))
    if changed:
        yield f"labels, annotations or taints of {count(changed, 'node')} change"
    for machines, one, many in (
        (transition.joining, "joins", "join"),
        (transition.replaced, "is replaced", "are replaced"),
        (transition.evicted, "is taken out as lost", "are taken out as lost"),
        (transition.leaving, "leaves", "leave"),
    ):
        for role in Role:
            chosen = transition.of(role, machines)
            if chosen:
                yield f"{role.value}{'s' if len(chosen) > 1 else ''} {names(chosen)} {verb(chosen, one, many)}"
