"""What machines may do in AWS: each role has a profile of its own, and as few rights as there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from components.machines.aws.base import Base

#: Machines, and nobody else, take a role.
WHO = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
}
#: AWS's own policies, by the service that they are for.
POLICIES = {
    "ssm": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    "ecr": "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
}


@dataclass(frozen=True)
class RolesArgs:
    """Arguments of Roles."""

    base: Base
    """What everything is made with."""
    roles: Iterable[str]
    """Roles of machines."""


class Roles(pulumi.ComponentResource):
    """An instance profile for each role of machines. Kubernetes itself asks nothing of AWS."""

    profiles: dict[str, iam.InstanceProfile]
    """The profiles by role."""
    rights: Sequence[pulumi.Resource]
    """What machines may do."""

    def __init__(self, name: str, args: RolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Roles", name, None, opts)
        base = args.base.within(self)
        self.profiles = {}
        rights: list[pulumi.Resource] = []
        for role in args.roles:
            what = base.name(f"{role}-machine")
            may = iam.Role(what, assume_role_policy=json.dumps(WHO), tags=base.tags(what), opts=base.opts())
            self.profiles[role] = iam.InstanceProfile(
                f"{what}-profile", role=may.name, tags=base.tags(what), opts=base.opts()
            )
            rights += [
                iam.RolePolicyAttachment(f"{what}-{service}", role=may.name, policy_arn=policy, opts=base.opts())
                for service, policy in POLICIES.items()
                if base.options.may_use(service)
            ]
        self.rights = rights
        self.register_outputs({})
