"""What a transition may do and is worth a second thought: what could cost the cluster first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.plan.elastic import pools
from components.plan.interruptions import takers, takes_work
from components.plan.made import provided
from components.plan.quorum import Tolerance
from components.plan.rolling import drains, in_turn, releases
from components.plan.settings import squeezed
from components.plan.transition import Machine, Role, Transition
from components.plan.words import count, names, verb


def cautions(transition: Transition, etcd: Tolerance | None) -> Iterator[str]:
    """Yield what is allowed and worth a second thought."""
    yield from _etcd(transition, etcd)
    if transition.first:
        return
    yield from _release(transition)
    yield from _lost(transition)
    yield from _nowhere(transition)
    yield from _asked(transition)
    if squeezed(transition):
        yield (
            f"{names(squeezed(transition))}: where there is less room than before, a kubelet may end pods that no"
            " longer fit, without regard to disruption budgets; they start elsewhere if there is room."
        )
    gone = sorted(_issuers(transition.deployed or {}) - _issuers(transition.wanted))
    if gone:
        yield (
            f"Tokens of {', '.join(gone)} are rejected from then on: pods that hold one lose the API till the"
            " kubelet gives them another. Write service-account-issuer twice, the new one first, and take the old one"
            " out after a day."
        )


def _etcd(transition: Transition, etcd: Tolerance | None) -> Iterator[str]:
    if etcd is None:
        return
    if not transition.first and etcd.during < min(etcd.before, etcd.after) and etcd.count_before > 1:
        yield (
            "While this runs no etcd member may fail: writes would stop till it is back. Run scripts/verify first."
            if etcd.during <= 0
            else f"While this runs only {etcd.during} of etcd's members may fail. Run scripts/verify first."
        )
    members, same = etcd.count_after, etcd.count_before == etcd.count_after
    if same and not transition.first:
        return  # told when it became so, and by policies.evenEtcd each time
    if members == 1 and not transition.first:
        yield "One etcd member is left, with all data of the cluster: if its host fails, only a backup brings it back."
    elif members == 2:
        yield "Neither of 2 etcd members may fail: writes would stop till it is back. Add a third one next (etcd FAQ)."
    elif members % 2 == 0:
        yield (
            f"{members} etcd members survive no more failures than {members - 1}: good on the way to an odd number, not"
            " to stay (etcd FAQ)."
        )


def _release(transition: Transition) -> Iterator[str]:
    for what, change in releases(transition):
        yield f"Back up etcd first: {what} {change.after} does not go back to {change.before}."


def _lost(transition: Transition) -> Iterator[str]:
    nodes = [m for m in transition.evicted if m.role in (Role.CONTROL_PLANE, Role.WORKER)]
    if nodes:
        yield (
            f"See that {names(nodes)} {verb(nodes, 'is', 'are')} switched off and {verb(nodes, 'stays', 'stay')} so:"
            " pods that still run there would run twice."
        )


def _asked(transition: Transition) -> Iterator[str]:
    """What leaves takes itself out: a host that does not answer stops the run."""
    going = [m for m in (*transition.leaving, *transition.replaced) if m.role is not Role.BALANCER]
    if going:
        instead = (
            "write its number under `machines.lost` instead"
            if provided(transition.wanted)
            else "keep its line and write `lost: true` there instead"
        )
        yield f"{names(going)} must be reachable over SSH for this; for a host that is dead, {instead}."


def _nowhere(transition: Transition) -> Iterator[str]:
    """Yield where pods that have to go find no place, or little."""
    before = transition.living(Role.WORKER, deployed=True)
    leaving = transition.of(Role.WORKER, transition.leaving)
    left = transition.living(Role.WORKER)
    if leaving and not left and not pools(transition.wanted):
        planes = "control planes alone to go to" if transition.wanted["controlPlane"]["takesWork"] else "nowhere to go"
        yield f"No worker is left: the pods of {names(leaving)} have {planes}."
    elif left and len(leaving) > 1 and 2 * len(leaving) >= len(before):
        yield (
            f"{len(leaving)} of {count(len(before), 'worker')} leave in one update: see that"
            f" {count(len(left), 'worker')} can take their pods."
        )
    replaced = transition.of(Role.WORKER, transition.replaced)
    there = takers(transition)
    if takes_work(transition.deployed or {}) and not there and not leaving and not pools(transition.wanted):
        yield "No node takes ordinary pods from then on: there is no worker, so new ones stay pending."
    if len(there) == 1 and not pools(transition.wanted) and (drains(transition) or there[0] in replaced):
        yield f"{names(there)} is the only node for pods: they are down from its draining till it is back."
        return
    for pool in transition.wanted.get("workers", {}):
        staying = [m for m in transition.staying(Role.WORKER) if m.pool == pool]
        away = [*(staying if drains(transition) else []), *(m for m in replaced if m.pool == pool)]
        if away and in_turn(transition, pool) >= len(_of_pool(transition, pool)):
            yield (
                f"workers.{pool}: {names(away)} {verb(away, 'is', 'are')} drained, and that is all of the pool"
                f"{verb(away, '', ', all at once')}."
            )


def _of_pool(transition: Transition, pool: str) -> list[Machine]:
    return [m for m in transition.living(Role.WORKER) if m.pool == pool]


def _issuers(document: Mapping[str, Any]) -> set[str]:
    """Return whose tokens of service accounts the API servers of a snapshot take."""
    given = ((document.get("kubernetes") or {}).get("apiServer") or {}).get("extraArgs") or []
    named = {each["value"] for each in given if each["name"] == "service-account-issuer"}
    return named or {f"https://kubernetes.default.svc.{(document.get('network') or {}).get('dnsDomain')}"}
