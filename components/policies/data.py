"""Policies on what must not be lost."""

from __future__ import annotations

from collections.abc import Iterator

from components.faults import Fault
from components.policies.policy import Subject, policy


@policy("off")
def missing_backups(subject: Subject) -> Iterator[Fault]:
    """An etcd that is run from here and takes no snapshots: the cluster is lost with the disks of its majority."""
    etcd = subject.cluster.etcd
    if etcd.external is None and etcd.snapshots is None:
        yield Fault("etcd.snapshots", "is not given, so there are no backups of the cluster", "Write `snapshots: {}`.")
