"""A transition in one sentence, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.plan import backups, cloud, elastic, footing, members
from components.plan.applied import applied
from components.plan.endpoint import balancer_settings, restarts_kube_vip, restarts_proxies
from components.plan.marks import marked
from components.plan.program import other
from components.plan.rolling import WAYS_OUT, rolls
from components.plan.settings import proxies, restarting
from components.plan.stages import Stage
from components.plan.transition import Machine, Role, Transition
from components.plan.words import count, listed, names, verb


def headline(transition: Transition, renewed: Sequence[Stage] = ()) -> str:
    """Return `<cluster>: <what happens>.`"""
    said = list(_first(transition) if transition.first else _parts(transition))
    if renewed and not transition.first:
        said.append("certificates of the program's are renewed" if len(renewed) > 1 else _renewed(renewed[0]))
    if not said:
        said = ["settings change, no host is restarted" if transition.changes else _nothing(transition)]
    return f"{transition.wanted['name']}: {'; '.join(said)}."


def _nothing(transition: Transition) -> str:
    """Return what is said of the same cluster: another program may bring its hosts something new."""
    if other(transition):
        return "the cluster file is as it was, the program is another"
    return "nothing changes in the cluster"


def _renewed(stage: Stage) -> str:
    return "the admin's certificate is renewed" if stage.title == "Credentials" else "etcd's certificates are renewed"


def untouched(transition: Transition) -> str:
    """Return which machines no step changes anything on, as a sentence; empty when there are none."""
    if transition.first:
        return ""
    balanced = any(m.role in (Role.BALANCER, Role.CONTROL_PLANE) for m in transition.moved)
    reloaded = balanced or transition.change("endpoint.routerId") or balancer_settings(transition)
    kinds = []
    if not reloaded:
        kinds += _counted(transition.staying(Role.BALANCER))
    snapshots = backups.hosts(transition)
    if not members.stage(transition)[1] and snapshots is not Role.ETCD:
        kinds += _counted(transition.staying(Role.ETCD))
    told = {machine.name for machine, _, _ in marked(transition)} | transition.retold.keys()
    if not _every_node(transition):
        for role, own in (
            (Role.CONTROL_PLANE, _on_planes(transition) or snapshots is Role.CONTROL_PLANE),
            (Role.WORKER, restarts_proxies(transition)),
        ):
            if not own:
                kinds += _counted([m for m in transition.staying(role) if m.name not in told])
    return f"{listed(kinds)}." if kinds else ""


def _counted(machines: Sequence[Machine]) -> list[str]:
    return [count(len(machines), machines[0].role.value)] if machines else []


def _every_node(transition: Transition) -> bool:
    """Whether something is done on every node that runs."""
    paths = ("packages.kubernetes", "packages.containerd", "registries", "hooks.beforeJoin", "hooks.afterJoin")
    sources = any(transition.change(path) for path in (*paths, "network.cni"))
    local = transition.wanted["endpoint"]["kind"] == "node-local"
    others = local and bool(transition.of(Role.CONTROL_PLANE, transition.moved))
    return bool(rolls(transition)) or proxies(transition) or sources or others


def _on_planes(transition: Transition) -> bool:
    named = transition.change("kubernetes.extraCertNames") or transition.change("endpoint.checkBackends")
    return bool(named or restarting(transition) or restarts_kube_vip(transition))


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
        yield f"containerd moves from {runtime.before} to {runtime.after}, node by node"
    elif transition.change("containerd.config") or any(transition.change(path) for path in WAYS_OUT):
        yield "containerd restarts with new settings, node by node"
    yield from members.headline(transition)
    if transition.change("kubernetes.extraCertNames"):
        yield "the API servers get new certificates"
    yield from _endpoint(transition)
    if any(footing.changed(transition)):
        yield "what machines stand on changes"
    if applied(transition)[1]:
        yield "manifests are applied or taken out"
    yield from cloud.headline(transition)
    servers = restarting(transition)
    if transition.retold and not version:
        number = len(transition.retold)
        restart = "restarts with new settings" if number == 1 else "restart with new settings, node by node"
        yield f"{count(number, 'kubelet')} {restart}"
    if proxies(transition):
        yield "kube-proxy restarts with new settings, node by node"
    if servers:
        which = f"the {listed([f'{server}s' for server in servers])}"
        why = f", since {members.others(transition)}" if members.others(transition) else ""
        new = "" if why else " with new settings"
        yield f"{which} take new settings" if version else f"{which} restart{new}, host by host{why}"
    yield from elastic.headline(transition)
    if any(transition.change(f"hooks.{time}") for time in ("beforeJoin", "afterJoin", "afterUp")):
        yield "hooks change"
    yield from backups.headline(transition)
    changed = len(marked(transition))
    if changed:
        yield f"labels, annotations or taints of {count(changed, 'node')} change"
    if transition.repooled:
        moved = transition.repooled
        yield f"{names(moved)} {verb(moved, 'moves to another pool', 'move to other pools')}"
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


def _endpoint(transition: Transition) -> Iterator[str]:
    if transition.staying(Role.BALANCER) and balancer_settings(transition):
        yield "HAProxy is reloaded with new settings"
    if transition.change("endpoint.routerId"):
        yield "keepalived is reloaded, and the virtual address may move"
    if restarts_kube_vip(transition):
        yield "kube-vip restarts with new settings, and the virtual address moves"
    if restarts_proxies(transition):
        yield "HAProxy restarts on every worker"
