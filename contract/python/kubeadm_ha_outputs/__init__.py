"""The outputs of a kubeadm-ha stack, typed: contract/outputs.schema.json for Python.

A Pulumi program reads them by a StackReference:

    from kubeadm_ha_outputs import from_stack_reference

    cluster = from_stack_reference(pulumi.StackReference("organization/kubeadm-ha/prod"))
    provider = kubernetes.Provider("cluster", kubeconfig=cluster.kubeconfig)

Any other program has `Outputs` as the type of what `pulumi stack output --json --show-secrets` prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import pulumi

__all__ = [
    "CONTRACT",
    "Certificates",
    "ClusterOutputs",
    "ContractError",
    "Etcd",
    "Nodes",
    "Outputs",
    "from_stack_reference",
]

#: The version of the contract that these types are of.
CONTRACT: Literal[1] = 1


class Nodes(TypedDict):
    """The hosts by role and name, each with its address inside the cluster. A lost one is not among them."""

    loadBalancers: dict[str, str]
    etcd: dict[str, str]
    """Hosts that run etcd and nothing else; empty where it is stacked or somebody else's."""
    controlPlanes: dict[str, str]
    workers: dict[str, dict[str, str]]
    """By pool."""


class Etcd(TypedDict):
    """Where etcd is, and what a client shows one on hosts of its own: empty for any other. A secret as a whole."""

    kind: str
    """`stacked` on the control planes, on `hosts` of its own, or `external`, which is somebody else's."""
    caCertificate: str
    """PEM of etcd's CA."""
    clientCertificate: str
    """PEM of a client's certificate."""
    clientKey: str
    """PEM of its key: who has it can read and change everything."""


class Certificates(TypedDict):
    """When certificates end, RFC 3339."""

    authorities: dict[str, str]
    """Made by the program: kubernetes-ca, front-proxy-ca, etcd-ca, and the admin's."""
    controlPlanes: dict[str, dict[str, str]]
    """Made by kubeadm, by control plane and certificate."""


class Outputs(TypedDict):
    """All outputs as plain values."""

    contract: Literal[1]
    """Version of the contract."""
    name: str
    """Name of the cluster, as in its kubeconfig."""
    endpoint: str
    """Where every client reaches the API: `https://host:port`."""
    kubernetesVersion: str
    """Exact version that the stack asks for."""
    kubeconfig: str
    """Kubeconfig (YAML) of an administrator, with one context, `admin@<name>`. A secret."""
    caCertificate: str
    """PEM of the Kubernetes CA."""
    nodes: Nodes
    """The hosts by role."""
    etcd: Etcd
    """Where etcd is, and what a client shows it. A secret."""
    certificates: Certificates
    """When certificates end."""
    deployed: dict[str, Any]
    """The cluster file as the last `up` left it. Its shape is not promised."""


class ContractError(pulumi.RunError):
    """The stack does not have the outputs that this package knows."""


@dataclass(frozen=True)
class ClusterOutputs:
    """The outputs of a cluster's stack, in another stack."""

    name: pulumi.Output[str]
    """Name of the cluster, as in its kubeconfig."""
    endpoint: pulumi.Output[str]
    """Where every client reaches the API: `https://host:port`."""
    kubernetes_version: pulumi.Output[str]
    """Exact version that the stack asks for."""
    kubeconfig: pulumi.Output[str]
    """Kubeconfig of an administrator. A secret, and so is all that is made of it."""
    ca_certificate: pulumi.Output[str]
    """PEM of the Kubernetes CA."""
    nodes: pulumi.Output[Nodes]
    """The hosts by role."""
    etcd: pulumi.Output[Etcd]
    """Where etcd is, and what a client shows it. A secret."""
    certificates: pulumi.Output[Certificates]
    """When certificates end."""


def from_stack_reference(reference: pulumi.StackReference) -> ClusterOutputs:
    """Return the outputs of a cluster's stack.

    The program ends with a ContractError, said without a traceback, when the stack is not a cluster's, was never
    brought up, or has another version of the contract.
    """
    contract = reference.get_output("contract")

    def promised(key: str) -> pulumi.Output[Any]:
        both = pulumi.Output.all(reference.name, contract, reference.get_output(key))
        return both.apply(lambda values: _checked(key, *values))

    return ClusterOutputs(
        name=promised("name"),
        endpoint=promised("endpoint"),
        kubernetes_version=promised("kubernetesVersion"),
        kubeconfig=promised("kubeconfig"),
        ca_certificate=promised("caCertificate"),
        nodes=promised("nodes"),
        etcd=promised("etcd"),
        certificates=promised("certificates"),
    )


def _checked(key: str, stack: str, contract: Any, value: Any) -> Any:
    if contract is None:
        raise ContractError(f"{stack} has no outputs of a cluster: is that its name, and did its `pulumi up` end well?")
    if contract != CONTRACT:
        raise ContractError(
            f"{stack} has outputs of contract {contract:g}, and kubeadm-ha-outputs here knows {CONTRACT}: install the"
            " one that is beside the cluster's program; its changelog says what is different."
        )
    if value is None:
        raise ContractError(f"{stack} has no output {key}: run its `pulumi up` to the end.")
    return value
