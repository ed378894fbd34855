"""Changes of etcd's members and of control planes that would cost the majority, or leave nobody to serve the API."""

from __future__ import annotations

from collections.abc import Iterator

from components.faults import Fault
from components.plan.quorum import majority, spare
from components.plan.transition import Machine, Role, Transition

#: Where machines of a role stand in the file; workers by pool.
PLACES = {
    Role.BALANCER: "endpoint.hosts",
    Role.ETCD: "etcd.hosts",
    Role.CONTROL_PLANE: "controlPlane.hosts",
}


def one_thing(transition: Transition) -> Iterator[Fault]:
    """An upgrade and a change of etcd's members are never one update."""
    both = (Role.CONTROL_PLANE, Role.ETCD)
    for path, roles in (("kubernetes.version", both), ("etcd.version", (Role.ETCD,))):
        change = transition.change(path)
        moved = {role: transition.of(role, transition.moved) for role in roles}
        said = [f"{role.value}s ({_names(machines)})" for role, machines in moved.items() if machines]
        if change and said:
            yield Fault(
                path,
                f"an upgrade to {change.after} together with a change of {' and '.join(said)}"
                " leaves no safe order for etcd's members",
                "Do one, run `pulumi up`, then the other.",
            )


def membership(transition: Transition) -> Iterator[Fault]:
    """Yield changes of who has a member that leave no safe order."""
    role = transition.member_role
    if role is not Role.CONTROL_PLANE:
        yield from _planes_without_members(transition)
    if role is None:
        return
    joining, leaving, evicted = (
        transition.of(role, machines) for machines in (transition.joining, transition.leaving, transition.evicted)
    )
    # Addresses of machines that are made follow from other keys, and are told there.
    listed = transition.wanted.get("provider", "static") == "static"
    replaced = transition.of(role, transition.replaced) if listed else []
    path = PLACES[role]
    if len(leaving) > 1:
        yield Fault(
            path,
            f"{_names(leaving)} leave in one update, and etcd's members change one at a time",
            f"Put all but one back, run `pulumi up`, then take out the next; begin with {leaving[-1].name}.",
        )
    for gone, word in ((leaving, "leaves"), (evicted, "is lost")):
        if gone and joining:
            yield Fault(
                path,
                f"{_names(gone)} {word if len(gone) == 1 else word.replace('leaves', 'leave').replace('is', 'are')}"
                f" and {_names(joining)} {'joins' if len(joining) == 1 else 'join'} in one update",
                "Take out first, run `pulumi up`, then add: a member that does not come up would cost the majority.",
            )
    if leaving and evicted:
        yield Fault(
            path,
            f"{_names(evicted)} lost and {_names(leaving)} leaving in one update could cost the majority",
            f"Keep {_names(leaving)}, run `pulumi up`, then remove it.",
        )
    for machine in replaced:
        yield Fault(
            f"{path}.{machine.name}",
            f"its address was {transition.before[machine.name].address} and is {machine.address}: another etcd member"
            " under the same name",
            f"Remove {machine.name}, run `pulumi up`, then add it with the new address; or add one under a new name"
            f" first and remove {machine.name} after it.",
        )


def _planes_without_members(transition: Transition) -> Iterator[Fault]:
    """Control planes that only serve the API: it must be served on the way."""
    planes = Role.CONTROL_PLANE
    path, leaving = PLACES[planes], transition.of(planes, transition.leaving)
    joining = transition.of(planes, transition.joining)
    if len(leaving) > 1:
        yield Fault(
            path,
            f"{_names(leaving)} leave in one update, and control planes go one at a time",
            f"Put all but one back, run `pulumi up`, then take out the next; begin with {leaving[-1].name}.",
        )
    elif leaving and joining:
        yield Fault(
            path,
            f"{_names(leaving)} leaves and {_names(joining)} {'joins' if len(joining) == 1 else 'join'} in one update",
            "Do one, run `pulumi up`, then the other: one that does not come up is then not missed.",
        )
    for machine in transition.of(planes, transition.replaced):
        yield Fault(
            f"{path}.{machine.name}",
            f"its address was {transition.before[machine.name].address} and is {machine.address}",
            f"Remove {machine.name}, run `pulumi up`, then add it with the new address.",
        )


def quorum(transition: Transition) -> Iterator[Fault]:
    """Yield losses after which no majority, or nobody, is left."""
    role = transition.member_role
    if role is not None:
        members = len(transition.living(role, deployed=True))
        dead = len(transition.of(role, transition.evicted))
        if dead and spare(members, members - dead) < 0:
            yield Fault(
                PLACES[role],
                f"{dead} of {members} etcd members are lost, and {majority(members)} have to agree on taking one out",
                f"Bring one back, or restore etcd from a snapshot on one {role.value}.",
            )
    if role is Role.ETCD and not any(m.name in transition.before for m in transition.living(role)):
        yield Fault(
            PLACES[role],
            "none of the etcd hosts that run is left: all data would be gone",
            "Keep them, add the new ones, run `pulumi up`, then remove the old ones one by one.",
        )
    if not any(m.name in transition.before for m in transition.living(Role.CONTROL_PLANE)):
        yield Fault(
            "controlPlane.hosts",
            "none of the control planes that run is left: the cluster and its data would be gone",
            "Keep them, add the new ones, run `pulumi up`, then remove the old ones one by one;"
            " to end the cluster, run `pulumi destroy`.",
        )


def _names(machines: list[Machine]) -> str:
    return ", ".join(machine.name for machine in machines)


#: Every rule for a cluster that runs.
RULES = (one_thing, membership, quorum)
