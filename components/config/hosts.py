"""The hosts of a cluster, and how to log in to them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from components.config.ipv6 import Address6
from components.config.machines import AutoScalingOptions, EtcdMachineOptions, PoolMachineOptions
from components.config.marks import Annotations, Labels, Taint
from components.config.section import Section
from components.config.values import (
    ADDRESS_PATTERN,
    Address,
    ComponentConfig,
    FilePath,
    Flag,
    HostName,
    LoginAddress,
    Port,
    PublicKey,
    SecretKeyPath,
    User,
    Whole,
    example,
)


class BastionOptions(Section):
    """A host that logins go through, as OpenSSH's ProxyJump does. Nothing is run on it."""

    address: Annotated[LoginAddress, example("198.51.100.10")]
    """Address or name of the bastion."""
    user: Annotated[User | None, example("jump")] = None
    """Login name there, root unless given. It needs no rights but to forward connections."""
    port: Annotated[Port | None, example(2222)] = None
    """Port of its sshd, 22 unless given."""
    private_key_file: Annotated[SecretKeyPath | None, example("~/.ssh/bastion_ed25519")] = None
    """Path of the private key for the bastion. Without it, that of the `ssh` it stands in."""
    known_hosts_file: Annotated[FilePath | None, example("known_hosts")] = None
    """Path of an OpenSSH known_hosts file with the bastion's key. Without it, that of the `ssh` it stands in."""
    host_key: Annotated[PublicKey | None, example("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI…")] = None
    """The bastion's public key, instead of a line in the known_hosts file."""


class SshOptions(Section):
    """How to log in. On a host it overrides, key by key, what the cluster's `ssh` says."""

    user: Annotated[User | None, example("admin")] = None
    """Login name, root unless given. Any other user needs sudo without a password."""
    port: Annotated[Port | None, example(2222)] = None
    """Port of sshd, 22 unless given."""
    private_key_file: Annotated[SecretKeyPath | None, example("~/.ssh/id_ed25519")] = None
    """Path of the private key, relative to the project; `~` is understood. Without it the SSH agent is asked; for
    machines that are made a key is made too, which is in the stack's state alone."""
    known_hosts_file: Annotated[FilePath | None, example("known_hosts")] = None
    """Path of an OpenSSH known_hosts file with the hosts' keys, relative to the project."""
    host_key: Annotated[PublicKey | None, example("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI…")] = None
    """The host's public key, such as `ssh-ed25519 AAAA…`, instead of a line in the known_hosts file."""
    address: Annotated[LoginAddress | None, example("198.51.100.21")] = None
    """Address to log in at, where it is not the address that the cluster uses. Each host has its own."""
    bastion: BastionOptions | None = None
    """The host that logins go through. One given at a host is used whole, in place of the cluster's."""


class HostSpec(Section):
    """A machine that is there already and answers SSH. A bare address is short for `{address: …}`."""

    address: Annotated[Address, example("192.0.2.21")]
    """Address of the host inside the cluster: what other nodes reach it at."""
    address6: Annotated[Address6 | None, example("2001:db8::21")] = None
    """IPv6 address of a node in a dual-stack cluster, beside the other one: see `network.ipv6`."""
    ssh: SshOptions = SshOptions.unset()
    """Login that differs from the cluster's."""
    kubelet: Annotated[ComponentConfig, example({"maxPods": 60})] = {}
    """Fields of KubeletConfiguration on this host alone, merged over its pool's and the cluster's."""
    lost: Annotated[Flag, example(True)] = False
    """The host is gone for good: nothing is run on it any more, and a living control plane takes it out of the
    cluster. Apply this, then remove the host's line."""
    labels: Annotated[Labels, example({"topology.kubernetes.io/zone": "b"})] = {}
    """Labels of its node, laid over those of its group."""
    annotations: Annotated[Annotations, example({"example.org/asset": "A 4711"})] = {}
    """Annotations of its node, laid over those of its group."""
    taints: Annotated[list[Taint], example([{"key": "example.org/gpu", "effect": "NoSchedule"}])] = []
    """Taints of its node, laid over those of its group."""


def _address_alone(value: Any) -> Any:
    # Nothing at all is a host without an address, and is told as that.
    return {} if value is None else value if isinstance(value, dict | list | HostSpec) else {"address": value}


class _OrAddress:
    """Says in the schema that a bare address stands for a host."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        alone = {"type": "string", "pattern": ADDRESS_PATTERN, "description": "Address of the host inside the cluster."}
        return {"anyOf": [alone, handler(schema)]}


Hosts = dict[HostName, Annotated[HostSpec, BeforeValidator(_address_alone), _OrAddress()]]


class ControlPlaneOptions(Section):
    """Hosts that run the API servers and, where etcd is stacked, its members."""

    hosts: Annotated[Hosts, example({"cp-1": "192.0.2.11", "cp-2": "192.0.2.12", "cp-3": "192.0.2.13"})]
    """The control planes by name: one, three, five or seven."""
    machines: EtcdMachineOptions | None = None
    """Machines that the provider makes, in place of `hosts`: cp-1 and so on."""
    kubelet: Annotated[ComponentConfig, example({"systemReserved": {"memory": "2Gi"}})] = {}
    """Fields of KubeletConfiguration on control planes, merged over those of kubernetes.kubelet."""
    takes_work: Annotated[Flag, example(True)] = False
    """Ordinary pods may run on the control planes too. Without it they have kubeadm's taint."""
    labels: Annotated[Labels, example({"topology.kubernetes.io/region": "north"})] = {}
    """Labels of every control plane."""
    annotations: Annotated[Annotations, example({"example.org/asset": "A 4711"})] = {}
    """Annotations of every control plane."""
    taints: Annotated[list[Taint], example([{"key": "example.org/gpu", "effect": "NoSchedule"}])] = []
    """Taints of every control plane."""


class PoolOptions(Section):
    """A set of workers that are alike."""

    hosts: Annotated[Hosts, example({"worker-1": "192.0.2.21", "worker-2": "192.0.2.22"})]
    """The workers by name."""
    machines: PoolMachineOptions | None = None
    """Machines that the provider makes, in place of `hosts`, named after the pool."""
    max_unavailable: Annotated[Whole, Field(ge=1), example(2)] = 1
    """How many of the pool's workers are taken out of service at a time when all of them change, as in an upgrade. A
    pool of `autoScaling` has `minHealthyPercent` instead."""
    kubelet: Annotated[ComponentConfig, example({"maxPods": 200})] = {}
    """Fields of KubeletConfiguration on the pool's workers, merged over those of kubernetes.kubelet."""
    labels: Annotated[Labels, example({"topology.kubernetes.io/zone": "a"})] = {}
    """Labels of every worker of the pool."""
    annotations: Annotated[Annotations, example({"example.org/asset": "A 4711"})] = {}
    """Annotations of every worker of the pool."""
    taints: Annotated[list[Taint], example([{"key": "example.org/gpu", "effect": "NoSchedule"}])] = []
    """Taints of every worker of the pool."""

    @property
    def elastic(self) -> AutoScalingOptions | None:
        """How many machines a pool has that grows and shrinks by itself; None for one of hosts."""
        machines = self.machines if self.knows("machines") else None
        return machines.auto_scaling if machines is not None and machines.knows("auto_scaling") else None
