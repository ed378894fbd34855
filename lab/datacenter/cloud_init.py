"""User data of a machine in AWS, on the disk of a host that has no cloud-init: the part of it that the program uses."""

from __future__ import annotations

import base64
import gzip
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.datacenter.shell import LabError

_UNIT = """[Unit]
Description=What user data says is to be done at each start
DefaultDependencies=no
After=local-fs.target
Before=ssh.service

[Service]
Type=oneshot
ExecStart=/usr/local/lib/lab-bootcmd

[Install]
WantedBy=multi-user.target
"""
_ONCE_UNIT = """[Unit]
Description=What user data says is to be done at the first start
Wants=network-online.target
After=network-online.target
ConditionPathExists=!/var/lib/lab-runcmd

[Service]
Type=oneshot
ExecStartPre=/usr/bin/touch /var/lib/lab-runcmd
ExecStart=/usr/local/lib/lab-runcmd

[Install]
WantedBy=multi-user.target
"""
#: Keys that are honoured, or that a host of the lab does anyhow.
KNOWN = {
    *("hostname", "preserve_hostname", "ssh_deletekeys", "ssh_keys", "ssh_pwauth"),
    *("bootcmd", "runcmd", "write_files"),
}


@dataclass(frozen=True)
class Told:
    """What a machine is told when it first starts."""

    hostname: str = ""
    """Nothing where AWS gives a name."""
    private: str = ""
    """The host's key; nothing where it makes one itself."""
    public: str = ""
    commands: tuple[str, ...] = ()
    """Lines of a shell script, run at each start before anybody can log in."""
    once: tuple[str, ...] = ()
    """Lines of a shell script, run at the first start when all else is up."""
    files: tuple[tuple[str, str], ...] = ()
    """Paths and texts of files that are written before."""


def read(text: str) -> Told:
    """Return what user data says. Raises LabError when it says something that a host of the lab would not do."""
    head, _, body = text.partition("\n")
    if head.strip() != "#cloud-config":
        raise LabError("user data is no #cloud-config: hosts of the lab take nothing else")
    data: Any = yaml.safe_load(body)
    if not isinstance(data, dict):
        raise LabError("user data is no mapping")
    unknown = sorted(set(data) - KNOWN)
    if unknown:
        raise LabError(f"user data has {', '.join(unknown)}: teach it to lab/datacenter/cloud_init.py")
    keys = data.get("ssh_keys", {})
    missing = [name for name in ("ed25519_private", "ed25519_public") if keys and name not in keys]
    if missing:
        raise LabError(f"user data has no {', '.join(missing)}: the host's key could not be pinned")
    return Told(
        str(data.get("hostname", "")),
        keys.get("ed25519_private", ""),
        keys.get("ed25519_public", ""),
        tuple(_line(command) for command in data.get("bootcmd", [])),
        tuple(_line(command) for command in data.get("runcmd", [])),
        tuple((file["path"], _content(file)) for file in data.get("write_files", [])),
    )


def _content(file: dict[str, str]) -> str:
    encoding = file.get("encoding", "text/plain")
    if encoding == "gz+b64":
        return gzip.decompress(base64.b64decode(file["content"])).decode()
    if encoding != "text/plain" or set(file) - {"path", "content", "encoding"}:
        raise LabError(f"user data has a file that is written in another way: {file['path']}")
    return file["content"]


def _line(command: Any) -> str:
    return shlex.join(map(str, command)) if isinstance(command, list) else str(command)


def furnish(root: Path, told: Told, user: str, login_key: str, cloud: str = "") -> None:
    """Put what a machine is told, and the key that opens it, on its disk before its first start.

    `cloud` is where it finds what AWS's names stand for.
    """
    if told.private:
        private = root / "etc/ssh/ssh_host_ed25519_key"
        _write(private, told.private.rstrip("\n") + "\n", 0o600)
        _write(private.with_suffix(".pub"), told.public.rstrip("\n") + "\n", 0o644)
    if told.hostname:
        (root / "etc/hostname").write_text(f"{told.hostname}\n")
    home = root / ("root" if user == "root" else f"home/{user}")
    authorized = home / ".ssh/authorized_keys"
    authorized.write_text(authorized.read_text().rstrip("\n") + f"\n{login_key.strip()}\n")
    for path, text in told.files:
        _write(root / path.lstrip("/"), text, 0o644)
    if cloud:
        _write(root / "etc/default/kubeadm-ha", f"AWS_ENDPOINT_URL={cloud}\n", 0o644)
    _enable(root, "lab-bootcmd", told.commands, _UNIT)
    _enable(root, "lab-runcmd", told.once, _ONCE_UNIT)


def _enable(root: Path, name: str, commands: tuple[str, ...], unit: str) -> None:
    if not commands:
        return
    # One that fails keeps no other from being run, as with cloud-init. It may hold secrets, as user data does.
    _write(root / f"usr/local/lib/{name}", "".join(f"{line}\n" for line in ("#!/bin/sh", *commands)), 0o700)
    _write(root / f"etc/systemd/system/{name}.service", unit, 0o644)
    wants = root / f"etc/systemd/system/multi-user.target.wants/{name}.service"
    wants.parent.mkdir(parents=True, exist_ok=True)
    wants.unlink(missing_ok=True)
    wants.symlink_to(f"/etc/systemd/system/{name}.service")


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode)
    path.chmod(mode)
    path.write_text(text)
    shutil.chown(path, 0, 0)


def login_user(image: str) -> str:
    """Return whom an image lets in, by its name. Raises LabError for one that is nobody's here."""
    for part, user in {"debian-": "admin", "ubuntu/": "ubuntu"}.items():
        if image.startswith(part):
            return user
    raise LabError(f"{image or 'an image without a name'}: hosts of the lab start from images of Debian or Ubuntu")
