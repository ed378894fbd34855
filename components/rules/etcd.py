"""etcd: who runs it, how many members, and tuning that it can live with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from components.config import Cluster, EtcdOptions
from components.faults import Fault
from components.releases import minor, numbers

#: Before it members that are removed can come back to life with an upgrade (Kubernetes' and etcd's release notes).
OLDEST = (3, 5, 24)
LINES = ("3.5", "3.6")
LONGEST_ELECTION = 50_000
#: etcd's documentation: beyond it starts, snapshots and defragmentation take too long.
LARGEST_QUOTA = 8
#: Nobody has a database of so many GiB: bytes or mebibytes were meant.
ANOTHER_UNIT = 1024
#: Below it a slow write of a disk is a leader that is lost.
SHORTEST_HEARTBEAT = 20
#: Beyond it nothing is written for long when a leader is lost.
LONG_ELECTION = 10_000
_DEFAULTS = EtcdOptions.unset()
_OURS = ("dataDirectory", "quotaGib", "heartbeatMilliseconds", "electionMilliseconds", "extraCertNames", "snapshots")


def one_kind(cluster: Cluster) -> Iterator[Fault]:
    """Yield an etcd that would be in two places."""
    if cluster.etcd.hosts and cluster.etcd.external is not None:
        yield Fault(
            "etcd.external",
            "stands beside etcd.hosts, and a cluster has one etcd",
            "Keep hosts for an etcd that is run from here, external for one that somebody else runs.",
        )


def count(cluster: Cluster) -> Iterator[Fault]:
    """Yield too many members, or none that lives."""
    hosts = cluster.etcd.hosts
    if len(hosts) > 7:
        yield Fault(
            "etcd.hosts",
            f"names {len(hosts)} hosts",
            "More than 7 etcd members make every write slower (etcd FAQ); name 3, 5 or 7.",
        )
    elif hosts and all(host.knows("lost") and host.lost for host in hosts.values()):
        yield Fault("etcd.hosts", "are all lost", "One that lives has to take the others out.")


def version(cluster: Cluster) -> Iterator[Fault]:
    """Yield a version that is too old, of a line that is not known, or not ours to choose."""
    wanted = cluster.etcd.version
    if wanted is None:
        return
    if not cluster.etcd.hosts:
        theirs = "its owner's to choose" if cluster.etcd.external is not None else "kubeadm's to choose"
        yield Fault("etcd.version", f"is {theirs}", "Remove it: it is for members on etcd.hosts.")
        return
    if numbers(wanted) < OLDEST:
        yield Fault("etcd.version", f"{wanted} is older than 3.5.24", "Choose 3.5.24 or later.")
    elif minor(wanted) not in LINES:
        yield Fault(
            "etcd.version", f"{wanted} is of a line that is not known here", f"Choose one of {', '.join(LINES)}."
        )


def tuning(cluster: Cluster) -> Iterator[Fault]:
    """Yield times that etcd does not take, or would lose its leader with."""
    heartbeat, election = cluster.etcd.heartbeat_milliseconds, cluster.etcd.election_milliseconds
    if election > LONGEST_ELECTION:
        yield Fault("etcd.electionMilliseconds", f"is {election}, and etcd takes 50000 at most", "Choose less.")
    elif election < 10 * heartbeat:
        yield Fault(
            "etcd.electionMilliseconds",
            f"is {election}, less than ten heartbeats of {heartbeat}: a leader would be lost with a few slow packets",
            f"Choose {10 * heartbeat} or more, or shorter heartbeats (etcd's tuning guide)."
            if 10 * heartbeat <= LONGEST_ELECTION
            else "Choose shorter heartbeats, of 5000 at most.",
        )


def unit(cluster: Cluster) -> Iterator[Fault]:
    """Yield a quota in another unit: etcd does not start with such a number of GiB."""
    quota = cluster.etcd.quota_gib
    if quota >= ANOTHER_UNIT:
        of_bytes = quota >= 2**30
        meant = max(2, quota // (2**30 if of_bytes else 2**10))
        yield Fault(
            "etcd.quotaGib", f"is {quota}, in GiB", f"Write {meant}, if {'bytes' if of_bytes else 'MiB'} were meant."
        )


def somebody_elses(cluster: Cluster) -> Iterator[Fault]:
    """Yield settings of an etcd that is not run from here."""
    external = cluster.etcd.external
    if external is None or cluster.etcd.hosts:
        return
    for key in _OURS:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
        if getattr(cluster.etcd, name) != getattr(_DEFAULTS, name):
            yield Fault(f"etcd.{key}", "belongs to an etcd that is run from here", "Remove it, and ask its owner.")


def endpoints(cluster: Cluster) -> Iterator[Fault]:
    """Yield addresses that stand twice."""
    external = cluster.etcd.external
    for address, times in Counter(external.endpoints if external is not None else ()).items():
        if times > 1:
            yield Fault("etcd.external.endpoints", f"has {address} {times} times", "Remove all but one.")


def large(cluster: Cluster) -> Iterator[Fault]:
    """Yield a database that is larger than etcd is made for."""
    if LARGEST_QUOTA < cluster.etcd.quota_gib < ANOTHER_UNIT:
        yield Fault(
            "etcd.quotaGib",
            f"is {cluster.etcd.quota_gib}, and etcd is not made for more than {LARGEST_QUOTA}",
            "Choose less, and see what fills it: starts and snapshots take minutes beyond it.",
        )


def hasty(cluster: Cluster) -> Iterator[Fault]:
    """Yield times with which a leader is lost for nothing, or missed for long."""
    heartbeat, election = cluster.etcd.heartbeat_milliseconds, cluster.etcd.election_milliseconds
    if heartbeat < SHORTEST_HEARTBEAT:
        yield Fault(
            "etcd.heartbeatMilliseconds",
            f"is {heartbeat}: one slow write of a disk takes longer, and the leader is lost",
            "Remove it: 100 is the default. It is in milliseconds.",
        )
    if LONG_ELECTION < election <= LONGEST_ELECTION:
        yield Fault(
            "etcd.electionMilliseconds",
            f"is {election}: when a leader is lost, nothing is written for {election // 1000} seconds and more",
            "Choose ten round trips between the members, such as 1000.",
        )


def lonely_endpoint(cluster: Cluster) -> Iterator[Fault]:
    """Yield an etcd that is known at one address."""
    external = cluster.etcd.external
    if external is not None and len(external.endpoints) == 1:
        yield Fault(
            "etcd.external.endpoints",
            "names one address, and the API is lost with what answers there",
            "Name every member's.",
        )


def ports(cluster: Cluster) -> Iterator[Fault]:
    """Yield addresses at which etcd has no clients."""
    for number, address in enumerate(cluster.etcd.external.endpoints if cluster.etcd.external is not None else ()):
        port = re.search(r":(\d+)$", address)
        path = f"etcd.external.endpoints.{number}"
        if port is None:
            yield Fault(path, f"{address} names no port, and none is taken by itself", f"Write {address}:2379.")
        elif port[1] == "2380":
            yield Fault(
                path, f"{address} has the port at which members talk to each other", "2379 is that for clients."
            )


RULES = (one_kind, count, version, tuning, unit, somebody_elses, endpoints)
CAUTIONS = (large, hasty, lonely_endpoint, ports)
