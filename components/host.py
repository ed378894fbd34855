"""A host and how to reach it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True)
class SshAccess:
    """How to log in to a host."""

    address: pulumi.Input[str]
    """Address to dial."""
    port: int
    """Port of sshd."""
    user: str
    """Login name; any but root uses sudo."""
    host_key: pulumi.Input[str]
    """The key the host must show, such as `ssh-ed25519 AAAA…`; any other is refused before a command runs."""
    private_key: pulumi.Input[str] | None = field(default=None, repr=False)
    """PEM of the private key; None asks the SSH agent."""
    bastion: SshAccess | None = None
    """The host that the connection goes through; None dials the address itself."""


@dataclass(frozen=True)
class SshKey:
    """A key of SSH and its public half."""

    private: pulumi.Output[str] = field(repr=False)
    """The private key in OpenSSH's form or in PEM, secret."""
    public: pulumi.Input[str]
    """The public key, such as `ssh-ed25519 AAAA…`."""


#: Makes a key under a name, once, and keeps it in the state.
MakeKey = Callable[[str, pulumi.ResourceOptions], SshKey]


@dataclass(frozen=True)
class Host:
    """A machine that a cluster can use."""

    name: str
    """Its name in the cluster file, which is its node's name too."""
    address: str
    """Its address inside the cluster."""
    ssh: SshAccess
    """How to log in."""
    address6: str = ""
    """Its second address inside a cluster of two families."""
    lost: bool = False
    """It is gone for good: nothing may be run on it."""
    provider_id: pulumi.Input[str] | None = None
    """What a cloud controller manager knows its machine by; None where there is none, or nobody made the machine."""
    machine: pulumi.Resource | None = None
    """What made it: its steps wait for that. None for a host that is there."""
    ground: pulumi.Resource | None = None
    """What goes with the whole cluster and with nothing less, such as its network: when it goes, no step on a machine
    is taken back, since the machine goes too."""
