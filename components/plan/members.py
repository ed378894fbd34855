"""etcd on hosts of its own, or somebody else's: what happens to it, and to the API servers that use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.plan.transition import Change, Machine, Role, Transition
from components.plan.words import healthy, names, turns, verb

#: Settings that a member restarts for.
TUNING = ("etcd.quotaGib", "etcd.heartbeatMilliseconds", "etcd.electionMilliseconds")


def tuned(transition: Transition) -> list[Change]:
    """Return the settings of etcd that members restart for."""
    return [change for change in transition.changes if change.path in TUNING]


def restarts_members(transition: Transition) -> bool:
    """Whether each etcd member is down once on the way."""
    if transition.etcd == "stacked":
        return transition.change("kubernetes.version") is not None
    return transition.change("etcd.version") is not None or bool(tuned(transition))


def others(transition: Transition) -> str:
    """Return why API servers restart with another list of etcd's addresses; empty when they do not."""
    if transition.first:
        return ""
    moved = [*transition.joining, *transition.leaving, *transition.evicted]
    if transition.etcd == "hosts" and transition.of(Role.ETCD, moved):
        return "the list of etcd's members changes"
    return "etcd's addresses change" if transition.change("etcd.external.endpoints") else ""


def stage(transition: Transition) -> tuple[str, list[str]]:
    """Return what happens to etcd on hosts of its own."""
    if transition.first:
        return "etcd, all members at once", list(_begin(transition))
    return "etcd, one member after another", list(_change(transition))


def _begin(transition: Transition) -> Iterator[str]:
    members = transition.living(Role.ETCD)
    if members:
        version = transition.wanted["etcd"]["version"]
        yield f"{names(members, addresses=True)} {verb(members, 'begins', 'begin')} etcd {version}."


def _change(transition: Transition) -> Iterator[str]:
    for machine in transition.of(Role.ETCD, transition.forgotten):
        yield f"{machine.name}, lost and taken out before, is forgotten; nothing is run anywhere."
    staying = transition.staying(Role.ETCD)
    for machine in transition.of(Role.ETCD, transition.evicted):
        acting = staying[0].name if staying else "another one"
        yield f"{machine.name} is lost: {acting} removes its member; nothing is run on it."
    own = list(_own(transition, staying)) if staying else []
    early, late = joins(transition, Role.ETCD, staying if own else [])
    yield from (*early, *own, *late)


def _own(transition: Transition, staying: list[Machine]) -> Iterator[str]:
    named = transition.change("etcd.extraCertNames")
    if named:
        yield (
            f"{names(staying)}: the member gets a new certificate (further names: {_listed(named.after)}), and loads it"
            " without a restart."
        )
    said = _restarted(transition)
    if said:
        yield f"{turns(staying)} {said}.{healthy(staying)}"


def joins(transition: Transition, role: Role, others: list[Machine]) -> tuple[list[str], list[str]]:
    """Return how each new one joins: before all that happens on `others` that run, and later.

    Steps follow each other as the file lists their hosts, which is not always the new ones last.
    """
    known = len(transition.living(role, deployed=True)) - len(transition.of(role, transition.evicted))
    order = [machine.name for machine in transition.living(role)]
    early, late = list[str](), list[str]()
    for number, machine in enumerate(transition.of(role, transition.joining), start=known + 1):
        later = [m.name for m in others if order.index(m.name) > order.index(machine.name)]
        learner = f": a learner first, then etcd member {number}" if transition.member_role is role else ""
        said = f"{machine} joins{f' before the turn of {later[0]}' if later else ''}{learner}."
        (early if others and len(later) == len(others) else late).append(said)
    return early, late


def _restarted(transition: Transition) -> str:
    version, settings = transition.change("etcd.version"), tuned(transition)
    said = [f"upgraded from etcd {version.before} to {version.after}"] if version else []
    if settings:
        said.append(f"restarted with a new {_listed([change.path.partition('.')[2] for change in settings])}")
    return " and ".join(said)


def _listed(values: list[Any]) -> str:
    return ", ".join(map(str, values)) or "none"


def headline(transition: Transition) -> Iterator[str]:
    """Yield what happens to etcd's settings, in a few words each."""
    version = transition.change("etcd.version")
    if version:
        yield f"upgrade of etcd from {version.before} to {version.after}"
    if transition.etcd == "hosts" and tuned(transition):
        yield "etcd's members restart with new settings, one by one"


def leaves(machine: Machine) -> str:
    """Return the sentence on a member's end."""
    return f"{machine.name}'s member leaves etcd, and its host is cleaned."
