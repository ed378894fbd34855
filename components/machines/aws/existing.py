"""A network that is there already: its VPC and its subnets, asked for by id or by tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi_aws import ec2

from components.config import AwsNetwork, AwsOptions
from components.machines.aws.asking import Asking
from components.machines.aws.facts import SubnetFacts, There, VpcFacts

#: Of many subnets with the same tags no more are looked at: it is a fault anyway.
FEW = 2


def there(network: AwsNetwork, asking: Asking) -> There:
    """Return what there is of the network that a cluster file names; nothing where one is made."""
    if not network.is_there():
        return There()
    ask = asking.options
    vpcs = (network.vpc,) if network.vpc else _tagged(ec2.get_vpcs, network.vpc_tags or {}, ask)
    vpc = _vpc(vpcs[0], asking) if len(vpcs) == 1 else None
    meant: dict[str, tuple[str, ...]] = {}
    for path, zone, subnet in network.listed():
        if subnet.id is not None:
            meant[path] = (subnet.id,)
        elif vpc is not None and subnet.tags is not None:
            here = {"vpc-id": vpcs[0], "availability-zone": zone}
            # Those elsewhere only to say where they are.
            meant[path] = _tagged(ec2.get_subnets, subnet.tags, ask, here) or _tagged(ec2.get_subnets, subnet.tags, ask)
    looked_at = dict.fromkeys(id_ for ids in meant.values() for id_ in ids[:FEW])
    return There(vpcs, vpc, meant, {id_: facts for id_ in looked_at if (facts := _subnet(id_, asking))})


def with_ids(options: AwsOptions, found: There) -> AwsOptions:
    """Return the same with the ids of the VPC and of all subnets that are there: also of those that have tags."""
    network = options.network
    if not network.is_there():
        return options
    ids = {path: found.meant[path][0] for path, _, _ in network.listed()}
    return options.model_copy(update={"network": network.found(found.vpcs[0], ids)})


def _tagged(
    call: Callable[..., Any], tags: Mapping[str, str], ask: pulumi.InvokeOptions, where: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    filters = [{"name": name, "values": [value]} for name, value in (where or {}).items()]
    return tuple(sorted(call(filters=filters or None, tags=dict(tags), opts=ask).ids))


def _vpc(vpc: str, asking: Asking) -> VpcFacts | None:
    found = asking.about(vpc, lambda ask: ec2.get_vpc(id=vpc, opts=ask))
    if found is None:
        return None
    ranges = [a.cidr_block for a in found.cidr_block_associations] or [found.cidr_block]
    return VpcFacts(tuple(ranges), found.enable_dns_support and found.enable_dns_hostnames)


def _subnet(subnet: str, asking: Asking) -> SubnetFacts | None:
    found = asking.about(subnet, lambda ask: ec2.get_subnet(id=subnet, opts=ask))
    return found and SubnetFacts(found.vpc_id, found.availability_zone, found.cidr_block)
