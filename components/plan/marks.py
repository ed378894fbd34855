"""What becomes of the labels, annotations and taints of nodes that run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.config import Marks, merged_marks
from components.plan.transition import Machine, Role, Transition
from components.plan.words import names


def marked(transition: Transition) -> list[tuple[Machine, Marks, Marks]]:
    """Return the nodes that stay and whose marks change, with those before and after."""
    staying = [*transition.staying(Role.CONTROL_PLANE), *transition.staying(Role.WORKER)]
    found = [(m, _of(transition.deployed or {}, transition.before[m.name]), _of(transition.wanted, m)) for m in staying]
    return [(machine, before, after) for machine, before, after in found if before != after]


def _of(document: Mapping[str, Any], machine: Machine) -> Marks:
    group = document["controlPlane"] if machine.role is Role.CONTROL_PLANE else document["workers"][machine.pool]
    return merged_marks(group, group["hosts"][machine.name])


def mark_lines(transition: Transition) -> list[str]:
    """Return a sentence for each change, nodes with the same one gathered."""
    alike: dict[str, list[Machine]] = {}
    for machine, before, after in marked(transition):
        for change in _changes(before, after):
            alike.setdefault(change, []).append(machine)
    return [f"{names(machines)}: {change}." for change, machines in alike.items()]


def _changes(before: Marks, after: Marks) -> Iterator[str]:
    yield from _differences("label", before.labels, after.labels)
    yield from _differences("annotation", before.annotations, after.annotations)
    old, new = _taints(before), _taints(after)
    yield from (f"the taint {taint} is set" for kind, taint in new.items() if old.get(kind) != taint)
    yield from (f"the taint {taint} is taken away" for kind, taint in old.items() if kind not in new)
    if after.takes_work and not before.takes_work:
        yield "ordinary pods may run there from then on"
    elif before.takes_work and not after.takes_work:
        yield "no new ordinary pod comes there; those that run there stay"


def _differences(word: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for key, value in new.items():
        if old.get(key) != value:
            yield f"the {word} {key}={value} is set" if word == "label" else f"the {word} {key} is set"
    yield from (f"the {word} {key} is taken away" for key in old if key not in new)


def _taints(marks: Marks) -> dict[tuple[str, str], str]:
    return {
        (key, effect): f"{key}{'=' if value else ''}{value}:{effect}" for (key, effect), value in marks.taints.items()
    }


def evicting(transition: Transition) -> Iterator[str]:
    """Yield a sentence for each taint that drives away pods which run."""
    alike: dict[str, list[Machine]] = {}
    for machine, before, after in marked(transition):
        old = _taints(before)
        for kind, taint in _taints(after).items():
            if kind[1] == "NoExecute" and old.get(kind) != taint:
                alike.setdefault(taint, []).append(machine)
    for taint, machines in alike.items():
        yield (
            f"Pods on {names(machines)} that do not tolerate {taint} are evicted at once,"
            " whatever their disruption budgets say."
        )
