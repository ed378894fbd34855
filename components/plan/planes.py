"""What becomes of control planes, one after another: in the order in which each takes its steps."""

from __future__ import annotations

from collections.abc import Iterator

from components.plan import endpoint, members
from components.plan.rolling import drains, rolls
from components.plan.settings import proxies, restarting, retold
from components.plan.transition import Machine, Role, Transition
from components.plan.words import healthy, listed, names, turns

#: docs/upgrades.md: how long one took in the lab.
UPGRADE_MINUTES = 3


def stage(transition: Transition) -> tuple[str, list[str]]:
    """Return the stage of the control planes that there will be."""
    title = "Control planes, one after another"
    if transition.first:
        return title, list(_start(transition))
    staying = transition.staying(Role.CONTROL_PLANE)
    own = list(_own(transition, staying)) if staying else []
    early, late = members.joins(transition, Role.CONTROL_PLANE, staying if own else [])
    forgotten = transition.of(Role.CONTROL_PLANE, transition.forgotten)
    return title, [*map(forget, forgotten), *_evictions(transition), *early, *own, *late]


def forget(machine: Machine) -> str:
    """Return the sentence on a machine that is in no cluster any more, and in no file."""
    return f"{machine.name}, lost and taken out before, is forgotten; nothing is run anywhere."


def _start(transition: Transition) -> Iterator[str]:
    first, *others = transition.living(Role.CONTROL_PLANE)
    yield f"{first} starts the cluster with Kubernetes {transition.wanted['kubernetes']['version']}."
    for number, machine in enumerate(others, start=2):
        yield f"{machine} joins{f' as etcd member {number}' if transition.etcd == 'stacked' else ''}."


def _evictions(transition: Transition) -> Iterator[str]:
    acting = [m for m in transition.living(Role.CONTROL_PLANE) if m.name in transition.before]
    for machine in transition.of(Role.CONTROL_PLANE, transition.evicted):
        yield (
            f"{machine.name} is lost: {acting[0].name if acting else 'another one'} removes its"
            f" {'etcd member and its ' if transition.etcd == 'stacked' else ''}node; nothing is run on it."
        )


def _own(transition: Transition, staying: list[Machine]) -> Iterator[str]:
    """Yield what is done on those that run, in the order of scripts/join-control-plane.sh."""
    upgraded = transition.change("kubernetes.version") is not None
    done = rolls(transition)
    if done:
        yield _rolled(transition, staying, done)
    if upgraded:
        last = "" if len(staying) == 1 else f" by {staying[-1].name}, the last one"
        yield f"Certificates are renewed with that; kube-proxy and CoreDNS are upgraded{last}."
    yield from _servers(transition, staying, upgraded=upgraded)
    yield from retold(transition, staying)
    yield from endpoint.of_control_planes(transition, names(staying))
    if proxies(transition):
        one = "" if len(staying) == 1 else "the first of them "
        yield (
            f"{names(staying)}: {one}gives kube-proxy its new settings, and it restarts node by node; connections live"
            " on."
        )
    yield from _certificates(transition, staying)
    asked = transition.change("endpoint.checkBackends")
    if asked:
        yield (
            f"{names(staying)}: the balancer is {'asked' if asked.after else 'no longer asked'} for each of them;"
            " nothing is restarted."
        )


def _rolled(transition: Transition, staying: list[Machine], done: list[str]) -> str:
    upgraded = transition.change("kubernetes.version") is not None
    drained = ["drained"] if drains(transition) and not upgraded else []
    each = " each" if len(staying) > 1 else ""
    how = f", about {UPGRADE_MINUTES} min{each} in the lab: static pods first, then drained for the new kubelet"
    return f"{turns(staying)} {listed([*drained, *done])}{how if upgraded else ''}.{healthy(staying)}"


def _servers(transition: Transition, staying: list[Machine], *, upgraded: bool) -> Iterator[str]:
    servers = restarting(transition)
    if not servers:
        return
    which = f"{names(staying)}: the {listed(servers)}"
    if upgraded:
        yield f"{which} {'takes its' if len(servers) == 1 else 'take their'} new settings with the upgrade."
        return
    why = f", since {members.others(transition)}," if members.others(transition) else ""
    yield (
        f"{which} {'restarts' if len(servers) == 1 else 'restart'} with new settings{why} and must be healthy before"
        " anything else changes. One that does not come up gets its old settings back, and the run stops."
    )


def _certificates(transition: Transition, staying: list[Machine]) -> Iterator[str]:
    change = transition.change("kubernetes.extraCertNames")
    if change:
        gone = [n for n in change.before if n not in change.after]
        new = [n for n in change.after if n not in change.before]
        said = [f"{word} {', '.join(which)}" for word, which in (("with", new), ("without", gone)) if which]
        yield (
            f"{names(staying)}: the API server gets a new certificate {' and '.join(said)}, and loads it without a"
            " restart. If it does not serve it within 90 s, the old one is put back and the run stops."
        )
