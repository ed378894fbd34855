"""What cannot be made in the account that answers: told before anything is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.config import AwsOptions, AwsSubnet, Cluster, MachineOptions
from components.faults import Fault, some
from components.machines.aws.existing import FEW
from components.machines.aws.facts import Account, SubnetFacts
from components.spelling import nearest

#: CPUs and memory in MiB that a control plane, or etcd, does not do with less of: kubeadm's own limit, and etcd's.
LEAST = {"controlPlane": (2, 2048), "etcd": (1, 2048), "workers": (1, 1024)}
#: What is missing of 2 GiB in a machine that is sold as one: firmware and kernel keep some.
SPARE = 16
#: What a key for volumes has to be.
SYMMETRIC = "SYMMETRIC_DEFAULT"


def account_faults(cluster: Cluster, account: Account) -> Iterator[Fault]:
    """Yield everything that the account has not, or not as the cluster file says."""
    options = cluster.aws
    if options is not None:
        yield from _zones(options, account)
        yield from _types(cluster, options, account)
        yield from _there(options, account)
        yield from _key(options, account)


def _zones(options: AwsOptions, account: Account) -> Iterator[Fault]:
    network = options.network
    named = [(f"aws.network.zones.{number}", zone) for number, zone in enumerate(network.zones)]
    named += [(f"aws.network.{path}", zone) for path, zone, _ in network.listed()]
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
    refused = next((account.refused[a] for a in facts.architectures if a in account.refused), None) if facts else None
    if name not in account.images and refused is not None:
        remedy = "See that your rights have ec2:DescribeImages."
        yield Fault("aws.image", f"AWS does not tell of images: {refused}", remedy)
    elif name not in account.images and facts is not None:
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


def _key(options: AwsOptions, account: Account) -> Iterator[Fault]:
    key, found = options.kms_key, account.key
    if key is None:
        return
    if key in account.refused:
        remedy = "See that its policy and your rights have kms:DescribeKey."
        yield Fault("aws.kmsKey", f"AWS does not tell of {key}: {account.refused[key]}", remedy)
    elif found is None:
        yield Fault(
            "aws.kmsKey",
            f"{key} is no key that AWS shows in {options.region}",
            "See its name and account, and that its policy and your rights have kms:DescribeKey.",
        )
    elif found.state != "Enabled":
        yield Fault("aws.kmsKey", f"{key} is {found.state}", "Enable it, or name another one.")
    elif found.spec != SYMMETRIC:
        yield Fault("aws.kmsKey", f"{key} is of {found.spec}", f"Volumes need a symmetric one: {SYMMETRIC}.")


def _there(options: AwsOptions, account: Account) -> Iterator[Fault]:
    """Yield what is wrong with a VPC that is there already, and its subnets."""
    network, there = options.network, account.there
    if not network.is_there():
        return
    where = options.region
    if network.vpc is None and len(there.vpcs) != 1:
        yield Fault(
            "aws.network.vpcTags",
            f"{_found(network.vpc_tags)} {some(there.vpcs) or f'no VPC in {where}'}",
            "Write tags that one VPC has and no other, or vpc with its id.",
        )
        return
    vpc, path = there.vpcs[0], "aws.network.vpc" if network.vpc else "aws.network.vpcTags"
    if there.vpc is None:
        rights = "ec2:DescribeVpcs and ec2:DescribeVpcAttribute"
        yield _unseen(path, vpc, where, account.refused.get(vpc), rights)
    elif not there.vpc.names:
        yield Fault(path, f"{vpc} answers no names of private zones", "Turn on its DNS support and DNS host names.")
    for place, zone, subnet in network.listed():
        ids = there.meant.get(place, ())
        if len(ids) == 1:
            if ids[0] in there.subnets:
                yield from _subnet(place, zone, subnet, vpc, ids[0], there.subnets[ids[0]])
            else:
                key, said = "id" if subnet.id else "tags", account.refused.get(ids[0])
                yield _unseen(f"aws.network.{place}.{key}", ids[0], where, said, "ec2:DescribeSubnets")
        elif there.vpc is not None:
            named = [id_ + _elsewhere(there.subnets.get(id_), vpc, zone) for id_ in ids]
            yield Fault(
                f"aws.network.{place}.tags",
                f"{_found(subnet.tags)} {some(named, FEW) or f'no subnet in {where}'}",
                f"Write tags that one in {zone} of {vpc} has and no other, or its id.",
            )


def _found(tags: Mapping[str, str] | None) -> str:
    named = [f"{name}={value}" for name, value in (tags or {}).items()]
    return f"{', '.join(named)} find{'s' * (len(named) == 1)}"


def _elsewhere(facts: SubnetFacts | None, vpc: str, zone: str) -> str:
    if facts is None or (facts.vpc, facts.zone) == (vpc, zone):
        return ""
    return f" in {facts.zone}" if facts.vpc == vpc else f" in {facts.vpc}"


def _unseen(path: str, id_: str, where: str, said: str | None, rights: str) -> Fault:
    """Return that something is not there, or that AWS does not tell of it, which is somebody else's to mend."""
    if said is None:
        return Fault(path, f"{id_} is not in {where}", "See the region and the account.")
    return Fault(path, f"AWS does not tell of {id_}: {said}", f"See that your rights have {rights}.")


def _subnet(place: str, zone: str, subnet: AwsSubnet, vpc: str, id_: str, found: SubnetFacts) -> Iterator[Fault]:
    path = f"aws.network.{place}"
    key = f"{path}.{'id' if subnet.id else 'tags'}"
    if found.vpc != vpc:
        yield Fault(key, f"{id_} is in {found.vpc}, another VPC", f"Name one of {vpc}.")
    if found.zone != zone:
        yield Fault(key, f"{id_} is in {found.zone}", f"Write it under {found.zone}.")
    if found.range != str(subnet.range):
        meant = "" if subnet.id else ", or tags of the one that is meant"
        yield Fault(f"{path}.range", f"{subnet.range} is not the range of {id_}", f"Write {found.range}{meant}.")
