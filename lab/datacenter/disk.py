"""A host's disk: a copy of the base tree with a name, a machine id and an SSH key of its own."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from lab.datacenter.network import resolv_conf
from lab.datacenter.plan import HostSpec
from lab.datacenter.shell import run
from lab.layout import LAB, mirror_dir

KEY = LAB / "id_ed25519"
PACKAGES_KEY = LAB / "packages.asc"


def folder(name: str) -> Path:
    """Return where all of a host is kept."""
    return LAB / "hosts" / name


def path(name: str) -> Path:
    """Return the root of a host's disk."""
    return folder(name) / "disk"


def ensure_login_key() -> None:
    """Make the lab's SSH key, if it is not there."""
    if not KEY.is_file():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kubeadm-ha-lab", "-f", str(KEY))


def make(spec: HostSpec, base: Path, gateway: str) -> None:
    """Make a host's disk, as an installer leaves a new machine's. Half a disk is never seen."""
    root = folder(spec.name) / "disk.new"
    root.parent.mkdir(parents=True, exist_ok=True)
    if root.exists():
        shutil.rmtree(root)
    run("cp", "-a", "--reflink=auto", str(base), str(root), timeout=300.0)
    (root / "etc/hostname").write_text(f"{spec.name}\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text(resolv_conf(gateway))
    (root / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
    key = str(root / "etc/ssh/ssh_host_ed25519_key")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"root@{spec.name}", "-f", key)
    if spec.user == "root":
        _authorize(root / "root", 0)
    else:
        _add_user(root, spec.user)
    root.rename(path(spec.name))


def _authorize(home: Path, uid: int) -> None:
    ssh = home / ".ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    file = ssh / "authorized_keys"
    file.write_text(KEY.with_suffix(".pub").read_text())
    file.chmod(0o600)
    for entry in (ssh, file):
        shutil.chown(entry, uid, uid)


def _add_user(root: Path, user: str) -> None:
    """Add a user with sudo, and close root's door, as cloud images do."""
    uid = 1000
    run("groupadd", "--root", str(root), "--gid", str(uid), user)
    run("useradd", "--root", str(root), "-m", "-s", "/bin/bash", "-u", str(uid), "-g", user, user)
    _authorize(root / "home" / user, uid)
    sudoers = root / "etc/sudoers.d/lab"
    sudoers.write_text(f"{user} ALL=(ALL) NOPASSWD:ALL\n")
    sudoers.chmod(0o440)
    # sshd takes the first value it reads, and "00" sorts before the base tree's file.
    (root / "etc/ssh/sshd_config.d/00-user.conf").write_text("PermitRootLogin no\n")


def host_key(name: str) -> str:
    """Return the host's public SSH key as known_hosts has it: type and key."""
    words = (path(name) / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()
    return " ".join(words[:2])


def trust_packages(name: str) -> None:
    """Give a host the key that signs the lab's packages, once the builder has made one."""
    if PACKAGES_KEY.is_file():
        shutil.copyfile(PACKAGES_KEY, path(name) / "usr/share/keyrings/lab.asc")


def publish_packages_key() -> None:
    """Copy the key that signs the lab's packages to where the program's configuration finds it."""
    source = mirror_dir() / "keys" / "packages.asc"
    if source.is_file():
        shutil.copyfile(source, PACKAGES_KEY)


def remove(name: str) -> None:
    """Remove all of a host."""
    if folder(name).exists():
        shutil.rmtree(folder(name))
