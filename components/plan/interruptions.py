"""What users of a cluster notice of a transition, and for how long. Times are the lab's, measured by its stories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.plan import members
from components.plan.elastic import pools
from components.plan.endpoint import restarts_kube_vip, restarts_proxies
from components.plan.footing import cut_off
from components.plan.marks import evicting
from components.plan.quorum import spare
from components.plan.rolling import drains, undone
from components.plan.settings import restarting
from components.plan.transition import Machine, Role, Transition
from components.plan.words import count, names, verb

#: tests/lab/test_main_job.py: the address moved in 1.3 to 2.6 s, writes went on in 2.6 to 4.2 s. Rounded up.
FAILOVER_SECONDS = 5
#: tests/lab/test_kube_vip.py and test_kube_vip_bgp.py: kube-vip's address moved in 2.1 to 10.6 s. Rounded up.
KUBE_VIP_SECONDS = 12


def interruptions(transition: Transition) -> Iterator[str]:
    """Yield a sentence for each thing that is away for a while."""
    if not transition.first:
        yield from _api(transition)
        yield from _pods(transition)
        yield from evicting(transition)
        yield from cut_off(transition)
        if transition.change("network.cni"):
            yield (
                "What the network's manifests restart is away for a moment on each node: new pods wait for it, and how"
                " traffic fares is the plugin's to say."
            )


def _api(transition: Transition) -> Iterator[str]:
    staying = transition.staying(Role.CONTROL_PLANE)
    upgraded = transition.change("kubernetes.version") is not None
    restarts = upgraded or "API server" in restarting(transition)
    if restarts and len(staying) == 1:
        time = "about a minute" if upgraded else "about half a minute"
        yield f"The API is down while {staying[0].name} restarts it, {time}."
    elif restarts and staying:
        yield (
            "Requests through a control plane are cut while its API server restarts; clients connect again to another"
            f" one, within {FAILOVER_SECONDS} s.{'' if upgraded else ' etcd runs on.'}"
        )
    yield from _writes(transition)
    leaving = transition.of(Role.CONTROL_PLANE, transition.leaving)
    if leaving:
        yield (
            f"Clients connected to {names(leaving)} connect again to another one; writes may pause up to"
            f" {FAILOVER_SECONDS} s if it leads etcd."
            if transition.etcd == "stacked"
            else f"Clients connected to {names(leaving)} connect again to another one."
        )
    change = transition.change("kubernetes.extraCertNames")
    gone = [name for name in change.before if name not in change.after] if change else []
    if gone:
        yield f"Clients that reach the API as {', '.join(gone)} get an error of the certificate from then on."
    yield from _address(transition)


def _writes(transition: Transition) -> Iterator[str]:
    """Say how long etcd takes no writes: while a new leader is elected, or while a member is away that is needed."""
    stores = transition.of(Role.ETCD, transition.leaving)
    role = transition.member_role
    restarts = members.restarts_members(transition)
    running = transition.staying(role) if role else []
    if role is Role.CONTROL_PLANE and len(running) == 1:
        return  # the API is down for as long
    if restarts and running and spare(len(running), len(running) - 1) < 0:
        yield (
            f"Writes stop each time one of the {count(len(running), 'etcd member')} restarts, till it is back: about a"
            " minute."
        )
    elif (restarts and running) or stores:
        yield f"Writes may pause up to {FAILOVER_SECONDS} s when etcd's leader {'restarts' if restarts else 'leaves'}."


def _address(transition: Transition) -> Iterator[str]:
    moved = transition.of(Role.BALANCER, transition.moved)
    leaving = transition.of(Role.BALANCER, [*transition.leaving, *transition.replaced])
    if moved or transition.change("endpoint.routerId"):
        which = f"; it does when {names(leaving)} {verb(leaving, 'has', 'have')} it" if leaving else ""
        yield f"The API is unreachable up to {FAILOVER_SECONDS} s if the virtual address moves{which}."
    if _kube_vip_moves(transition):
        yield (
            f"The API is unreachable up to {KUBE_VIP_SECONDS} s when the virtual address moves: with the turn of the"
            " control plane that has it."
        )
    if restarts_proxies(transition):
        yield "Each worker is without the API for some seconds while its HAProxy restarts; pods run on."


def _kube_vip_moves(transition: Transition) -> bool:
    if transition.wanted["endpoint"]["kind"] != "kube-vip":
        return False
    restarted = transition.change("kubernetes.version") or "API server" in restarting(transition)
    several = len(transition.staying(Role.CONTROL_PLANE)) > 1
    leaving = transition.of(Role.CONTROL_PLANE, transition.leaving)
    return restarts_kube_vip(transition) or bool(leaving) or (several and bool(restarted))


def _pods(transition: Transition) -> Iterator[str]:
    before = undone(transition)  # what stays is changed as the file says now
    there = takers(transition)
    planes = takes_work(transition.deployed or {}) or takes_work(transition.wanted)
    roles = [*([Role.CONTROL_PLANE] if planes else []), Role.WORKER]
    groups: dict[tuple[str, bool], tuple[list[Machine], Mapping[str, Any]]] = {}
    for machines, drain, alone in (
        (transition.staying if drains(transition) else None, transition.wanted["drain"], len(there) == 1),
        (lambda role: transition.of(role, transition.replaced), before, len(there) == 1),
        (lambda role: transition.of(role, transition.leaving), before, not there),
    ):
        found = [m for role in roles for m in machines(role)] if machines else []
        nowhere = alone and not pools(transition.wanted)
        groups.setdefault((str(drain), nowhere), ([], drain))[0].extend(found)
    for (_, nowhere), (away, drain) in groups.items():
        if away:
            yield _evicted(away, drain, nowhere=nowhere)
    lost = transition.of(Role.WORKER, transition.evicted)
    if lost:
        yield f"Pods that were on {names(lost)} are deleted with the node and start elsewhere."


def takers(transition: Transition) -> list[Machine]:
    """Return the machines that ordinary pods may run on, elastic pools aside."""
    planes = transition.living(Role.CONTROL_PLANE) if takes_work(transition.wanted) else []
    return [*planes, *transition.living(Role.WORKER)]


def takes_work(document: Mapping[str, Any]) -> bool:
    """Whether ordinary pods run on the control planes of a snapshot."""
    return bool(document.get("controlPlane", {}).get("takesWork"))


def _evicted(machines: Sequence[Machine], drain: Mapping[str, Any], *, nowhere: bool) -> str:
    rest = (
        "pods that no controller would create again are deleted."
        if drain["deleteUnmanagedPods"]
        else "a pod that no controller would create again stops it at once."
    )
    # As scripts/lib/drain.sh has it: where no other node takes pods, to wait for a budget would be to wait for ever.
    what = (
        "deleted whatever their disruption budgets say, since no other node takes them"
        if nowhere
        else "evicted and start elsewhere, disruption budgets respected"
    )
    return (
        f"Pods on {names(machines)} are {what}. A node that is not empty after {drain['timeoutSeconds']} s stops the"
        f" run with an error; {rest}"
    )
