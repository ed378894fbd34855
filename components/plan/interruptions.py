"""What users of a cluster notice of a transition, and for how long. Times are the lab's, measured by its stories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.plan import members
from components.plan.elastic import pools
from components.plan.endpoint import restarts_kube_vip, restarts_proxies
from components.plan.marks import evicting
from components.plan.quorum import Tolerance
from components.plan.rolling import drains, in_turn
from components.plan.settings import restarting, squeezed
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
        if transition.change("network.cni"):
            yield (
                "What the network's manifests restart is away for a moment on each node: new pods wait for it, and how"
                " traffic fares is the plugin's to say."
            )


def _api(transition: Transition) -> Iterator[str]:
    staying = transition.staying(Role.CONTROL_PLANE)
    if transition.change("kubernetes.version"):
        if len(staying) == 1:
            yield f"The API is away while {staying[0].name} restarts it, about a minute; pods run on."
        elif staying:
            yield (
                "Requests through a control plane are cut while its API server restarts; clients connect again to"
                f" another one. Writes may pause up to {FAILOVER_SECONDS} s when etcd's leader restarts."
            )
    elif "API server" in restarting(transition) and len(staying) == 1:
        yield f"The API is away while {staying[0].name} restarts it, about half a minute; pods run on."
    elif "API server" in restarting(transition) and staying:
        yield (
            "Requests through a control plane are cut while its API server restarts; clients connect again to another"
            " one. etcd runs on."
        )
    stores = transition.of(Role.ETCD, transition.leaving)
    if transition.etcd == "hosts" and (stores or members.restarts_members(transition)):
        yield f"Writes may pause up to {FAILOVER_SECONDS} s when etcd's leader {'leaves' if stores else 'restarts'}."
    leaving = transition.of(Role.CONTROL_PLANE, transition.leaving)
    if leaving:
        yield (
            f"Clients connected to {names(leaving)} connect again to another one; writes may pause up to"
            f" {FAILOVER_SECONDS} s if it leads etcd."
            if transition.etcd == "stacked"
            else f"Clients connected to {names(leaving)} connect again to another one."
        )
    balancers = transition.of(Role.BALANCER, [*transition.leaving, *transition.replaced])
    if balancers or transition.change("endpoint.routerId"):
        which = f" from {names(balancers)}" if balancers else ""
        yield f"The API is away up to {FAILOVER_SECONDS} s when the virtual address moves{which}."
    if _kube_vip_moves(transition):
        yield (
            "The virtual address moves when the control plane that has it has its turn: the API is away up to"
            f" {KUBE_VIP_SECONDS} s then."
        )
    if restarts_proxies(transition):
        yield "Each worker is without the API for some seconds while its HAProxy is started; pods run on."


def _kube_vip_moves(transition: Transition) -> bool:
    if transition.wanted["endpoint"]["kind"] != "kube-vip":
        return False
    restarted = transition.change("kubernetes.version") or "API server" in restarting(transition)
    several = len(transition.staying(Role.CONTROL_PLANE)) > 1
    leaving = transition.of(Role.CONTROL_PLANE, transition.leaving)
    return restarts_kube_vip(transition) or bool(leaving) or (several and bool(restarted))


def _pods(transition: Transition) -> Iterator[str]:
    # What leaves is undone as it was deployed; what stays is changed as the file says now.
    away = transition.of(Role.WORKER, [*transition.replaced, *transition.leaving])
    if away:
        yield _evicted(away, (transition.deployed or {}).get("drain") or transition.wanted["drain"])
    staying = transition.staying(Role.WORKER)
    if drains(transition) and staying:
        yield _evicted(staying, transition.wanted["drain"])


def _evicted(machines: Sequence[Machine], drain: Mapping[str, Any]) -> str:
    rest = (
        "pods that no controller would create again are deleted."
        if drain["deleteUnmanagedPods"]
        else "a pod that no controller would create again stops it at once."
    )
    return (
        f"Pods on {names(machines)} are evicted and start elsewhere, disruption budgets respected. A node that is not"
        f" empty after {drain['timeoutSeconds']} s stops the run with an error; {rest}"
    )


def cautions(transition: Transition, etcd: Tolerance | None) -> Iterator[str]:
    """Yield what is allowed and worth a second thought."""
    if etcd and not transition.first and etcd.during < min(etcd.before, etcd.after):
        yield (
            "On the way no etcd member may be lost: with one that fails, writes stop till it is back. Run"
            " scripts/verify first."
            if etcd.during <= 0
            else f"On the way only {etcd.during} of etcd's members may be lost. Run scripts/verify first."
        )
    stores = transition.living(transition.member_role) if transition.member_role else []
    if stores and len(stores) % 2 == 0:
        yield (
            f"{len(stores)} etcd members survive no more losses than {len(stores) - 1}: good on the way to an odd"
            " number, not to stay (etcd FAQ)."
        )
    if transition.first:
        return
    if squeezed(transition):
        yield (
            f"{names(squeezed(transition))}: with less room than before, a kubelet may end pods that no longer fit,"
            " without regard to disruption budgets; they start elsewhere if there is room."
        )
    gone = sorted(_issuers(transition.deployed or {}) - _issuers(transition.wanted))
    if gone:
        yield (
            f"Tokens of {', '.join(gone)} are turned away from then on: pods that hold one lose the API till the"
            " kubelet gives them another. Write service-account-issuer twice, the new one first, and take the old one"
            " out after a day."
        )
    before = transition.living(Role.WORKER, deployed=True)
    leaving = transition.of(Role.WORKER, transition.leaving)
    left = transition.living(Role.WORKER)
    if leaving and not left and not pools(transition.wanted):
        planes = "control planes alone to go to" if transition.wanted["controlPlane"]["takesWork"] else "nowhere to go"
        yield f"No worker is left: the pods of {names(leaving)} have {planes}."
    elif left and len(leaving) > 1 and 2 * len(leaving) >= len(before):
        yield (
            f"{len(leaving)} of {count(len(before), 'worker')} leave in one update: see that the"
            f" {count(len(left), 'worker')} that there will be can take their pods."
        )
    for pool in transition.wanted.get("workers", {}):
        staying = [m for m in transition.staying(Role.WORKER) if m.pool == pool]
        if drains(transition) and staying and in_turn(transition, pool) >= len(staying):
            yield (
                f"workers.{pool}: {names(staying)} {verb(staying, 'is', 'are')} drained at the same time, all of the"
                " pool."
            )


def _issuers(document: Mapping[str, Any]) -> set[str]:
    """Return whose tokens of service accounts the API servers of a snapshot take."""
    given = ((document.get("kubernetes") or {}).get("apiServer") or {}).get("extraArgs") or []
    named = {each["value"] for each in given if each["name"] == "service-account-issuer"}
    return named or {f"https://kubernetes.default.svc.{(document.get('network') or {}).get('dnsDomain')}"}
