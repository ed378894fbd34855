"""Where machines that are made get their names, zones and addresses from: known before any of them is there.

A cluster file with machines is read as if their hosts stood in it, so everything above knows hosts alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from components.config import Cluster
from components.config.aws import machine_ranges

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
#: Where a group's addresses begin in each zone's subnet, unless it says so itself.
FIRST = {"controlPlane": 10, "etcd": 30, "workers": 100}
#: Of each subnet AWS keeps the first four addresses and the last one.
KEPT = 4
#: Where etcd's data is on a volume of its own: a file system's own folder, lost+found, is beside it and not in it.
DATA_ON_VOLUME = "/var/lib/etcd/data"
_FAULTY = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class Placement:
    """A machine's place."""

    number: int
    zone: str
    address: IPv4Address


def numbers(count: int, skip: Collection[int]) -> list[int]:
    """Return the numbers of machines: the first `count` that are not skipped."""
    found: list[int] = []
    number = 0
    while len(found) < count:
        number += 1
        if number not in skip:
            found.append(number)
    return found


def placed(count: int, skip: Collection[int], first: int, subnets: Mapping[str, IPv4Network]) -> list[Placement]:
    """Return the places of a group's machines: zone after zone, and in each one address after another."""
    zones = list(subnets)
    places = []
    for number in numbers(count, skip):
        row, column = divmod(number - 1, len(zones))
        zone = zones[column]
        places.append(Placement(number, zone, subnets[zone].network_address + first + row))
    return places


def prefix(group: str) -> str:
    """Return what the names of a group's machines begin with, from the group's path."""
    return {"controlPlane": "cp", "etcd": "etcd"}.get(group) or group.removeprefix("workers.")


#: What a VPC may be as large as, and what sixteenths of sixteenths leave room for balancers in.
LARGEST, SMALLEST = 16, 20


def first_of(group: str, given: int | None) -> int:
    """Return where a group's addresses begin, from its path and what it says."""
    return FIRST[group.partition(".")[0]] if given is None else given


def with_machines(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cluster file, as plain values, with the hosts of its machines and what follows from them.

    What is faulty is left as it is, for the schema and the rules to tell.
    """
    if data.get("provider") != "aws":
        return data
    with suppress(*_FAULTY):
        data = _with_name(data)
    with suppress(*_FAULTY):
        data = _with_data_directory(data)
    for group in groups(data):
        with suppress(*_FAULTY):
            section = _at(data, group)
            if section.get("hosts") is None:
                data = _laid(data, group.split("."), "hosts", _hosts(data, group, section["machines"]))
    return data


def with_ids_of(cluster: Cluster, known: Mapping[str, Any]) -> Cluster:
    """Return a cluster file with the ids of a network that is there as a snapshot has them: they were found by tags."""
    if cluster.aws is None or not cluster.aws.network.is_there():
        return cluster
    network, told = cluster.aws.network, (known.get("aws") or {}).get("network") or {}
    ids = {}
    for path, zone, subnet in network.listed():
        ids[path] = subnet.id or told.get(path.partition(".")[0], {}).get(zone, {}).get("id")
    there = network.found(network.vpc or told.get("vpc"), ids)
    return cluster.model_copy(update={"aws": cluster.aws.model_copy(update={"network": there})})


def groups(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the path of every group of a cluster file that has `machines`."""
    workers = data.get("workers")
    pools = [f"workers.{pool}" for pool in workers] if isinstance(workers, Mapping) else []
    for group in ("controlPlane", "etcd", *pools):
        section = _at(data, group)
        if isinstance(section, Mapping) and section.get("machines") is not None:
            yield group


def _at(data: Mapping[str, Any], path: str) -> Any:
    head, _, pool = path.partition(".")
    section = data.get(head)
    return section.get(pool) if pool and isinstance(section, Mapping) else section


def _laid(data: Mapping[str, Any], path: Sequence[str], key: str, value: Any) -> Mapping[str, Any]:
    if not path:
        return {**data, key: value}
    return {**data, path[0]: _laid(data.get(path[0]) or {}, path[1:], key, value)}


def _hosts(data: Mapping[str, Any], group: str, machines: Mapping[str, Any]) -> dict[str, Any]:
    if machines.get("autoScaling") is not None and machines.get("count") is None and group.startswith("workers."):
        return {}  # nobody knows which there are
    aws = data["aws"]
    network = aws["network"]
    if isinstance(network.get("zones"), str) or machines["count"] < 1:
        raise ValueError  # the schema tells of both
    if network.get("range") is not None:
        subnets = machine_ranges(_range(network["range"]), network["zones"])
    else:
        subnets = {zone: _range(subnet["range"]) for zone, subnet in sorted(network["subnets"].items())}
    first = first_of(group, machines.get("firstAddress"))
    if machines["count"] > 1000:
        raise ValueError  # the schema tells of it
    places = placed(machines["count"], machines.get("skip") or [], first, subnets)
    return {
        f"{prefix(group)}-{place.number}": {
            "address": str(place.address),
            "labels": {ZONE: place.zone, REGION: aws["region"]},
            **({"lost": True} if place.number in (machines.get("lost") or []) else {}),
        }
        for place in places
    }


def _range(value: Any) -> IPv4Network:
    if not isinstance(value, str):  # a bare number is a range to ipaddress, and never what was meant
        raise TypeError
    return IPv4Network(value)


def _with_name(data: Mapping[str, Any]) -> Mapping[str, Any]:
    endpoint = data["endpoint"]
    if endpoint["kind"] != "nlb" or endpoint.get("name") is not None:
        return data
    return _laid(data, ["endpoint"], "name", f"api.{data['name']}.internal")


def _with_data_directory(data: Mapping[str, Any]) -> Mapping[str, Any]:
    sections = [_at(data, group) for group in groups(data) if not group.startswith("workers.")]
    asked = any(section["machines"].get("etcdVolumeGib") for section in sections)
    if not asked or (data.get("etcd") or {}).get("dataDirectory") is not None:
        return data
    return _laid(data, ["etcd"], "dataDirectory", DATA_ON_VOLUME)
