"""What an `up` does to a cluster, in the order it does it: sentences by stage.

The order is that of the resources: what is new or changed goes from the balancers over the control planes to the
workers, as they depend on each other; what leaves goes last, the other way round. A replaced host is left before it is
joined again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.plan import backups, cloud, elastic, endpoint, footing, made, members, planes
from components.plan.applied import applied
from components.plan.marks import mark_lines
from components.plan.rolling import drains, in_turn, rolls, undone_in
from components.plan.settings import retold
from components.plan.transition import Machine, Role, Transition
from components.plan.words import SHOWN, count, duration, listed, names, verb


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
        _made,
        _prepare,
        endpoint.stage,
        members.stage,
        planes.stage,
        cloud.stage,
        _workers,
        applied,
        backups.stage,
        _nodes,
        _hooks,
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


def _made(transition: Transition) -> tuple[str, list[str]]:
    title, lines = made.stage(transition)
    return title, [*footing.changed(transition), *lines]


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


def _workers(transition: Transition) -> tuple[str, list[str]]:
    lines = [planes.forget(machine) for machine in transition.of(Role.WORKER, transition.forgotten)]
    lost = transition.of(Role.WORKER, transition.evicted)
    if lost:
        lines.append(
            f"{names(lost)} {verb(lost, 'is', 'are')} lost:"
            f" {verb(lost, 'its node object is', 'their node objects are')} removed; nothing is run there."
        )
    lines += endpoint.of_workers(transition)
    pools = transition.wanted.get("workers", {})
    busy = {m.pool for m in (*_in_turn(transition), *transition.of(Role.WORKER, transition.replaced))}
    if len(busy) > SHOWN:
        lines += _pools(transition, list(pools))
    else:
        for pool in pools:
            lines += _pool(transition, pool)
    joining = transition.of(Role.WORKER, transition.joining)
    if joining:
        once = "" if len(joining) == 1 else ", all at once"
        lines.append(f"{names(joining, addresses=True)} {verb(joining, 'joins', 'join')}{once}.")
    return f"Workers{', pools at the same time' if len(busy) > 1 else ''}", lines


def _in_turn(transition: Transition) -> list[Machine]:
    """Return the workers that stay and are changed a few at a time."""
    done = rolls(transition)
    return [m for m in transition.staying(Role.WORKER) if done or m.name in transition.retold]


def _pools(transition: Transition, pools: list[str]) -> Iterator[str]:
    """Yield the same for so many pools that a line for each would be no page any more."""
    sizes = {pool: len([m for m in _in_turn(transition) if m.pool == pool]) for pool in pools}
    pace = sorted({in_turn(transition, pool) for pool in pools if sizes[pool]})
    at_once = f"{pace[0]} at a time" if len(pace) == 1 else f"{pace[0]} to {pace[-1]} at a time"
    where = f"{len([pool for pool in pools if sizes[pool]])} pools, in each {at_once}"
    staying, done = _in_turn(transition), rolls(transition)
    if done and staying:
        rounds = max(-(-sizes[pool] // in_turn(transition, pool)) for pool in pools)
        yield f"{where}: {_rolled(transition, staying, done, rounds)}"
    yield from (f"{where}: {said}" for said in retold(transition, staying))
    replaced = transition.of(Role.WORKER, transition.replaced)
    if replaced:
        yield f"{names(replaced)} {verb(replaced, 'is', 'are')} drained and leave, then join at their new addresses."
    if transition.repooled:
        yield f"{names(transition.repooled)} move to other pools; nothing is run for that."


def _pool(transition: Transition, pool: str) -> Iterator[str]:
    staying = [m for m in transition.staying(Role.WORKER) if m.pool == pool]
    moved = [m for m in transition.repooled if m.pool == pool]
    replaced = [m for m in transition.of(Role.WORKER, transition.replaced) if m.pool == pool]
    if moved:
        yield f"{names(moved)} {verb(moved, 'moves', 'move')} to pool {pool}; nothing is run for that."
    done, together = rolls(transition), in_turn(transition, pool)
    told = [m for m in _in_turn(transition) if m.pool == pool]
    at_once = f", {'one' if together == 1 else together} at a time" if len(told) + len(replaced) > 1 else ""
    if done and staying:
        yield f"{pool}{at_once}: {_rolled(transition, staying, done, -(-len(staying) // together))}"
    yield from (f"{pool}{at_once}: {said}" for said in retold(transition, staying))
    if len(replaced) > SHOWN:
        yield (
            f"{pool}{at_once}: {names(replaced)} are drained and leave, then join at their new addresses; the old hosts"
            " are cleaned at the end."
        )
        return
    for machine in replaced:
        old = transition.before[machine.name].address
        yield (
            f"{pool}{at_once}: {machine.name} is drained (up to {undone_in(transition)} s) and leaves at {old}, then"
            f" joins at {machine.address}; the old host is cleaned at the end."
        )


def _rolled(transition: Transition, staying: list[Machine], done: list[str], rounds: int) -> str:
    drained = drains(transition)
    said = f"{names(staying)} {verb(staying, 'is', 'are')} {listed([*(['drained'] if drained else []), *done])}."
    if not drained:
        return said
    seconds = transition.wanted["drain"]["timeoutSeconds"]
    return (
        f"{said} Draining takes up to {seconds} s each{f', {duration(rounds * seconds)} in all' if rounds > 1 else ''}."
    )


def _nodes(transition: Transition) -> tuple[str, list[str]]:
    return "All nodes, from one control plane", [] if transition.first else mark_lines(transition)


def _hooks(transition: Transition) -> tuple[str, list[str]]:
    """Return which of the user's scripts are run: those that were not there, and those that read otherwise now."""
    turns = "in their turn" if rolls(transition) or transition.retold else "all at once"
    node = f"with the step of each node that it is for, those that run too: workers {turns}"
    lines = []
    for time, where in (("beforeJoin", node), ("afterJoin", node), ("afterUp", "at the end, on one control plane")):
        change = transition.change(f"hooks.{time}")
        if change is None:
            continue
        # A snapshot of before their content was kept has names alone.
        known = {hook["name"] if isinstance(hook, dict) else hook for hook in change.before}
        differing = [hook["name"] for hook in change.after if hook not in change.before]
        new, changed = ([name for name in differing if (name in known) is there] for there in (False, True))
        for scripts, run in ((new, "run"), (changed, "run again")):
            if scripts:
                lines.append(
                    f"{', '.join(scripts)} of hooks.{time} {'is' if len(scripts) == 1 else 'are'} {run} {where}."
                )
    return "Hooks", lines


def _leave(transition: Transition) -> tuple[str, list[str]]:
    lines = []
    workers = transition.of(Role.WORKER, transition.leaving)
    if workers:
        lines.append(
            f"{names(workers)} {verb(workers, 'is', 'are')} drained{verb(workers, '', ', all at once')} (up to"
            f" {undone_in(transition)} s), {verb(workers, 'leaves', 'leave')} the cluster, and"
            f" {verb(workers, 'its host is', 'their hosts are')} cleaned."
        )
    for machine in transition.of(Role.CONTROL_PLANE, transition.leaving):
        member = ", its etcd member is removed," if transition.etcd == "stacked" else ""
        lines.append(f"{machine.name} is drained (up to {undone_in(transition)} s){member} and its host is cleaned.")
    lines += [members.leaves(machine) for machine in transition.of(Role.ETCD, transition.leaving)]
    balancers = transition.of(Role.BALANCER, transition.leaving)
    if balancers:
        lines.append(
            f"{names(balancers)} {verb(balancers, 'stops', 'stop')} balancing, and"
            f" {verb(balancers, 'its host is', 'their hosts are')} cleaned."
        )
    for machine in transition.of(Role.BALANCER, [*transition.evicted, *transition.forgotten]):
        lines.append(f"{machine.name} is lost: nothing is run on it.")
    return "At the end, what leaves", lines
