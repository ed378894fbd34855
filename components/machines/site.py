"""What a provider of machines gives to a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from components.config import Cluster
from components.host import Host, MakeKey


class Growth(Protocol):
    """What a provider makes of pools that grow and shrink by themselves."""

    @property
    def token(self) -> Mapping[str, str]:
        """Where control planes put the token that machines join with: plain inputs of their step."""

    @property
    def allowed(self) -> Sequence[pulumi.Resource]:
        """What has to be there before they can."""

    def pool(self, name: str, bundle: pulumi.Output[str], after: Sequence[pulumi.Resource]) -> None:
        """Make a pool whose machines run what is in the bundle, when all of `after` is done."""


@dataclass(frozen=True)
class Site:
    """The hosts of a cluster, and what else their provider makes."""

    hosts: Mapping[str, Host]
    """Every host of the cluster file by name."""
    balancer: Callable[[], Sequence[pulumi.Resource]] | None = None
    """Makes the balancer that an endpoint of the provider's own is; returns what has to be there before the first API
    server. None where there is no such thing."""
    growth: Callable[[], Growth] | None = None
    """Makes what elastic pools stand on; None where there are no such pools."""
    manifests: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """What of the provider's own runs in the cluster, as manifests by their names; nodes may take no pods before."""
    made: Sequence[pulumi.Resource] = ()
    """All that was made."""
    footing: Mapping[str, Any] = field(default_factory=dict)
    """What runs in the cluster and elastic pools stand on, by ids: all that a stack has to know of it which builds on
    machines of another one."""


class Provider(Protocol):
    """Where hosts come from, when the cluster file is known to be right."""

    @property
    def cluster(self) -> Cluster:
        """The cluster file, with the ids of what it names in another way."""

    def site(self, make_key: MakeKey) -> Site:
        """Make what there is not yet, and return it; keys of SSH are made by `make_key`."""
