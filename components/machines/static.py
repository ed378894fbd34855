"""Hosts that are there already and answer SSH: bare metal, or machines that something else made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from components.config import Cluster, HostSpec, SshOptions
from components.host import Host, SshAccess
from components.rules import ConfigurationError, Fault

#: Kinds of host key that both OpenSSH and the SSH client of pulumi-command agree on, best first. RSA is not among
#: them: pinned, it makes that client offer only ssh-rsa, which OpenSSH refuses since 8.8.
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


def static_hosts(cluster: Cluster) -> dict[str, Host]:
    """Return the hosts of the cluster file by name, with keys read and host keys pinned.

    Raises ConfigurationError that lists every host which could not be logged in to, and why.
    """
    faults: list[Fault] = []
    hosts = {}
    for path, (name, spec) in cluster.machines().items():
        access = _access(path, spec, cluster.ssh, faults)
        hosts[name] = Host(name, str(spec.address), access, spec.lost)
    if faults:
        raise ConfigurationError(faults)
    return hosts


def _access(path: str, spec: HostSpec, common: SshOptions, faults: list[Fault]) -> SshAccess:
    ssh = common.model_copy(update=spec.ssh.model_dump(exclude_none=True))
    address, port = ssh.address or str(spec.address), ssh.port or 22
    return SshAccess(
        address=address,
        port=port,
        user=ssh.user or "root",
        host_key=_host_key(path, ssh, address, port, faults),
        private_key=_private_key(path, ssh, faults),
    )


def _private_key(path: str, ssh: SshOptions, faults: list[Fault]) -> str | None:
    if ssh.private_key_file is None:
        if not os.environ.get("SSH_AUTH_SOCK"):
            faults.append(Fault(path, "there is no way to log in", "Set ssh.privateKeyFile, or run an SSH agent."))
        return None
    try:
        return _read(ssh.private_key_file)
    except OSError as error:
        faults.append(
            Fault("ssh.privateKeyFile", f"{ssh.private_key_file}: {error.strerror}", "Name a key that can be read.")
        )
        return None


def _host_key(path: str, ssh: SshOptions, address: str, port: int, faults: list[Fault]) -> str:
    where = f"[{address}]:{port}" if port != 22 else address
    scan = f"ssh-keyscan -t ed25519 -p {port} {address}"
    if ssh.host_key is not None:
        if ssh.host_key.split(" ")[0] not in KEY_TYPES:
            faults.append(
                Fault(
                    f"{path}.ssh.hostKey",
                    f"is not one of {', '.join(KEY_TYPES)}",
                    f"`{scan}` prints the key; check it with the host's owner.",
                )
            )
        return ssh.host_key
    if ssh.known_hosts_file is None:
        faults.append(
            Fault(path, "has no host key", f"Set ssh.knownHostsFile, or ssh.hostKey to what `{scan}` prints.")
        )
        return ""
    try:
        found = dict(_known_keys(ssh.known_hosts_file, where))
    except OSError as error:
        faults.append(
            Fault("ssh.knownHostsFile", f"{ssh.known_hosts_file}: {error.strerror}", "Name a file that can be read.")
        )
        return ""
    for key_type in KEY_TYPES:
        if key_type in found:
            return f"{key_type} {found[key_type]}"
    faults.append(
        Fault(
            path,
            f"{ssh.known_hosts_file} has no ed25519 or ECDSA key for {where}",
            f"`{scan}` prints the line to add; check it with the host's owner.",
        )
    )
    return ""


def _known_keys(file: str, where: str) -> Iterator[tuple[str, str]]:
    """Yield (type, key) of each line of a known_hosts file that names the host, plain or hashed."""
    for line in _read(file).splitlines():
        fields = line.split()
        if len(fields) >= 3 and not line.startswith(("#", "@")) and _names(fields[0], where):
            yield fields[1], fields[2]


def _names(patterns: str, where: str) -> bool:
    if patterns.startswith("|1|"):
        _, _, salt, digest = patterns.split("|")
        mac = hmac.new(base64.b64decode(salt), where.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(mac, base64.b64decode(digest))
    return where in patterns.split(",")


@cache
def _read(path: str) -> str:
    return Path(path).expanduser().read_text()
