"""What a provider makes and ends: machines, and what they stand on."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from components.faults import Fault
from components.placement import ZONE
from components.plan.transition import Machine, Role, Transition
from components.plan.words import names, verb

#: What a machine is made as, and keeps.
KEPT = ("instanceType", "volumeGib", "etcdVolumeGib")
#: Whether it is a machine that a cloud controller manager knows; one that was made before has no such word.
MANAGED = "cloudControllerManager"
#: Where a snapshot says of a host what it was made as.
MADE = "made"
_ANEW = "Put it back; for another one, build a second cluster beside this one and move the workloads."
_CHOSEN = ("range", "zones", "vpc", "subnets", "public")


def provided(document: Mapping[str, Any]) -> bool:
    """Whether machines of a cluster are made, by whichever stack."""
    return bool(document.get("provider", "static") != "static")


def makes(document: Mapping[str, Any]) -> bool:
    """Whether machines of a cluster are made, and not by another stack."""
    return provided(document) and "infrastructure" not in document


def group_of(document: Mapping[str, Any], machine: Machine) -> dict[str, Any]:
    """Return the section that a machine is of."""
    group: dict[str, Any] = {
        Role.CONTROL_PLANE: document.get("controlPlane", {}),
        Role.ETCD: document.get("etcd", {}),
        Role.WORKER: document.get("workers", {}).get(machine.pool, {}),
    }.get(machine.role, {})
    return group


def place_of(machine: Machine) -> str:
    """Return where the group of a machine stands in the file."""
    return {Role.CONTROL_PLANE: "controlPlane", Role.ETCD: "etcd"}.get(machine.role, f"workers.{machine.pool}")


def stage(transition: Transition) -> tuple[str, list[str]]:
    """Return the stage in which machines are made."""
    wanted = transition.wanted
    title = f"In AWS, {wanted['aws']['region']}" if makes(wanted) else ""
    lines = []
    if title and transition.first:
        own = wanted["aws"]["network"].get("range")
        network = f"A VPC of {own} with its ways out" if own else "What is missing in the VPC"
        lines.append(f"{network}, security groups and what the endpoint needs are made.")
    new: dict[str, list[Machine]] = {}
    for machine in transition.joining if title else []:
        new.setdefault(_what(wanted, machine), []).append(machine)
    lines += [f"{names(ms, addresses=True)} {verb(ms, 'is', 'are')} made: {what}." for what, ms in new.items()]
    return title, lines


def endings(transition: Transition) -> tuple[str, list[str]]:
    """Return the stage in which machines are ended, when they have left the cluster."""
    gone = [*transition.leaving, *transition.evicted] if makes(transition.wanted) else []
    said = f"The {verb(gone, 'machine', 'machines')} of {names(gone)} {verb(gone, 'is', 'are')} ended, with"
    return "At the end, in AWS", [f"{said} {verb(gone, 'its', 'their')} volumes."] if gone else []


def _what(document: Mapping[str, Any], machine: Machine) -> str:
    group = group_of(document, machine)
    zone = group["hosts"][machine.name].get("labels", {}).get(ZONE, "a zone")
    return f"{group['machines']['instanceType']} in {zone}"


def made_as(document: Mapping[str, Any], group: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what a machine was made as: what is remembered of it, or what its group says."""
    image, managed = document["aws"].get("image", {}), document["aws"].get(MANAGED)
    asked = {key: group["machines"][key] for key in KEPT if group["machines"].get(key) is not None}
    asked |= {MANAGED: True} if managed else {}
    asked |= {"image": image.get("id") or image.get("family", "")}
    if kms_key(document) != "none":
        asked |= {"kmsKey": kms_key(document)}
    return group["hosts"][name].get(MADE) or asked


def kms_key(document: Mapping[str, Any]) -> str:
    """Return what volumes are encrypted with: `none` is AWS's own key."""
    return str(document["aws"].get("kmsKey", "none"))


def remembered(deployed: Mapping[str, Any] | None, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return a snapshot that says of each machine what it was made as, whatever the file says of new ones by now."""
    if not makes(wanted):
        return wanted
    before = {}
    if deployed is not None and makes(deployed):
        before = {name: made_as(deployed, group, name) for group, name in machines_of(deployed)}
    for group, name in machines_of(wanted):
        group["hosts"][name][MADE] = before.get(name) or made_as(wanted, group, name)
    return wanted


def machines_of(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the machines of a snapshot that live, each with its group."""
    for group in (document["controlPlane"], document["etcd"], *document["workers"].values()):
        if group.get("machines"):
            yield from ((group, name) for name, host in group["hosts"].items() if not host.get("lost"))


def kept(transition: Transition, but: Container[str] = ()) -> Iterator[str]:
    """Yield which machines are not what the file says of new ones, `but` some that go anyway."""
    if transition.first or not makes(transition.wanted):
        return
    for place, role, pool in _places(transition):
        other: dict[str, list[Machine]] = {}
        for machine in transition.staying(role):
            if machine.pool != pool or machine.name in but:
                continue
            group = group_of(transition.wanted, machine)
            asked = {key: value for key, value in group["machines"].items() if key in KEPT}
            image = transition.wanted["aws"]["image"]
            asked |= {"image": image.get("id") or image["family"], MANAGED: transition.wanted["aws"].get(MANAGED)}
            asked["kmsKey"] = kms_key(transition.wanted)
            own = {**group["hosts"][machine.name][MADE]}
            own.setdefault("kmsKey", "none")
            differs = [f"{key} {own[key]}" for key in own if own[key] != asked.get(key)]
            if differs:
                other.setdefault(", ".join(differs), []).append(machine)
        for what, machines in other.items():
            yield (
                f"{names(machines)} {verb(machines, 'stays', 'stay')} with {what}: what the file says now is for new"
                f" machines. Replace them one by one with {place}.machines.skip."
            )


def _places(transition: Transition) -> Iterator[tuple[str, Role, str]]:
    yield "controlPlane", Role.CONTROL_PLANE, ""
    yield "etcd", Role.ETCD, ""
    yield from ((f"workers.{pool}", Role.WORKER, pool) for pool in transition.wanted.get("workers", {}))


def other_volume(transition: Transition) -> str:
    """Return where a volume for etcd's data is given or taken away, empty where nowhere."""
    for key in ("controlPlane", "etcd"):
        before, after = (
            bool(((document or {}).get(key, {}).get("machines") or {}).get("etcdVolumeGib"))
            for document in (transition.deployed, transition.wanted)
        )
        if before != after:
            return f"{key}.machines.etcdVolumeGib"
    return ""


def refusals(transition: Transition) -> Iterator[Fault]:
    """Yield what machines that are there cannot follow."""
    before, after = transition.deployed or {}, transition.wanted
    if before.get("provider", "static") != after.get("provider", "static"):
        was, now = before.get("provider", "static"), after.get("provider", "static")
        yield Fault("provider", f"is {now!r}, and the cluster runs on hosts of provider {was!r}", _ANEW)
        return
    if not makes(after):
        return
    if before["aws"]["region"] != after["aws"]["region"]:
        yield Fault("aws.region", f"is {after['aws']['region']!r}, and the machines are in another one", _ANEW)
        return
    old, new = before["aws"]["network"], after["aws"]["network"]
    changed = [key for key in _CHOSEN if _said(old.get(key)) != _said(new.get(key))]
    found = list(_found_otherwise(old, new))
    yield from found
    told = {fault.path.split(".")[2].removesuffix("Tags") for fault in found}
    for key in changed:
        if key not in told:
            yield Fault(f"aws.network.{key}", "is another one, and the machines have addresses of what it was", _ANEW)
    if not changed:
        yield from _moved(transition)
    scheme = transition.change("endpoint.scheme")
    if scheme:
        yield Fault("endpoint.scheme", f"is {scheme.after!r}: the balancer that is there is {scheme.before!r}", _ANEW)


def _said(chosen: Any) -> Any:
    """Return what is chosen of a network without the tags that subnets were found by: their ids are there too."""
    if not isinstance(chosen, Mapping):
        return chosen
    return {zone: {key: value for key, value in subnet.items() if key != "tags"} for zone, subnet in chosen.items()}


def _found_otherwise(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield tags that find something else than before: with the machines in it, nothing else may be used unasked."""
    if new.get("vpcTags") and old.get("vpc") not in (None, new.get("vpc")):
        yield Fault(
            "aws.network.vpcTags",
            f"find {new.get('vpc')} now, and the machines are in {old['vpc']}",
            f"Give them back to that one alone, or write `vpc: {old['vpc']}` in their place.",
        )
    places = {"subnets": "the machines are", "publicSubnets": "a bastion or the balancer may be"}
    for key, who in places.items():
        for zone, subnet in new.get(key, {}).items():
            was = old.get(key, {}).get(zone, {}).get("id")
            if subnet.get("tags") and was not in (None, subnet.get("id")):
                yield Fault(
                    f"aws.network.{key}.{zone}.tags",
                    f"find {subnet.get('id')} now, and {who} in {was}",
                    "Give them back to that one alone, or write the id of the one that is meant in their place.",
                )


def _moved(transition: Transition) -> Iterator[Fault]:
    """Machines whose address is another one: their group's first address is."""
    groups: dict[str, list[Machine]] = {}
    for machine in transition.replaced:
        groups.setdefault(place_of(machine), []).append(machine)
    for place, machines in groups.items():
        yield Fault(
            f"{place}.machines.firstAddress",
            f"would give {names(machines)} {verb(machines, 'another address', 'other addresses')}",
            "Put it back: machines keep their addresses; one is replaced by skipping its number.",
        )
