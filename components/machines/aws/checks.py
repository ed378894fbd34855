"""What cannot be made in the account that answers: told before anything is."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import AwsOptions, Cluster, MachineOptions
from components.faults import Fault, some
from components.machines.aws.facts import Account
from components.spelling import nearest

#: CPUs and memory in MiB that a control plane, or etcd, does not do with less of: kubeadm's own limit, and etcd's.
LEAST = {"controlPlane": (2, 2048), "etcd": (1, 2048), "workers": (1, 1024)}
#: What is missing of 2 GiB in a machine that is sold as one: firmware and kernel keep some.
SPARE = 16


def account_faults(cluster: Cluster, account: Account) -> Iterator[Fault]:
    """Yield everything that the account has not, or not as the cluster file says."""
    options = cluster.aws
    if options is not None:
        yield from _zones(options, account)
        yield from _types(cluster, options, account)
        yield from _there(options, account)


def _zones(options: AwsOptions, account: Account) -> Iterator[Fault]:
    network = options.network
    named = [(f"aws.network.zones.{number}", zone) for number, zone in enumerate(network.zones)]
    named += [(f"aws.network.subnets.{zone}", zone) for zone in network.subnets]
    named += [(f"aws.network.publicSubnets.{zone}", zone) for zone in network.public_subnets]
    for path, zone in named:
        if zone not in account.zones:
            open_to_us = f"The account has {', '.join(account.zones)}."
            yield Fault(path, f"{zone} is no zone of {options.region} that the account can use", open_to_us)


def _types(cluster: Cluster, options: AwsOptions, account: Account) -> Iterator[Fault]:
    known = [zone for zone in options.machine_subnets() if zone in account.zones]
    for path, machines in groups(cluster):
        yield from _type(f"{path}.machines.instanceType", machines.instance_type, known, account)
        facts = account.types.get(machines.instance_type)
        cpus, memory = LEAST[path.partition(".")[0]]
        if facts is not None and (facts.cpus < cpus or facts.memory_mib < memory - SPARE):
            yield Fault(
                f"{path}.machines.instanceType",
                f"{machines.instance_type} has {facts.cpus} CPU{'s' * (facts.cpus > 1)} and {facts.memory_mib} MiB",
                f"Choose one with {cpus} CPU{'s' * (cpus > 1)} and {memory} MiB or more.",
            )
    if options.bastion is not None:
        yield from _type("aws.bastion.instanceType", options.bastion.instance_type, known[:1], account)


def _type(path: str, name: str, zones: list[str], account: Account) -> Iterator[Fault]:
    offered = account.offered.get(name)
    if offered is None:
        near = nearest(name, account.offered)
        hint = f"Did you mean '{near}'?" if near else "See `aws ec2 describe-instance-type-offerings`."
        yield Fault(path, f"{name} is no type that the region has", hint)
        return
    lacking = [zone for zone in zones if zone not in offered]
    if lacking:
        where = f"It is in {', '.join(sorted(offered))}; choose another type, or those zones."
        yield Fault(path, f"{name} is not offered in {some(lacking)}", where)
    facts = account.types.get(name)
    if name not in account.images and facts is not None:
        yield Fault(
            path,
            f"{name} is of architecture {' or '.join(facts.architectures) or 'unknown'}, and aws.image has none for it",
            "Choose a type that fits the image, or another image.",
        )


def groups(cluster: Cluster) -> Iterator[tuple[str, MachineOptions]]:
    """Yield every group of machines by its path."""
    if cluster.control_plane.machines is not None:
        yield "controlPlane", cluster.control_plane.machines
    if cluster.etcd.machines is not None:
        yield "etcd", cluster.etcd.machines
    for pool, options in cluster.workers.items():
        if options.machines is not None:
            yield f"workers.{pool}", options.machines


def _there(options: AwsOptions, account: Account) -> Iterator[Fault]:
    """Yield what is wrong with a VPC that is there already, and its subnets."""
    network = options.network
    if network.vpc is None:
        return
    if account.vpc is None:
        yield Fault("aws.network.vpc", f"{network.vpc} is not in {options.region}", "See the region and the account.")
    elif not account.vpc.names:
        yield Fault(
            "aws.network.vpc",
            f"{network.vpc} answers no names of private zones",
            "Turn on its DNS support and DNS host names.",
        )
    for key, subnets in (("subnets", network.subnets), ("publicSubnets", network.public_subnets)):
        for zone, subnet in subnets.items():
            path = f"aws.network.{key}.{zone}"
            found = account.subnets.get(subnet.id)
            if found is None:
                yield Fault(f"{path}.id", f"{subnet.id} is not in {options.region}", "See the region and the account.")
                continue
            if found.vpc != network.vpc:
                yield Fault(f"{path}.id", f"{subnet.id} is in {found.vpc}, another VPC", f"Name one of {network.vpc}.")
            if found.zone != zone:
                yield Fault(f"{path}.id", f"{subnet.id} is in {found.zone}", f"Write it under {found.zone}.")
            if found.range != str(subnet.range):
                yield Fault(f"{path}.range", f"{subnet.range} is not the range of {subnet.id}", f"Write {found.range}.")
