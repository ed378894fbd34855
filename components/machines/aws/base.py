"""What all that is made in AWS has in common: the account's provider, tags, names."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from components.config import AwsOptions, Cluster


@dataclass(frozen=True)
class Base:
    """What everything is made with."""

    cluster: Cluster
    """The cluster file."""
    options: AwsOptions
    """Its part on AWS."""
    provider: aws.Provider
    """The plugin, set to the region."""
    parent: pulumi.Resource | None = None
    """The component that makes it."""

    def within(self, parent: pulumi.Resource) -> Base:
        """Return the same for the children of a component."""
        return replace(self, parent=parent)

    def name(self, what: str) -> str:
        """Return the name of something that a cluster has one of."""
        return f"{self.cluster.name}-{what}"

    def tags(self, name: str) -> dict[str, str]:
        """Return the tags of something."""
        own = {"Name": name, f"kubernetes.io/cluster/{self.cluster.name}": "owned"}
        return {**self.options.tags, **own}

    def opts(self, **more: object) -> pulumi.ResourceOptions:
        """Return options for a resource of AWS's."""
        mine = pulumi.ResourceOptions(parent=self.parent, provider=self.provider)
        return pulumi.ResourceOptions.merge(mine, pulumi.ResourceOptions(**more))  # type: ignore[arg-type]
