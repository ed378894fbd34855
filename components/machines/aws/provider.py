"""A cluster's place in AWS, from the account to the hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi_aws import ec2

from components.config import AwsOptions, Cluster, NlbEndpoint
from components.faults import ConfigurationError
from components.files import read
from components.host import MakeKey, SshAccess, SshKey
from components.machines.aws import cloud
from components.machines.aws.account import asked
from components.machines.aws.balancer import ApiBalancer, ApiBalancerArgs
from components.machines.aws.base import Base
from components.machines.aws.checks import account_faults
from components.machines.aws.existing import with_ids
from components.machines.aws.facts import Account
from components.machines.aws.guards import BALANCER, INTERFACES, PLANE, SERVICES, Guards, GuardsArgs
from components.machines.aws.machines import Footing, Machines, MachinesArgs, Standing, bastion
from components.machines.aws.network import Network, NetworkArgs
from components.machines.aws.pools import Pools, PoolsArgs
from components.machines.aws.roles import Roles, RolesArgs
from components.machines.aws.running import manifests
from components.machines.aws.services import interfaces
from components.machines.site import Growth, Site
from components.machines.static import bastion_access
from components.ssh_keys import given_key


class Aws:
    """Machines in AWS: the account is asked first, and nothing is made before it says that it can be."""

    def __init__(self, cluster: Cluster) -> None:
        self._provider, self._account = _asked(cluster)
        self._options = with_ids(_options(cluster), self._account.there)
        self.cluster = cluster.model_copy(update={"aws": self._options})

    def site(self, make_key: MakeKey) -> Site:
        """Make the network and the machines; return them as hosts."""
        base = Base(self.cluster, self._options, self._provider)
        name = self.cluster.name
        network = Network(name, NetworkArgs(base))
        guards = Guards(name, GuardsArgs(base, network.vpc))
        machine_roles = [role for role in guards.groups if role not in (BALANCER, SERVICES)]
        roles = Roles(name, RolesArgs(base, machine_roles))
        standing = self._standing(base, network, guards, roles, make_key)
        machines = Machines(name, MachinesArgs(standing, network.ground, self._through(standing, network)))
        front = next(iter((network.edges or network.machines).values()))
        site = Site(
            machines.hosts,
            manifests=manifests(self.cluster, network.vpc, front),
            growth=_growth(standing, self._account) if self.cluster.elastic_pools() else None,
            made=[network, guards, roles, machines],
            footing={**_ids(standing), "vpc": network.vpc, "front": front},
        )
        endpoint = self.cluster.endpoint
        if not isinstance(endpoint, NlbEndpoint):
            return site
        backends = {n: str(h.address) for n, h in self.cluster.control_plane.hosts.items() if not h.lost}
        args = ApiBalancerArgs(base, endpoint, network, guards, backends, machines.public)
        return replace(site, balancer=_balancer(name, args))

    def _standing(self, base: Base, network: Network, guards: Guards, roles: Roles, make_key: MakeKey) -> Standing:
        rights = cloud.rights(base.within(roles), roles.profiles[PLANE].role, network, guards.groups)
        if SERVICES in guards.groups:
            services = [s for key, names in INTERFACES.items() if key in self._options.network.endpoints for s in names]
            interfaces(base.within(network), network.vpc, services, network.edges, guards.groups[SERVICES].id)
        login = self._login(network, make_key)
        pair = ec2.KeyPair(
            base.name("login"),
            public_key=login.public,
            tags=base.tags(base.name("login")),
            opts=base.within(network).opts(),
        )
        return Standing(
            base=base.within(network),
            images=self._account.images,
            subnets=network.machines,
            guards={role: group.id for role, group in guards.groups.items()},
            profiles={role: profile.name for role, profile in roles.profiles.items()},
            roles={role: profile.role for role, profile in roles.profiles.items()},
            key=self._account.key,
            login=login,
            make_key=make_key,
            key_name=pair.key_name,
            after=[*network.ready, *guards.paths, *roles.rights, *rights],
        )

    def _login(self, network: Network, make_key: MakeKey) -> SshKey:
        if self.cluster.ssh.private_key_file is not None:
            return given_key(read(self.cluster.ssh.private_key_file))
        return make_key(f"{self.cluster.name}-login-key", pulumi.ResourceOptions(parent=network))

    def _through(self, standing: Standing, network: Network) -> SshAccess | None:
        """Return what logins go through: a bastion that is made, one that is there, or nothing."""
        if self._options.bastion is None:
            return bastion_access(self.cluster.ssh, [])
        subnet = next(iter(network.edges.values()))
        return bastion(standing, subnet, self._options.bastion.instance_type)


def growth_on(cluster: Cluster, footing: Mapping[str, Any]) -> Callable[[], Growth]:
    """Return what makes elastic pools beside machines of another stack. Raises ConfigurationError as Aws does."""
    provider, account = _asked(cluster)
    options = _options(cluster)
    ids = {key: footing[key] for key in ("guards", "profiles", "roles")}
    # The engine keeps no order, and a group has the zones in the file's.
    subnets = {zone: footing["subnets"][zone] for zone in options.machine_subnets()}
    base = Base(cluster, options, provider)
    of_all = {"key": account.key, "key_name": footing["keyName"], "after": []}
    return _growth(Footing(base, account.images, subnets, **ids, **of_all), account)


def _growth(footing: Footing, account: Account) -> Callable[[], Growth]:
    return lambda: Pools(footing.base.cluster.name, PoolsArgs(footing, account.known_images))


def _ids(footing: Footing) -> dict[str, Any]:
    return {
        "subnets": footing.subnets,
        "guards": footing.guards,
        "profiles": footing.profiles,
        "roles": footing.roles,
        "keyName": footing.key_name,
    }


def _balancer(name: str, args: ApiBalancerArgs) -> Callable[[], Sequence[pulumi.Resource]]:
    return lambda: ApiBalancer(name, args).there


def _options(cluster: Cluster) -> AwsOptions:
    if cluster.aws is None:  # a rule refuses it before
        raise ValueError("machines in AWS need the section aws")
    return cluster.aws


def _asked(cluster: Cluster) -> tuple[aws.Provider, Account]:
    provider, account = asked(cluster, _options(cluster))
    if faults := list(account_faults(cluster, account)):
        raise ConfigurationError(faults)
    return provider, account
