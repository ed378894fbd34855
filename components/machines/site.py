"""What a provider of machines gives to a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi

from components.host import Host


@dataclass(frozen=True)
class Site:
    """The hosts of a cluster, and what else their provider makes."""

    hosts: Mapping[str, Host]
    """Every host of the cluster file by name."""
    balancer: Callable[[], Sequence[pulumi.Resource]] | None = None
    """Makes the balancer that an endpoint of the provider's own is; returns what has to be there before the first API
    server. None where there is no such thing."""


class Provider(Protocol):
    """Where hosts come from, when the cluster file is known to be right."""

    def site(self) -> Site:
        """Make what there is not yet, and return it."""
