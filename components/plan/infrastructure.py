"""The plan of a stack that makes machines and nothing on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.config import Cluster
from components.faults import ConfigurationError, Fault
from components.plan import cloud, made
from components.plan.costs import machines_costs
from components.plan.foundation import founded, nodes_of
from components.plan.making import wanted_by
from components.plan.plan import Plan
from components.plan.refusals import refusals
from components.plan.snapshot import revived
from components.plan.stages import Stage
from components.plan.transition import Transition
from components.plan.words import names, verb


def infrastructure_plan(
    before: Mapping[str, Any] | None,
    cluster: Cluster,
    whole: Cluster,
    other: str,
    deployed: Mapping[str, Any] | None,
) -> Plan:
    """Return the plan from what machines were made from `before` to the cluster file.

    `whole` is the file with machines that are kept till the cluster of stack `other` has let go of them; `deployed` is
    the snapshot of that cluster. Raises ConfigurationError with every reason why it must not be made, also those of the
    other stack: what that would refuse is not begun here.
    """
    transition = founded(before, whole)
    kept = [m for m in transition.after.values() if not m.lost and m.name not in _names(cluster)]
    faults = list(made.refusals(transition)) if not transition.first else []
    if deployed is not None:
        told = revived(deployed)
        faults += refusals(Transition(told, wanted_by(cluster, told.get("infrastructure"))))
    # Of what the other stack has as a node, its own rules have told.
    faults += _taken(transition, {m.name for m in kept} - nodes_of(deployed).keys(), other)
    if faults:
        raise ConfigurationError(faults)
    ended = [*transition.leaving, *transition.evicted]
    lines = [
        f"{names(kept)} {verb(kept, 'is', 'are')} kept till {other} has let {verb(kept, 'it', 'them')} go: run"
        " `pulumi up` there, and then here again."
    ]
    stages = (made.stage(transition), ("Kept for now", lines if kept else []), made.endings(transition))
    return Plan(
        transition=transition,
        headline=f"{transition.wanted['name']}, its machines: {_headline(transition, len(kept), len(ended))}",
        stages=tuple(Stage(title, tuple(said)) for title, said in stages if said),
        tolerances=(),
        interruptions=(),
        cautions=(
            *made.kept(transition, [m.name for m in kept]),
            *cloud.unknown(transition),
            *_unfinished(deployed, ended, other),
        ),
        untouched="",
        costs=tuple(machines_costs(transition)),
    )


def _names(cluster: Cluster) -> set[str]:
    return {name for name, host in cluster.machines().values() if not host.lost}


def _taken(transition: Transition, kept: set[str], other: str) -> Iterator[Fault]:
    """Yield machines whose address one has that is kept."""
    holder = {m.address: m for m in transition.after.values() if m.name in kept}
    for machine in transition.joining:
        if machine.address in holder and machine.name not in kept:
            yield Fault(
                f"{made.place_of(machine)}.machines",
                f"{machine.name} would be at {machine.address}, which {holder[machine.address].name} has till {other}"
                " has let it go",
                f"Choose another firstAddress; or take {holder[machine.address].name} out first: `pulumi up` here, in"
                f" {other}, and here again.",
            )


def _headline(transition: Transition, kept: int, ended: int) -> str:
    new = len(transition.joining)
    if transition.first:
        return f"{new} that are new, and what they stand on."
    parts = [
        f"{number} {'is' if number == 1 else 'are'} {what}"
        for number, what in ((new, "made"), (kept, "kept for now"), (ended, "ended"))
        if number
    ]
    if any(".machines." not in change.path for change in transition.changes):
        parts.append("what they stand on changes")
    return f"{', '.join(parts)}." if parts else "nothing changes."


def _unfinished(deployed: Mapping[str, Any] | None, ended: Sequence[Any], other: str) -> Iterator[str]:
    if deployed is None and ended:
        yield (
            f"No `up` of {other} has come to its end yet, so nothing is kept for it: see that none was interrupted with"
            f" {names(list(ended))} on the way to be a node."
        )
