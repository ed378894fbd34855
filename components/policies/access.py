"""Policies on who reaches hosts and the API."""

from __future__ import annotations

from collections.abc import Iterator

from components.faults import Fault, some
from components.policies.policy import Subject, below, policy
from components.rules.network import is_public


@policy("off")
def root_login(subject: Subject) -> Iterator[Fault]:
    """Logging in as root instead of a user with sudo."""
    common = subject.cluster.ssh.user
    hosts = [
        name for name, host in subject.cluster.machines().values() if (host.ssh.user or common or "root") == "root"
    ]
    if hosts:
        yield Fault("ssh.user", f"is root on {some(hosts)}", "Name a user that may use sudo without a password.")


@policy("warn")
def shared_host_key(subject: Subject) -> Iterator[Fault]:
    """One host key for several hosts: who has one of them can pose as the others."""
    if subject.cluster.ssh.host_key is not None:
        hosts = [n for n, host in subject.cluster.machines().values() if host.ssh.host_key is None and not host.lost]
        if len(hosts) > 1:
            yield Fault("ssh.hostKey", f"is one key for {some(hosts)}", "Pin each host's own in ssh.knownHostsFile.")


@policy("warn")
def public_addresses(subject: Subject) -> Iterator[Fault]:
    """An API or hosts at public addresses: the program sets no firewall."""
    address = subject.cluster.endpoint.fixed_address()
    if address is not None and is_public(address):
        yield Fault(
            "endpoint.address",
            f"{address} is public: the API answers whoever reaches it",
            "See that a firewall is before it, or use a private address.",
        )
    for path, (name, host) in subject.cluster.machines().items():
        if is_public(host.address):
            yield Fault(
                path,
                f"{name} has the public address {host.address}, where SSH and its other ports answer",
                "See that a firewall is before it, or use a private address.",
            )


@policy("refuse")
def open_kubelet(subject: Subject) -> Iterator[Fault]:
    """A kubelet that lets in whoever asks: commands in every pod, or their list, without a certificate."""
    kubelet = subject.cluster.kubernetes.kubelet
    authentication, authorization = kubelet.get("authentication"), kubelet.get("authorization")
    if below(authentication, "anonymous", "enabled") is True:
        yield Fault("kubernetes.kubelet.authentication.anonymous.enabled", "lets anybody in", "Remove it.")
    if below(authorization, "mode") == "AlwaysAllow":
        yield Fault("kubernetes.kubelet.authorization.mode", "lets everybody do everything", "Remove it.")
    if kubelet.get("readOnlyPort") not in (None, 0):
        yield Fault("kubernetes.kubelet.readOnlyPort", "tells anybody about every pod", "Remove it.")
