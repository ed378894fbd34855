"""Snapshots of etcd: when they can be taken, and where they are safe from what cleans a host."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from components.config import Cluster
from components.faults import Fault

#: What a timer can be told exactly: parts of a day, and days.
HOURS = (1, 2, 3, 4, 6, 8, 12, *range(24, 169, 24))


def hours(cluster: Cluster) -> Iterator[Fault]:
    """Yield a time that no day can be divided by: the last one of each day would be shorter."""
    options = cluster.etcd.snapshots
    if options is not None and options.every_hours not in HOURS:
        below, above = next(pair for pair in pairwise(HOURS) if pair[0] < options.every_hours < pair[1])
        yield Fault(
            "etcd.snapshots.everyHours",
            f"is {options.every_hours}, which neither divides a day nor makes whole days",
            f"Choose {below} or {above}.",
        )


def directory(cluster: Cluster) -> Iterator[Fault]:
    """Yield a folder that is within etcd's data, or has it within."""
    options, data = cluster.etcd.snapshots, cluster.etcd.data_directory
    if options is None or cluster.etcd.external is not None:
        return
    if f"{options.directory}/".startswith(f"{data}/"):
        yield Fault(
            "etcd.snapshots.directory",
            f"{options.directory} is within etcd's data, {data}, which is emptied when the member leaves",
            "Choose a folder beside it.",
        )
    elif f"{data}/".startswith(f"{options.directory}/"):
        yield Fault(
            "etcd.snapshots.directory",
            f"{options.directory} has etcd's data, {data}, within, and is to be for root alone",
            "Choose a folder beside it.",
        )


RULES = (hours, directory)
CAUTIONS = ()
