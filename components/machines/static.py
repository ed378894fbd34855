"""Hosts that are there already and answer SSH: bare metal, or machines that something else made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from components.config import BastionOptions, Cluster, Hook, HookOptions, HostSpec, SshOptions
from components.faults import ConfigurationError, Fault
from components.files import read, unreadable
from components.host import Host, SshAccess
from components.machines.keys import KEY_TYPES, is_public_key, known_keys, unusable
from components.rules.network import UNREACHABLE


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
        _host_key(_login(path, spec, cluster.ssh), faults)
        if bastion := _bastion(path, spec.ssh, cluster.ssh):
            _host_key(bastion, faults)
    yield from faults


def _living(cluster: Cluster) -> Iterator[tuple[str, HostSpec]]:
    """Yield the hosts that somebody logs in to, by path; of a file with faults, those whose login is known."""
    # How machines that are made are logged in to is up to who makes them; one place for all hosts is told as that.
    if cluster.provider != "static" or (cluster.ssh.knows("address") and cluster.ssh.address is not None):
        return
    for path, (_, spec) in cluster.machines().items():
        if not spec.knows("address", "ssh", "lost") or not spec.ssh.knows(*SshOptions.model_fields) or spec.lost:
            continue
        # An address that no host has is told as that: nobody's key is asked for there.
        if spec.ssh.address is not None or not any(spec.address in block for block in UNREACHABLE):
            yield path, spec


def package_key_faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield the package keys that cannot be read: a rule for `rules.load`."""
    for kind in ("kubernetes", "containerd"):
        repository = getattr(cluster.packages, kind)
        if repository and repository.key.file:
            try:
                text = read(repository.key.file)
            except (OSError, UnicodeDecodeError) as error:
                problem = unreadable(repository.key.file, error)
                yield Fault(f"packages.{kind}.key.file", problem, "Name an ASCII-armoured public key.")
                continue
            if "PRIVATE KEY BLOCK-----" in text:
                problem = f"{repository.key.file} holds the private key, and would go to every host"
                yield Fault(f"packages.{kind}.key.file", problem, "Name what `gpg --armor --export` prints.")


def hook_faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield the user's scripts that cannot be read or run: a rule for `rules.load`."""
    for path, hook in _scripts(cluster):
        try:
            text = read(hook.file)
        except (OSError, UnicodeDecodeError) as error:
            yield Fault(f"{path}.file", unreadable(hook.file, error), "Name a script, relative to the project.")
            continue
        if not text.strip():
            yield Fault(f"{path}.file", f"{hook.file} is empty", "Write what it is to do, or remove the line.")
        elif "PRIVATE KEY-----" in text:
            problem = f"{hook.file} holds a private key, and scripts are kept in the stack's state as they are"
            yield Fault(f"{path}.file", problem, "Let the host fetch it from where secrets are kept.")


def _scripts(cluster: Cluster) -> Iterator[tuple[str, Hook]]:
    """Yield where a script of the user's is named, and the script; what is faulty there is left out."""
    for time in HookOptions.model_fields if cluster.knows("hooks") else ():
        for number, hook in enumerate(getattr(cluster.hooks, time) if cluster.hooks.knows(time) else []):
            yield f"hooks.{HookOptions.model_fields[time].alias}.{number}", hook
    etcd = cluster.etcd if cluster.knows("etcd") else None
    snapshots = etcd.snapshots if etcd is not None and etcd.knows("snapshots") else None
    if snapshots is not None and snapshots.knows("then") and snapshots.then is not None:
        yield "etcd.snapshots.then", snapshots.then


#: What stands in the way of logging in, and of reading the files that the cluster file names: rules for `rules.load`.
RULES = (login_faults, package_key_faults, hook_faults)


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
    login = _login(path, spec, common)
    access = SshAccess(login.address, login.port, login.user, _host_key(login, faults), _private_key(login, faults))
    bastion = _bastion(path, spec.ssh, common)
    return access if bastion is None else replace(access, bastion=_through(bastion, faults))


def bastion_access(common: SshOptions, faults: list[Fault]) -> SshAccess | None:
    """Return how the cluster's own bastion is logged in to, None where there is none; add what stands in the way."""
    bastion = _bastion("ssh", SshOptions.unset(), common)
    return None if bastion is None else _through(bastion, faults)


def _through(bastion: _Login, faults: list[Fault]) -> SshAccess:
    key = _private_key(bastion, faults)
    return SshAccess(bastion.address, bastion.port, bastion.user, _host_key(bastion, faults), key)


@dataclass(frozen=True)
class _Login:
    """A login as the file gives it, and where it says so: faults name those places."""

    path: str
    """Of the host, or the bastion."""
    keys: str
    """Where a key for this login alone is written, or is to be."""
    address: str
    port: int
    user: str
    host_key: str | None
    host_key_path: str
    known_hosts_file: str | None
    known_hosts_path: str
    private_key_file: str | None
    private_key_path: str


def _login(path: str, spec: HostSpec, common: SshOptions) -> _Login:
    own = spec.ssh

    def place(given: object, key: str) -> str:
        return f"{path}.ssh.{key}" if given else f"ssh.{key}"

    return _Login(
        path=path,
        keys="ssh",
        address=own.address or common.address or str(spec.address),
        port=own.port or common.port or 22,
        user=own.user or common.user or "root",
        host_key=own.host_key or common.host_key,
        host_key_path=place(own.host_key, "hostKey"),
        known_hosts_file=own.known_hosts_file or common.known_hosts_file,
        known_hosts_path="ssh.knownHostsFile",
        private_key_file=own.private_key_file or common.private_key_file,
        private_key_path=place(own.private_key_file, "privateKeyFile"),
    )


def _bastion(path: str, here: SshOptions, common: SshOptions) -> _Login | None:
    """Return the login at the bastion before a host; None where there is none, or not enough is known of it."""
    given = here.bastion or common.bastion
    if given is None or not given.knows(*BastionOptions.model_fields):
        return None
    own = here.bastion is not None
    at = f"{path}.ssh.bastion" if own else "ssh.bastion"
    # What it does not say is taken from the section that it stands in: a host's own key opens the host alone.
    private_key_file = (here.private_key_file if own else None) or common.private_key_file
    known_hosts_file = (here.known_hosts_file if own else None) or common.known_hosts_file
    return _Login(
        path=at,
        keys=at,
        address=given.address,
        port=given.port or 22,
        user=given.user or "root",
        host_key=given.host_key,
        host_key_path=f"{at}.hostKey",
        known_hosts_file=given.known_hosts_file or known_hosts_file,
        known_hosts_path=f"{at}.knownHostsFile" if given.known_hosts_file else "ssh.knownHostsFile",
        private_key_file=given.private_key_file or private_key_file,
        private_key_path=f"{at}.privateKeyFile" if given.private_key_file else "ssh.privateKeyFile",
    )


def _private_key(login: _Login, faults: list[Fault]) -> str | None:
    if login.private_key_file is None:
        if not os.environ.get("SSH_AUTH_SOCK"):
            faults.append(
                Fault(login.path, "there is no way to log in", f"Set {login.keys}.privateKeyFile, or run an SSH agent.")
            )
        return None
    try:
        key = read(login.private_key_file)
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(login.private_key_path, unreadable(login.private_key_file, error), "Name a key in PEM."))
        return None
    problem = unusable(key)
    if problem:
        faults.append(Fault(login.private_key_path, f"{login.private_key_file} {problem[0]}", problem[1]))
    return key


def _host_key(login: _Login, faults: list[Fault]) -> str:
    where = f"[{login.address}]:{login.port}" if login.port != 22 else login.address
    scan = f"ssh-keyscan -t ed25519 -p {login.port} {login.address}"
    if login.host_key is not None:
        if not is_public_key(login.host_key):
            for_all = login.host_key_path == "ssh.hostKey"
            faults.append(
                Fault(
                    login.host_key_path,
                    f"is not a whole public key of type {', '.join(KEY_TYPES)}",
                    f"`{'ssh-keyscan -t ed25519 <address>' if for_all else scan}` prints the key;"
                    " check it with the host's owner.",
                )
            )
        return login.host_key
    if login.known_hosts_file is None:
        remedy = f"Set {login.keys}.knownHostsFile, or {login.keys}.hostKey to what `{scan}` prints."
        faults.append(Fault(login.path, "has no host key", remedy))
        return ""
    try:
        found = known_keys(read(login.known_hosts_file), where)
    except (OSError, UnicodeDecodeError) as error:
        problem = unreadable(login.known_hosts_file, error)
        faults.append(Fault(login.known_hosts_path, problem, "Name an OpenSSH file."))
        return ""
    for key_type in KEY_TYPES:
        if key_type in found:
            return f"{key_type} {found[key_type]}"
    faults.append(
        Fault(
            login.path,
            f"{login.known_hosts_file} has no ed25519 or ECDSA key for {where}",
            f"`{scan}` prints the line to add; check it with the host's owner.",
        )
    )
    return ""
