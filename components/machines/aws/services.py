"""Services of AWS's that are reached without leaving the VPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_aws import ec2

from components.machines.aws.base import Base


def service_endpoint(base: Base, vpc: pulumi.Input[str], service: str, kind: str, **more: Any) -> ec2.VpcEndpoint:
    """Return an endpoint for one service: a route (`Gateway`), which costs nothing, or an `Interface`."""
    name = base.name(f"{service}-endpoint")
    return ec2.VpcEndpoint(
        name,
        vpc_id=vpc,
        service_name=f"com.amazonaws.{base.options.region}.{service}",
        vpc_endpoint_type=kind,
        tags=base.tags(name),
        opts=base.opts(),
        **more,
    )


def interfaces(
    base: Base,
    vpc: pulumi.Input[str],
    services: list[str],
    subnets: Mapping[str, pulumi.Input[str]],
    guard: pulumi.Input[str],
) -> list[pulumi.Resource]:
    """Return endpoints with an address in each zone, which answer by the services' own names."""
    return [
        service_endpoint(
            base,
            vpc,
            service,
            "Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnets.values()),
            security_group_ids=[guard],
        )
        for service in services
    ]
