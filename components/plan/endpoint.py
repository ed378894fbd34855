"""What becomes of the API's endpoint: of its balancer hosts, and of what control planes and workers run for it."""

from __future__ import annotations

from collections.abc import Iterator

from components.plan.transition import Role, Transition
from components.plan.words import names, verb


def stage(transition: Transition) -> tuple[str, list[str]]:
    """Return the stage of the balancer hosts."""
    lines = []
    new = transition.of(Role.BALANCER, transition.joining)
    old = transition.staying(Role.BALANCER)
    if new:
        address = transition.wanted["endpoint"]["address"]
        port = transition.wanted["endpoint"]["port"]
        lines.append(f"{names(new, addresses=True)} {verb(new, 'starts', 'start')} balancing {address}:{port}.")
    for machine in transition.of(Role.BALANCER, transition.replaced):
        lines.append(
            f"{machine.name} stops balancing at {transition.before[machine.name].address}, then starts at"
            f" {machine.address}."
        )
    planes = transition.of(Role.CONTROL_PLANE, transition.moved)
    if planes and old:
        into = transition.of(Role.CONTROL_PLANE, transition.joining)
        out = [m for m in planes if m not in into]
        said = [f"{what} {names(who)}" for what, who in (("in", into), ("out", out)) if who]
        lines.append(
            f"{names(old)} {verb(old, 'takes', 'take')} {' and '.join(said)}: HAProxy is reloaded, open connections to"
            " other control planes live on."
        )
    if balancer_settings(transition) and old:
        lines.append(
            f"HAProxy is reloaded with its new settings on {names(old)}; open connections live on with the old ones."
        )
    if (transition.change("endpoint.routerId") or transition.of(Role.BALANCER, transition.moved)) and old:
        lines.append(f"keepalived is reloaded on {names(old)}; the virtual address may move.")
    return "Load balancers, all at once", lines


def balancer_settings(transition: Transition) -> bool:
    """Whether HAProxy's own settings differ."""
    own = ("endpoint.algorithm", "endpoint.timeouts.", "endpoint.statistics")
    return any(change.path.startswith(own) for change in transition.changes)


def restarts_kube_vip(transition: Transition) -> bool:
    """Whether the pods that hold the virtual address are started anew with other settings."""
    return any(change.path.startswith(("endpoint.bgp.", "endpoint.interface")) for change in transition.changes)


def restarts_proxies(transition: Transition) -> bool:
    """Whether the workers' own proxies are started anew."""
    return transition.change("endpoint.image") is not None


def of_control_planes(transition: Transition, nodes: str) -> Iterator[str]:
    """Yield what control planes that run do for it."""
    if restarts_kube_vip(transition):
        yield (
            f"{nodes}: kube-vip restarts with new settings; on the one that has the virtual address, the address moves."
        )
    if transition.wanted["endpoint"]["kind"] == "node-local" and transition.of(Role.CONTROL_PLANE, transition.moved):
        yield f"{nodes}: told which control planes there are; nothing is restarted."


def of_workers(transition: Transition) -> Iterator[str]:
    """Yield what workers that run do for it."""
    staying = transition.staying(Role.WORKER)
    if transition.wanted["endpoint"]["kind"] != "node-local" or not staying:
        return
    if restarts_proxies(transition):
        yield f"{names(staying)}, all at once: HAProxy restarts from its new image."
    if transition.of(Role.CONTROL_PLANE, transition.moved):
        yield (
            f"{names(staying)}, all at once: HAProxy is told which control planes there are, and reloaded; open"
            " connections live on."
        )
