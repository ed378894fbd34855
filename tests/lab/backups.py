"""The commands of docs/backups.md, run on the lab's hosts as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tests.lab.site import TREE, Site

SSH_CONFIG = "/var/lib/kubeadm-ha-lab/ssh_config"
UNIT, FOLDER = "kubeadm-ha-snapshot", "/var/lib/etcd-snapshots"
#: Each block of the page by its first line, such as `every etcd host: stop etcd`.
COMMANDS: dict[str, str] = {
    first: "\n".join(line.removeprefix(indent) for line in rest.splitlines()) + "\n"
    for indent, first, rest in re.findall(
        r"^( *)(?:\d\. )?```sh\n *# (.*)\n((?:.*\n)*?) *```$", (TREE / "docs" / "backups.md").read_text(), re.MULTILINE
    )
}


def command(title: str, members: Mapping[str, str]) -> str:
    """Return a block, with what its reader fills in: the members and where they are."""
    text = COMMANDS[title]
    listed = ",".join(f"{name}=https://{address}:2380" for name, address in members.items())
    text = re.sub(r"^members=.*$", f"members={listed}", text, flags=re.MULTILINE)
    return re.sub(r"^for host in .*; do$", f"for host in {' '.join(members)}; do", text, flags=re.MULTILINE)


def copy(site: Site, title: str, members: Mapping[str, str], host: str, path: str) -> None:
    """Run the block that brings a host's snapshot to all members, by the lab's way to log in."""
    text = re.sub(r"^ssh \S+ sudo cat \S+", f"ssh {host} sudo cat {path}", command(title, members), flags=re.MULTILINE)
    site.lab("bash", "-euc", f'ssh() {{ command ssh -F {SSH_CONFIG} "$@"; }}\n{text}')


def on(site: Site, hosts: Iterable[str], title: str, members: Mapping[str, str]) -> None:
    """Run a block on every one of some hosts, one after another: each step on all of them before the next one."""
    for host in hosts:
        site.ssh(host, command(title, members))


def snapshots(site: Site, host: str) -> list[str]:
    """Return the paths of a host's snapshots, the oldest first."""
    return site.ssh(host, f"ls {FOLDER}/*.db 2>/dev/null || true").split()


def take(site: Site, host: str) -> str:
    """Have a host take one, and return its path."""
    site.ssh(host, f"systemctl start {UNIT}.service")
    return snapshots(site, host)[-1]
