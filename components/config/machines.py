"""Machines that a provider makes: how many of which kind, in place of hosts that are there."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.config.section import Section
from components.config.values import Flag, Whole, example

_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")


def _instance_type(value: str) -> str:
    if not _TYPE.fullmatch(value):
        raise ValueError("not a type of machine: write family and size as the provider has them, such as 'm6i.large'")
    return value


InstanceType = Annotated[
    str, AfterValidator(_instance_type), Field(json_schema_extra={"pattern": f"^{_TYPE.pattern}$"})
]
Number = Annotated[Whole, Field(ge=1)]
Offset = Annotated[Whole, Field(ge=4)]
Gib = Annotated[Whole, Field(ge=1, le=16384)]


class MachineOptions(Section):
    """Machines that the provider makes, all alike and spread over the zones, in place of `hosts`.

    They are numbered from 1 and named after their group, such as default-1. What is changed here later is for machines
    that are new: those that are there stay as they are, and are replaced one by one with `skip`.
    """

    count: Annotated[Whole, Field(ge=1, le=1000), example(3)]
    """How many."""
    instance_type: Annotated[InstanceType, example("m6i.xlarge")]
    """Type of the machines."""
    volume_gib: Annotated[Whole, Field(ge=10, le=16384), example(100)] = 50
    """Size of each machine's own volume, in GiB."""
    first_address: Annotated[Offset | None, example(110)] = None
    """Where in each zone's subnet the group's addresses begin: 10 for control planes, 30 for etcd, 100 for workers
    unless given. It cannot be changed later."""
    skip: Annotated[list[Number], example([2])] = []
    """Numbers that no machine has. To replace number 2 of a pool is to skip it: it is drained and ended, and a new one
    with the next number joins."""
    lost: Annotated[list[Number], example([2])] = []
    """Numbers of machines that are gone for good: nothing is run on them, and a living control plane takes them out of
    the cluster. Apply this, then skip them instead."""


class AutoScalingOptions(Section):
    """How many machines a pool may have that grows and shrinks by itself: an Auto Scaling group.

    Its machines prepare and join by themselves, and leave when they are ended. What they are told is in one launch
    template: a change of anything in it replaces them a few at a time.
    """

    min: Annotated[Whole, Field(ge=0, le=5000), example(2)]
    """How many there are at least, and at first."""
    max: Annotated[Whole, Field(ge=1, le=5000), example(20)]
    """How many there are at most. Between the two an autoscaler of yours chooses, and `up` leaves its choice alone."""
    min_healthy_percent: Annotated[Whole, Field(ge=0, le=100), example(80)] = 90
    """How many stay in service while the machines are replaced, in percent of those that are wanted."""
    cluster_autoscaler: Annotated[Flag, example(True)] = False
    """The group has the tags by which the cluster autoscaler finds it, and those that say which labels and taints its
    nodes will have."""


class PoolMachineOptions(MachineOptions):
    """Machines that the provider makes, all alike and spread over the zones, in place of `hosts`.

    There are `count`, or as many as an autoscaler wants: `autoScaling`. Those of `count` are numbered from 1 and named
    after their pool, such as default-1. What is changed here later is for machines that are new: those of `count` that
    are there stay as they are, and are replaced one by one with `skip`; those of `autoScaling` are all replaced.
    """

    count: Annotated[Whole | None, Field(ge=1, le=1000), example(3)] = None  # type: ignore[assignment]
    """How many."""
    auto_scaling: AutoScalingOptions | None = None
    """The pool grows and shrinks by itself, in place of `count`."""


class EtcdMachineOptions(MachineOptions):
    """Machines with a member of etcd, in place of `hosts`: as others, with a volume for etcd's data if asked for."""

    etcd_volume_gib: Annotated[Gib | None, example(20)] = None
    """Size of a volume of its own for etcd's data, in GiB, so that nothing else slows its writes. Without it the data
    is on the machine's own volume. It cannot be given later."""
