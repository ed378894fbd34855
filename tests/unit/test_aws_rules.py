"""Cluster files with machines: where they get names and addresses, and that strange ones end in no traceback."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from components import rules
from components.faults import ConfigurationError
from components.placement import numbers, placed, with_machines
from components.rules.regions import REGIONS
from tests.unit.aws_clusters import example
from tests.unit.test_cases import STRANGE, paths, replaced

SUBNETS = {"a": IPv4Network("10.0.0.0/24"), "b": IPv4Network("10.0.1.0/24")}
#: A file with every key of the provider's.
FULL = {
    **example("production"),
    "ssh": {"user": "admin"},
    "etcd": {"machines": {"count": 3, "instanceType": "m6i.large", "etcdVolumeGib": 20, "firstAddress": 30}},
    "controlPlane": {"machines": {"count": 3, "instanceType": "m6i.large", "volumeGib": 60, "skip": [2], "lost": [3]}},
}
FULL["aws"] = {
    **FULL["aws"],
    "sshRanges": ["10.0.0.0/16"],
    "cniPorts": ["udp/4789"],
    "kmsKey": "alias/volumes",
    "rights": ["ssm", "ecr"],
    "image": {"family": "debian-13", "id": "ami-0a1b2c3d4e5f60718"},
}
THERE = example("existing-vpc")
TAGGED = example("existing-vpc")
TAGGED["aws"]["network"] = {
    "vpcTags": {"Name": "prod"},
    "subnets": {"eu-central-1a": {"tags": {"Name": "private-a"}, "range": "10.0.1.0/24"}},
}


@pytest.mark.parametrize(
    ("count", "skip", "expected"),
    [(3, [], [1, 2, 3]), (3, [2], [1, 3, 4]), (2, [1, 2, 3], [4, 5]), (1, [9], [1])],
)
def test_skipped_numbers_are_nobody_s(count: int, skip: list[int], expected: list[int]) -> None:
    """As many machines as are asked for, with the lowest numbers that are left."""
    assert numbers(count, skip) == expected


def test_a_number_has_its_place_whatever_is_skipped() -> None:
    """So a machine that stays is never another one."""
    every = {place.number: place for place in placed(6, [], 10, SUBNETS)}
    for place in placed(4, [1, 4], 10, SUBNETS):
        assert place == every[place.number]
    assert [(p.zone, str(p.address)) for p in every.values()][:3] == [
        ("a", "10.0.0.10"),
        ("b", "10.0.1.10"),
        ("a", "10.0.0.11"),
    ]


def test_subnets_are_gone_through_by_name() -> None:
    """The engine does not keep the order that a file has."""
    file = example("existing-vpc")
    network = file["aws"]["network"]
    network["subnets"] = dict(reversed(network["subnets"].items()))
    assert with_machines(file)["controlPlane"] == with_machines(example("existing-vpc"))["controlPlane"]


def test_hosts_that_are_there_are_read_as_they_are() -> None:
    """Nothing is laid into a file without machines, not even a copy of it."""
    file = {"name": "x", "controlPlane": {"hosts": {"cp-1": "192.0.2.1"}}}
    assert with_machines(file) is file


def test_regions_are_those_of_the_plugin() -> None:
    """A newer plugin may know more: this list is then made anew."""
    import pulumi_aws

    assert {region.value for region in pulumi_aws.Region} == REGIONS


@pytest.mark.parametrize("file", [FULL, THERE, TAGGED], ids=["made", "there", "by tags"])
def test_the_full_files_are_right(file: dict[str, Any]) -> None:
    """What strange values are put into has no fault of its own."""
    assert rules.load(file).provider == "aws"


def places() -> list[tuple[dict[str, Any], tuple[Any, ...]]]:
    """Return every place of what is the provider's, with its file."""
    ours = ("aws", "controlPlane", "etcd", "endpoint", "workers", "provider", "ssh")
    return [(file, at) for file in (FULL, THERE, TAGGED) for at in paths(file) if at[0] in ours]


@pytest.mark.parametrize(
    ("file", "at"), places(), ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "in"
)
def test_strange_values_are_faults(file: dict[str, Any], at: tuple[Any, ...]) -> None:
    """Whatever is put at any place of a file is taken or refused: it never ends the program with a traceback."""
    for strange in [*STRANGE, 10**9, "10.0.0.0/33", "eu-central-1z", ["eu-central-1a"] * 20]:
        try:
            rules.load(replaced(file, at, strange))
        except ConfigurationError:
            continue
