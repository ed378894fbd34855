"""One of each type of resource that the stand-in knows, and how each property of it can change in place.

A text such as `{aws:ec2/vpc:Vpc}` stands for the id of the example of that type, one that ends in `#2}` for that of its
second one, and one that ends in `.arn}` for one of its outputs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKTpCCJCXhgFQVEJzl7hk6ol8+3Z0YI3kLhBBYNO+dHn login"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def policy(action: str) -> str:
    """Return a policy that allows one action."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Example:
    """A resource, and edits of it one after the other: None takes a property away."""

    token: str
    inputs: dict[str, Any]
    edits: list[dict[str, Any]] = field(default_factory=list)


TAGS = {"tags": {"Name": "one", "kubernetes.io/cluster/prod": "owned"}}
RETAGGED = {"tags": {"Name": "other", "team": "platform"}}
VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
TABLE, GATEWAY = "aws:ec2/routeTable:RouteTable", "aws:ec2/internetGateway:InternetGateway"
ADDRESS, NAT = "aws:ec2/eip:Eip", "aws:ec2/natGateway:NatGateway"
GROUP, INSTANCE = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/instance:Instance"
VOLUME, BALANCER = "aws:ebs/volume:Volume", "aws:lb/loadBalancer:LoadBalancer"
TARGETS, ROLE = "aws:lb/targetGroup:TargetGroup", "aws:iam/role:Role"
