"""How many losses etcd can take, on the way as well as at both ends.

The arithmetic is the etcd FAQ's: n members need n // 2 + 1 of them to agree. As in Cluster API's KubeadmControlPlane it
is done on the membership there will be, before anything changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.plan.transition import Role, Transition


def majority(members: int) -> int:
    """Return how many of `members` have to agree."""
    return members // 2 + 1


def spare(members: int, alive: int) -> int:
    """Return how many more members may fail; negative when writes stop already."""
    return alive - majority(members)


@dataclass(frozen=True)
class Tolerance:
    """Failures tolerated of one kind of part. Negative: more are missing already than can be."""

    part: str
    count_before: int
    count_after: int
    before: int
    during: int
    after: int


def etcd_tolerance(transition: Transition, *, restarts: bool) -> Tolerance | None:
    """Return what etcd can lose: members are added one after another, then the one that leaves goes.

    `restarts` says that each member is down once on the way. Of an etcd that is somebody else's nothing is known.
    """
    role = transition.member_role
    if role is None:
        return None
    members = len(transition.living(role, deployed=True))
    dead = len(transition.of(role, transition.evicted))
    joining = len(transition.of(role, transition.joining))
    leaving = len(transition.of(role, transition.leaving))
    start, alive = members, members - dead
    before = spare(members, alive) if members else 0
    on_the_way = [before] if members else []
    for _ in range(dead):
        members -= 1
        on_the_way.append(spare(members, alive))
    if restarts:
        on_the_way.append(spare(members, alive - 1))
    for _ in range(joining):
        members, alive = members + 1, alive + 1
        on_the_way.append(spare(members, alive))
    for _ in range(leaving):
        members, alive = members - 1, alive - 1
        on_the_way.append(spare(members, alive))
    return Tolerance("etcd members", start, members, before, min(on_the_way), spare(members, alive))


def server_tolerance(transition: Transition, *, restarts: bool) -> Tolerance:
    """Return how many control planes may be lost before the last API server is."""
    before = transition.living(Role.CONTROL_PLANE, deployed=True)
    after = transition.living(Role.CONTROL_PLANE)
    dead = len(transition.of(Role.CONTROL_PLANE, transition.evicted))
    now, then = len(before) - dead, len(after)
    during = min(now, then) - 1 - (1 if restarts else 0)
    return Tolerance("API servers", len(before), then, now - 1, during, then - 1)


def balancer_tolerance(transition: Transition) -> Tolerance | None:
    """Return how many load balancers may be lost before the endpoint is; None where the endpoint has none."""
    before, after = transition.living(Role.BALANCER, deployed=True), transition.living(Role.BALANCER)
    if not before and not after:
        return None
    steady = len(transition.staying(Role.BALANCER))
    replaced = transition.of(Role.BALANCER, transition.replaced)
    during = (max(steady, 1) if replaced else min(len(before), len(after))) - 1
    dead = len(transition.of(Role.BALANCER, transition.evicted))
    return Tolerance("load balancers", len(before), len(after), len(before) - dead - 1, during, len(after) - 1)
