"""How to undo a transition when it was made, and what of it cannot be undone."""

from __future__ import annotations

from collections.abc import Iterator

from components.plan.marks import marked
from components.plan.rolling import releases
from components.plan.transition import Role, Transition
from components.plan.words import listed, names, verb

#: What belongs to a release, and stays with it.
_WITH_A_RELEASE = frozenset({"kubernetes.version", "etcd.version", "packages.kubernetes"})


def way_back(transition: Transition) -> Iterator[str]:
    """Yield a sentence for each way; nothing for a cluster that is new."""
    if transition.first:
        return
    kept = [f"{what} {change.before}" for what, change in releases(transition)]
    if kept:
        yield (
            f"Back to {listed(kept)} only by restoring that backup of etcd. If the run stops half-way, mend what its"
            " error names and run `pulumi up` again: it goes on from there."
        )
    if transition.evicted:
        lost = transition.evicted
        yield (
            f"For {names(lost)} only to join again as new: remove the {verb(lost, 'line', 'lines')}, run `pulumi up`,"
            f" then add {verb(lost, 'it', 'them')}."
        )
    undone = list(_undone(transition))
    if undone:
        rest = "the rest of the file" if kept or transition.evicted else "the file"
        yield f"Put {rest} back as it was and run `pulumi up`: {'; '.join(undone)}."
    nodes = [m for m in transition.leaving if m.role in (Role.CONTROL_PLANE, Role.WORKER)]
    if nodes:
        yield ("A node whose draining fails stays cordoned: when its line is put back, `kubectl uncordon` it.")


def _undone(transition: Transition) -> Iterator[str]:
    joined, left = transition.joining, [*transition.leaving, *transition.replaced]
    settings = any(change.path not in _WITH_A_RELEASE for change in transition.changes)
    if settings or transition.repooled or transition.retold or marked(transition):
        yield "the old settings are rolled out in the same way"
    if joined:
        one_by_one = [f"{r.value}s" for r in (Role.CONTROL_PLANE, Role.ETCD) if len(transition.of(r, joined)) > 1]
        each = f", {' and '.join(one_by_one)} one in each `up`" if one_by_one else ""
        yield f"{names(joined)} {verb(joined, 'leaves', 'leave')} again{each}"
    if left:
        yield f"{names(left)} {verb(left, 'joins', 'join')} again as new"
