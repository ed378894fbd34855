"""Snapshots of etcd, which the hosts of its members take by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components import remote
from components.config import Cluster, SnapshotOptions
from components.files import read
from components.host import Host
from components.remote import RemoteScript, Step
from components.render import snapshots


@dataclass(frozen=True)
class SnapshotsArgs:
    """Arguments of Snapshots."""

    cluster: Cluster
    """The cluster file."""
    hosts: Mapping[str, Host]
    """Every host of the cluster by name."""
    members: Mapping[str, pulumi.Resource]
    """What makes a host a member, by its name."""
    settled: pulumi.Resource
    """Done when every control plane is as the cluster file has it: what comes before it restarts etcd."""


def snapshots_for(args: SnapshotsArgs) -> Snapshots | None:
    """Return the snapshots that the cluster file asks for, None where it asks for none."""
    return Snapshots(args.cluster.name, args) if args.cluster.etcd.snapshots is not None else None


class Snapshots(pulumi.ComponentResource):
    """A timer on the host of each member. All are set up at once, and nothing else waits for them.

    Each step depends on its own host's member, so that a host which leaves ends its timer before its member goes.
    """

    def __init__(self, name: str, args: SnapshotsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Snapshots", name, None, opts)
        etcd = args.cluster.etcd
        if etcd.snapshots is None:
            raise ValueError("the cluster file asks for no snapshots")
        for member in etcd.hosts or args.cluster.control_plane.hosts:
            after = pulumi.ResourceOptions(
                parent=self, depends_on=[args.members[member], args.settled], delete_before_replace=True
            )
            host = args.hosts[member]
            RemoteScript(f"{member}-snapshots", host, _keeping(args.cluster, etcd.snapshots, host), after)
        self.register_outputs({})


def _keeping(cluster: Cluster, options: SnapshotOptions, host: Host) -> Step:
    files: dict[str, pulumi.Input[str]] = {
        "take-snapshot.sh": (remote.SCRIPTS / "snapshots/take-snapshot.sh").read_text(),
        f"{snapshots.UNIT}.service": snapshots.service(cluster, options, host.name),
        f"{snapshots.UNIT}.timer": snapshots.timer(options),
    }
    if options.then is not None:
        files["then"] = read(options.then.file)
    return Step(
        "keep-snapshots",
        undo="stop-snapshots",
        inputs={"ETCD": "stacked" if cluster.etcd.stacked else "hosts", "SNAPSHOTS": options.directory},
        files=files,
        # The first one is awaited, and one that the timer has just begun before it.
        deadline_seconds=2 * snapshots.seconds(options) + 120,
        cleans=True,
    )
