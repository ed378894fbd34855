"""What of AWS runs in a cluster: applied and changed, what it costs, and what it does not do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components import releases
from components.faults import Fault
from components.plan.made import MADE, MANAGED, group_of, makes, provided
from components.plan.transition import Role, Transition
from components.plan.words import names, verb

VOLUMES = "ebsCsiDriver"
_MANAGER = "the cloud controller manager"
_DRIVER = "the EBS CSI driver"


def _has(document: Mapping[str, Any] | None, key: str) -> bool:
    return bool(((document or {}).get("aws") or {}).get(key))


def _manager(document: Mapping[str, Any]) -> str:
    return releases.cloud_controller_manager_image(document["kubernetes"]["version"]).rpartition(":")[2]


def stage(transition: Transition) -> tuple[str, list[str]]:
    """Return the stage in which it is applied."""
    return "Of AWS, from one control plane", list(_lines(transition))


def _lines(transition: Transition) -> Iterator[str]:
    before, after = transition.deployed, transition.wanted
    acting = next((m.name for m in transition.living(Role.CONTROL_PLANE)), "a control plane")
    if _has(after, MANAGED):
        release = _manager(after)
        if not _has(before, MANAGED):
            then = "; nodes take pods from when it has found their machines" if transition.first else ""
            yield f"{acting} applies {_MANAGER} {release}{then}."
        elif before is not None and _manager(before) != release:
            yield f"The{_MANAGER[3:]} becomes {release}, one control plane after another."
    if _has(after, VOLUMES) and not _has(before, VOLUMES):
        release = releases.ebs_csi_image("driver").rpartition(":")[2]
        yield f"{acting} applies {_DRIVER} {release} and the storage class gp3."
    if _has(before, VOLUMES) and not _has(after, VOLUMES):
        yield f"{acting} removes {_DRIVER} and the storage class gp3."


def headline(transition: Transition) -> Iterator[str]:
    """Yield the same in a few words, for a cluster that runs."""
    for key, what in ((MANAGED, _MANAGER), (VOLUMES, _DRIVER)):
        before, after = _has(transition.deployed, key), _has(transition.wanted, key)
        if before != after:
            yield f"{what} is {'applied' if after else 'removed'}"


def costs(transition: Transition) -> Iterator[str]:
    """Yield what it makes that costs money: how many, the cluster's users say."""
    for key, what in ((MANAGED, "balancers of Services"), (VOLUMES, "volumes of claims")):
        if _has(transition.wanted, key):
            yield f"{what}: as many as there are"


def unknown(transition: Transition) -> Iterator[str]:
    """Yield machines that it does not know, in the stack that makes them."""
    if makes(transition.wanted) and _has(transition.wanted, MANAGED):
        there = [*transition.staying(Role.CONTROL_PLANE), *transition.staying(Role.WORKER)]
        earlier = [m for m in there if not group_of(transition.wanted, m)["hosts"][m.name][MADE].get(MANAGED)]
        if earlier:
            yield (
                f"{names(earlier)} joined before {_MANAGER}: balancers of Services leave"
                f" {verb(earlier, 'it', 'them')} out, and no volume of a claim is attached there. Replace"
                f" {verb(earlier, 'it', 'them one by one')}, by `skip` under `machines`."
            )


def cautions(transition: Transition) -> Iterator[str]:
    """Yield the same, and volumes that nobody attaches any more."""
    yield from unknown(transition)
    if _has(transition.deployed, VOLUMES) and not _has(transition.wanted, VOLUMES):
        yield (
            "Volumes of claims stay, and nobody attaches or deletes one any more: remove the claims first, or keep the"
            f" pods where they are until {_DRIVER} is there again."
        )


def refusals(transition: Transition) -> Iterator[Fault]:
    """Yield that it would go from under kubelets that wait for it."""
    if provided(transition.wanted) and _has(transition.deployed, MANAGED) and not _has(transition.wanted, MANAGED):
        yield Fault(
            f"aws.{MANAGED}",
            "is off, and kubelets were started to wait for it: a node that registers anew would take no pods, and"
            " balancers of Services would be nobody's",
            "Put it back; for a cluster without it, build a second one beside this one and move the workloads.",
        )
