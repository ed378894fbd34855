"""Pools that grow and shrink by themselves: an Auto Scaling group each, whose machines join without `up`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import ec2, iam, s3, ssm

from components.machines.aws.elastic_data import parameter
from components.machines.aws.facts import ImageFacts
from components.machines.aws.guards import PLANE
from components.machines.aws.machines import Footing
from components.machines.aws.policies import may, policy
from components.machines.aws.pool import Pool, PoolArgs

#: Nobody has given out a token yet.
NONE = "none yet"
READING = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory"]


@dataclass(frozen=True)
class PoolsArgs:
    """Arguments of Pools."""

    standing: Footing
    """What machines stand on."""
    images: Mapping[str, ImageFacts]
    """What is known of the images that they start from."""


class Pools(pulumi.ComponentResource):
    """What elastic pools stand on, and the pools.

    Their machines have addresses of AWS's choice, in the upper half of each subnet: the lower one is reserved for those
    that are chosen here.
    """

    token: Mapping[str, str]
    """Where control planes put the token: plain inputs of their step."""
    allowed: Sequence[pulumi.Resource]
    """What has to be there before they can."""

    def __init__(self, name: str, args: PoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Pools", name, None, opts)
        self._args = args
        base = self._base = args.standing.base.within(self)
        named = parameter(base.cluster.name)
        self._parameter = ssm.Parameter(
            base.name("join-token"),
            name=named,
            type="SecureString",
            value=NONE,
            description="What machines of elastic pools join with; control planes renew it",
            tags=base.tags(base.name("join-token")),
            # From then on it is the control planes'.
            opts=base.opts(ignore_changes=["value"]),
        )
        what = base.name("bundles")
        self._bucket = s3.Bucket(what, force_destroy=True, tags=base.tags(what), opts=base.opts())
        self._private = s3.BucketPublicAccessBlock(
            f"{what}-private",
            bucket=self._bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=base.opts(),
        )
        # In a network that is there its owner has reserved them, and no two reservations may overlap.
        own = base.options.machine_subnets() if base.options.network.range is not None else {}
        self._reserved = [self._kept(zone, subnet) for zone, subnet in own.items()]
        self.token = {"REGION": base.options.region, "PARAMETER": named}
        self.allowed = [self._gives_out(), *self._keeps_away()]
        self.register_outputs({"parameter": named})

    def _kept(self, zone: str, subnet: IPv4Network) -> ec2.SubnetCidrReservation:
        return ec2.SubnetCidrReservation(
            self._base.name(f"kept-{zone}"),
            subnet_id=self._args.standing.subnets[zone],
            cidr_block=str(next(subnet.subnets())),
            reservation_type="explicit",
            description="addresses that the cluster file gives",
            opts=self._base.opts(),
        )

    def _gives_out(self) -> iam.RolePolicy:
        """Let control planes write the token, and ask which machines are gone: that right has no narrower form."""
        rights = self._parameter.arn.apply(
            lambda arn: policy(may("ssm:PutParameter", arn), may("ec2:DescribeInstances", "*"))
        )
        role = self._args.standing.roles[PLANE]
        return iam.RolePolicy(self._base.name("gives-out-tokens"), role=role, policy=rights, opts=self._base.opts())

    def _keeps_away(self) -> list[pulumi.Resource]:
        """Forbid the token to machines that AWS's own policy for the Session Manager would let read it."""
        if not self._base.options.may_use("ssm"):
            return []
        denied = self._parameter.arn.apply(lambda arn: policy(may(READING, arn, effect="Deny")))
        return [
            iam.RolePolicy(self._base.name(f"{role}-reads-no-token"), role=name, policy=denied, opts=self._base.opts())
            for role, name in self._args.standing.roles.items()
        ]

    def pool(self, name: str, bundle: pulumi.Output[str], after: Sequence[pulumi.Resource]) -> None:
        """Make a pool whose machines run what is in the bundle, when all of `after` is done."""
        ready = [*after, *self.allowed, self._private, *self._reserved]
        args = PoolArgs(self._args.standing, self._args.images, self._parameter, self._bucket, bundle, ready)
        Pool(name, args, pulumi.ResourceOptions(parent=self))
