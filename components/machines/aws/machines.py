"""The machines themselves, each with a host key that is known before it first answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pulumi
from pulumi_aws import ec2

from components.config import (
    ControlPlaneOptions,
    EtcdMachineOptions,
    EtcdOptions,
    HostSpec,
    MachineOptions,
    PoolOptions,
)
from components.host import Host, MakeKey, SshAccess, SshKey
from components.machines.aws.base import Base
from components.machines.aws.facts import KeyFacts
from components.machines.aws.guards import BASTION, ETCD, PLANE, WORKER
from components.machines.aws.images import login_user
from components.machines.aws.user_data import user_data
from components.placement import ZONE

#: What a machine keeps once it is made, whatever the cluster file says of machines that are new.
KEPT = [
    *("ami", "instance_type", "key_name", "user_data", "user_data_base64", "root_block_device"),
    *("ebs_block_devices", "associate_public_ip_address", "availability_zone"),
]
VOLUME = "/dev/sdf"
SSH_PORT = 22
BASTION_GIB = 10


@dataclass(frozen=True)
class Footing:
    """What machines of all kinds stand on."""

    base: Base
    """What everything is made with."""
    images: Mapping[str, str]
    """Id of the image for each type of machine."""
    subnets: Mapping[str, pulumi.Input[str]]
    """Subnets for machines by zone."""
    guards: Mapping[str, pulumi.Input[str]]
    """Ids of security groups by role."""
    profiles: Mapping[str, pulumi.Input[str]]
    """Names of instance profiles by role."""
    roles: Mapping[str, pulumi.Input[str]]
    """Names of what those allow, by role."""
    key: KeyFacts | None
    """The key that volumes are encrypted with; None for AWS's own."""
    key_name: pulumi.Input[str]
    """Name in AWS of the key to log in with."""
    after: Sequence[pulumi.Resource]
    """What has to be there before a machine starts."""


@dataclass(frozen=True)
class Standing(Footing):
    """What machines stand on that are logged in to."""

    login: SshKey
    """The key to log in with."""
    make_key: MakeKey
    """Makes further ones."""


@dataclass(frozen=True)
class MachinesArgs:
    """Arguments of Machines."""

    standing: Standing
    """What they stand on."""
    ground: pulumi.Resource
    """What goes with the whole cluster and with nothing less."""
    bastion: SshAccess | None
    """What logins go through."""


@dataclass(frozen=True)
class _Machine:
    """A machine of the cluster file."""

    name: str
    role: str
    host: HostSpec
    options: MachineOptions


class Machines(pulumi.ComponentResource):
    """Every machine of the cluster file that lives."""

    hosts: Mapping[str, Host]
    """All of them as hosts, by name."""
    public: Mapping[str, pulumi.Output[str]]
    """Public addresses of those that have one, by name."""

    def __init__(self, name: str, args: MachinesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Machines", name, None, opts)
        standing = args.standing
        base = standing.base.within(self)
        machines = list(_machines(base))
        made: dict[str, ec2.Instance] = {}
        access: dict[str, SshAccess] = {}
        for machine in machines:
            if not machine.host.lost:
                key = standing.make_key(f"{machine.name}-host-key", pulumi.ResourceOptions(parent=self))
                made[machine.name] = instance = _instance(base, standing, machine, key)
                access[machine.name] = SshAccess(
                    instance.public_ip if base.options.network.public else str(machine.host.address),
                    SSH_PORT,
                    login_user(base.cluster, base.options.image),
                    key.public,
                    standing.login.private,
                    args.bastion,
                )
        acting = next(access[plane] for plane in base.cluster.control_plane.hosts if plane in access)
        self.hosts = {
            # Nobody logs in to a lost one: where a connection has to be named, it is that of the one that acts for it.
            m.name: Host(
                m.name,
                str(m.host.address),
                access.get(m.name, acting),
                lost=m.host.lost,
                provider_id=_known_by(base, m, made.get(m.name)),
                machine=made.get(m.name),
                ground=args.ground,
            )
            for m in machines
        }
        public = base.options.network.public
        self.public = {name: machine.public_ip for name, machine in made.items()} if public else {}
        self.register_outputs({})


def _known_by(base: Base, machine: _Machine, made: ec2.Instance | None) -> pulumi.Output[str] | None:
    """Return what the cloud controller manager knows a machine by."""
    if made is None or not base.options.cloud_controller_manager:
        return None
    return pulumi.Output.concat(f"aws:///{machine.host.labels[ZONE]}/", made.id)


def _machines(base: Base) -> list[_Machine]:
    cluster = base.cluster
    pools = [(WORKER, pool) for pool in cluster.workers.values()]
    groups: list[tuple[str, ControlPlaneOptions | EtcdOptions | PoolOptions]]
    groups = [(PLANE, cluster.control_plane), (ETCD, cluster.etcd), *pools]
    return [
        _Machine(name, role, host, group.machines)
        for role, group in groups
        if group.machines is not None
        for name, host in group.hosts.items()
    ]


def _instance(base: Base, standing: Standing, machine: _Machine, key: SshKey) -> ec2.Instance:
    plane = machine.role == PLANE
    own = machine.options.etcd_volume_gib if isinstance(machine.options, EtcdMachineOptions) else None
    # A subfolder holds the data: the volume itself has a folder of the file system's own.
    folder = str(PurePosixPath(base.cluster.etcd.data_directory).parent) if own else None
    tags = base.tags(f"{base.cluster.name}-{machine.name}")
    return instance(
        machine.name,
        base,
        standing,
        machine.role,
        instance_type=machine.options.instance_type,
        subnet_id=standing.subnets[machine.host.labels[ZONE]],
        private_ip=str(machine.host.address),
        associate_public_ip_address=base.options.network.public,
        # Somebody's slip elsewhere ends no control plane; what this program ends, it has taken out first.
        disable_api_termination=plane,
        force_destroy=plane,
        root_block_device=ec2.InstanceRootBlockDeviceArgs(
            volume_type="gp3",
            volume_size=machine.options.volume_gib,
            encrypted=True,
            kms_key_id=standing.key and standing.key.arn,
            delete_on_termination=True,
            tags=tags,
        ),
        ebs_block_devices=[_volume(own, standing.key, tags)] if own else None,
        user_data=_told(machine.name, key, folder),
        tags=tags,
    )


def instance(name: str, base: Base, standing: Standing, role: str, **more: Any) -> ec2.Instance:
    """Return a machine with what all machines have."""
    return ec2.Instance(
        name,
        ami=standing.images[str(more["instance_type"])],
        key_name=standing.key_name,
        vpc_security_group_ids=[standing.guards[role]],
        iam_instance_profile=standing.profiles[role],
        source_dest_check=True,
        metadata_options=ec2.InstanceMetadataOptionsArgs(
            http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
        ),
        opts=base.opts(depends_on=[*standing.after], ignore_changes=KEPT),
        **more,
    )


def _volume(gib: int, key: KeyFacts | None, tags: dict[str, str]) -> ec2.InstanceEbsBlockDeviceArgs:
    return ec2.InstanceEbsBlockDeviceArgs(
        device_name=VOLUME,
        volume_type="gp3",
        volume_size=gib,
        encrypted=True,
        kms_key_id=key and key.arn,
        delete_on_termination=True,
        tags={**tags, "Name": f"{tags['Name']}-etcd"},
    )


def _told(name: str, key: SshKey, folder: str | None) -> pulumi.Output[str]:
    return pulumi.Output.secret(
        pulumi.Output.all(key.private, key.public).apply(lambda pair: user_data(name, pair[0], pair[1], folder))
    )


def bastion(standing: Standing, subnet: pulumi.Input[str], instance_type: str) -> SshAccess:
    """Make the bastion; return how it is logged in to. Its address stays while it is there."""
    base = standing.base
    name = base.name(BASTION)
    key = standing.make_key(f"{name}-host-key", pulumi.ResourceOptions(parent=base.parent))
    tags = base.tags(name)
    machine = instance(
        name,
        base,
        standing,
        BASTION,
        instance_type=instance_type,
        subnet_id=subnet,
        root_block_device=ec2.InstanceRootBlockDeviceArgs(
            volume_type="gp3",
            volume_size=BASTION_GIB,
            encrypted=True,
            kms_key_id=standing.key and standing.key.arn,
            delete_on_termination=True,
            tags=tags,
        ),
        user_data=_told(name, key, None),
        tags=tags,
    )
    address = ec2.Eip(f"{name}-address", domain="vpc", instance=machine.id, tags=tags, opts=base.opts())
    user = login_user(base.cluster, base.options.image)
    return SshAccess(address.public_ip, SSH_PORT, user, key.public, standing.login.private)
