"""Hosts that are there already and answer SSH: bare metal, or machines that something else made."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from components.config import Cluster, HostSpec, SshOptions
from components.faults import ConfigurationError, Fault
from components.host import Host, SshAccess

#: Kinds of host key that both OpenSSH and the SSH client of pulumi-command agree on, best first. RSA is not among
#: them: pinned, it makes that client offer only ssh-rsa, which OpenSSH refuses since 8.8.
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


def login_faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield what stands in the way of logging in to a host: a rule for `rules.load`."""
    faults: list[Fault] = []
    for path, spec in _living(cluster):
        _access(path, spec, cluster.ssh, faults)
    yield from faults


def host_key_faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield the hosts whose key is not pinned: what can be told of logins without the key to log in."""
    faults: list[Fault] = []
    for path, spec in _living(cluster):
        ssh, address, port = _login(spec, cluster.ssh)
        _host_key(path, spec, ssh, address, port, faults)
    yield from faults


def _living(cluster: Cluster) -> Iterator[tuple[str, HostSpec]]:
    """Yield the hosts that somebody logs in to, by path; of a file with faults, those whose login is known."""
    for path, (_, spec) in cluster.machines().items():
        if spec.knows("address", "ssh", "lost") and spec.ssh.knows(*SshOptions.model_fields) and not spec.lost:
            yield path, spec


def package_key_faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield the package keys that cannot be read: a rule for `rules.load`."""
    for kind in ("kubernetes", "containerd"):
        repository = getattr(cluster.packages, kind)
        if repository and repository.key.file:
            try:
                _read(repository.key.file)
            except (OSError, UnicodeDecodeError) as error:
                problem = _unreadable(repository.key.file, error)
                yield Fault(f"packages.{kind}.key.file", problem, "Name an ASCII-armoured public key.")


def static_hosts(cluster: Cluster) -> dict[str, Host]:
    """Return the hosts of the cluster file by name, with login keys read and host keys pinned.

    Raises ConfigurationError that lists every host which could not be logged in to, and why.
    """
    faults: list[Fault] = []
    access = {
        name: _access(path, spec, cluster.ssh, faults)
        for path, (name, spec) in cluster.machines().items()
        if not spec.lost
    }
    if faults:
        raise ConfigurationError(faults)
    acting = next(access[name] for name in cluster.control_plane.hosts if name in access)
    return {
        # Nobody logs in to a lost host: where a connection has to be named, it is that of the host that acts for it.
        name: Host(name, str(spec.address), access.get(name, acting), str(spec.address6 or ""), spec.lost)
        for name, spec in cluster.machines().values()
    }


def _access(path: str, spec: HostSpec, common: SshOptions, faults: list[Fault]) -> SshAccess:
    ssh, address, port = _login(spec, common)
    return SshAccess(
        address=address,
        port=port,
        user=ssh.user or "root",
        host_key=_host_key(path, spec, ssh, address, port, faults),
        private_key=_private_key(path, spec, ssh, faults),
    )


def _login(spec: HostSpec, common: SshOptions) -> tuple[SshOptions, str, int]:
    ssh = common.model_copy(update=spec.ssh.model_dump(exclude_none=True))
    return ssh, ssh.address or str(spec.address), ssh.port or 22


def _private_key(path: str, spec: HostSpec, ssh: SshOptions, faults: list[Fault]) -> str | None:
    if ssh.private_key_file is None:
        if not os.environ.get("SSH_AUTH_SOCK"):
            faults.append(Fault(path, "there is no way to log in", "Set ssh.privateKeyFile, or run an SSH agent."))
        return None
    given = f"{path}.ssh.privateKeyFile" if spec.ssh.private_key_file else "ssh.privateKeyFile"
    try:
        key = _read(ssh.private_key_file)
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(given, _unreadable(ssh.private_key_file, error), "Name a key in PEM."))
        return None
    problem = _unusable(key)
    if problem:
        faults.append(Fault(given, f"{ssh.private_key_file} {problem[0]}", problem[1]))
    return key


@cache  # one key for all hosts is read for each
def _unusable(key: str) -> tuple[str, str] | None:
    """Return why nobody can log in with the content of a key file, and what to do; None where somebody can."""
    head, _, rest = key.partition("\n")
    if not head.startswith("-----BEGIN ") or "PRIVATE KEY-----" not in head:
        return "does not hold a private key in PEM", "Name one; ssh-keygen -p -f <file> converts an old one."
    with suppress(ValueError):  # OpenSSH's own form names the cipher in its first bytes, the others say it in words
        body = base64.b64decode("".join(rest.partition("-----")[0].split()), validate=True)
        if body.startswith(b"openssh-key-v1\0") and not body[15:].startswith(b"\0\0\0\4none"):
            return _GUARDED
    return _GUARDED if "ENCRYPTED" in key else None


_GUARDED = (
    "asks for a passphrase, which nobody enters here",
    "Leave it out and add the key to the SSH agent: ssh-add.",
)


def _host_key(path: str, spec: HostSpec, ssh: SshOptions, address: str, port: int, faults: list[Fault]) -> str:
    where = f"[{address}]:{port}" if port != 22 else address
    scan = f"ssh-keyscan -t ed25519 -p {port} {address}"
    if ssh.host_key is not None:
        if not _is_public_key(ssh.host_key):
            faults.append(
                Fault(
                    f"{path}.ssh.hostKey" if spec.ssh.host_key else "ssh.hostKey",
                    f"is not a public key of type {', '.join(KEY_TYPES)}",
                    f"`{scan if spec.ssh.host_key else 'ssh-keyscan -t ed25519 <address>'}` prints the key;"
                    " check it with the host's owner.",
                )
            )
        return ssh.host_key
    if ssh.known_hosts_file is None:
        faults.append(
            Fault(path, "has no host key", f"Set ssh.knownHostsFile, or ssh.hostKey to what `{scan}` prints.")
        )
        return ""
    try:
        found = _known_keys(_read(ssh.known_hosts_file), where)
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault("ssh.knownHostsFile", _unreadable(ssh.known_hosts_file, error), "Name an OpenSSH file."))
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


@cache
def _known_keys(text: str, where: str) -> dict[str, str]:
    """Return the keys by type of the lines of known_hosts text that name the host, plain or hashed."""
    known, name = _parsed(text), where.encode()
    named = [number for number, salt, digest in known.hashed if hmac.digest(salt, name, "sha1") == digest]
    return dict(known.keys[number] for number in sorted({*named, *known.plain.get(where, ())}))


@dataclass(frozen=True)
class _KnownHosts:
    """The lines of a known_hosts file, to be asked for a thousand hosts."""

    keys: list[tuple[str, str]]
    """Type and key, by line."""
    plain: dict[str, list[int]]
    """Lines by host."""
    hashed: list[tuple[int, bytes, bytes]]
    """Line, salt and digest, where the host is not to be read."""


@cache
def _parsed(text: str) -> _KnownHosts:
    known = _KnownHosts([], {}, [])
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 3 or line.startswith(("#", "@")):
            continue
        number = len(known.keys)
        known.keys.append((fields[1], fields[2]))
        if fields[0].startswith("|1|"):
            try:
                _, _, salt, digest = fields[0].split("|")
                known.hashed.append((number, base64.b64decode(salt), base64.b64decode(digest)))
            except ValueError:  # a line that is damaged names nobody
                continue
        else:
            for name in fields[0].split(","):
                known.plain.setdefault(name, []).append(number)
    return known


def _is_public_key(text: str) -> bool:
    """Whether text is `<type> <base64>`, of a type we take, with the same type inside."""
    kind, _, encoded = text.partition(" ")
    try:
        blob = base64.b64decode(encoded.split(" ")[0], validate=True)
    except ValueError:
        return False
    return kind in KEY_TYPES and blob[4:].startswith(kind.encode())


def _unreadable(path: str, error: Exception) -> str:
    return f"{path}: {error.strerror if isinstance(error, OSError) else 'not a text file'}"


@cache
def _read(path: str) -> str:
    return Path(path).expanduser().read_text()
