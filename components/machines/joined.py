"""Machines that another stack has made, as it tells of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.config import Cluster
from components.files import read
from components.host import Host, MakeKey, SshAccess
from components.machines.site import Growth, Site
from components.machines.static import bastion_access
from components.placement import with_ids_of

#: Version of what one stack tells the other: higher when something in it changes its meaning or goes away.
VERSION = 1


@dataclass(frozen=True)
class Handed:
    """What the stack that makes the machines tells of them."""

    stack: str
    """Its whole name."""
    told: Mapping[str, Any]
    """Its output `infrastructure`."""
    login_key: str | None = field(default=None, repr=False)
    """The key to log in with, None where it cannot be read here."""


def machine_ids(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids of machines by name, from the output `infrastructure` of the stack that makes them."""
    return {name: str(host["machine"]) for name, host in told["hosts"].items()}


class Joined:
    """Machines of another stack: hosts that are there, with their keys pinned already."""

    def __init__(self, cluster: Cluster, handed: Handed) -> None:
        self._handed, self.cluster = handed, with_ids_of(cluster, handed.told["made"])
        self._growth = _growth(cluster, handed) if cluster.elastic_pools() else None

    def site(self, make_key: MakeKey) -> Site:  # noqa: ARG002  # what every provider gets
        """Return them as hosts. Nothing is made, and nothing of them ends with a step."""
        # So that the state says what it stands on; it is known already what there is.
        pulumi.StackReference(self._handed.stack)
        told, machines = self._handed.told["hosts"], self.cluster.machines().values()
        access = {name: self._access(told[name]) for name, host in machines if not host.lost}
        acting = next(access[name] for name in self.cluster.control_plane.hosts if name in access)
        hosts = {
            name: Host(
                name,
                str(host.address),
                access.get(name, acting),
                lost=host.lost,
                provider_id=told.get(name, {}).get("providerId"),
            )
            for name, host in machines
        }
        return Site(hosts, lambda: (), self._growth, _running(self.cluster, self._handed))

    def _access(self, host: Mapping[str, Any]) -> SshAccess:
        made = self._handed.told.get("bastion")
        bastion = bastion_access(self.cluster.ssh, []) or (self._login(made) if made else None)
        return self._login(host, bastion)

    def _login(self, at: Mapping[str, Any], bastion: SshAccess | None = None) -> SshAccess:
        return SshAccess(at["address"], int(at["port"]), at["user"], at["hostKey"], self._key, bastion)

    @property
    def _key(self) -> pulumi.Output[str]:
        file = self.cluster.ssh.private_key_file
        return pulumi.Output.secret(read(file) if file is not None else self._handed.login_key or "")


def _running(cluster: Cluster, handed: Handed) -> Mapping[str, pulumi.Input[str]]:
    # Loaded by those alone who use it, as below.
    from components.machines.aws.running import manifests

    footing = handed.told["footing"]
    return manifests(cluster, footing["vpc"], footing["front"])


def _growth(cluster: Cluster, handed: Handed) -> Callable[[], Growth]:
    # Its library is loaded by those alone who use it.
    from components.machines.aws.provider import growth_on

    return growth_on(cluster, handed.told["footing"])
