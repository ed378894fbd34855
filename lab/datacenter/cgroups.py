"""A control group for each host in every hierarchy, so that kubelets do not share one."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from lab.datacenter.shell import LabError

ROOT = Path("/sys/fs/cgroup")


def hierarchies(root: Path | None = None) -> list[Path]:
    """Return the roots: one with cgroup v2, one for each controller with v1."""
    root = root or ROOT
    if (root / "cgroup.controllers").exists():
        return [root]
    return sorted(
        path for path in root.iterdir() if path.is_dir() and not path.is_symlink() and (path / "cgroup.procs").exists()
    )


def make(name: str) -> list[Path]:
    """Make a host's groups and return them; a process moves in by writing to cgroup.procs."""
    groups = []
    for root in hierarchies():
        if (root / "cgroup.controllers").exists() and root == ROOT:
            controllers = (root / "cgroup.controllers").read_text().split()
            enabled = (root / "cgroup.subtree_control").read_text().split()
            missing = [f"+{controller}" for controller in controllers if controller not in enabled]
            if missing:
                (root / "cgroup.subtree_control").write_text(" ".join(missing))
        group = root / name
        group.mkdir(exist_ok=True)
        if (group / "cpuset.mems").exists() and not (root / "cgroup.controllers").exists():
            # An empty v1 cpuset takes no process, and neither would its children.
            for file in ("cpuset.cpus", "cpuset.mems"):
                (group / file).write_text((root / file).read_text())
            (group / "cgroup.clone_children").write_text("1")
        groups.append(group)
    return groups


def processes(name: str) -> set[int]:
    """Return the processes in a host's groups and in all groups below."""
    pids: set[int] = set()
    for root in hierarchies():
        for folder, _, files in os.walk(root / name):
            if "cgroup.procs" in files:
                try:
                    pids.update(int(pid) for pid in Path(folder, "cgroup.procs").read_text().split())
                except OSError:
                    continue  # the group has gone between the listing and the look
    return pids


def end(name: str, deadline: float = 20.0) -> None:
    """Kill all processes of a host and remove its groups.

    Raises LabError when some are left after `deadline` seconds.
    """
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        pids = processes(name)
        thaw(name)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if not pids and _removed(name):
            return
        time.sleep(0.02)
    left = " ".join(str(pid) for pid in sorted(processes(name))) or "none"
    raise LabError(f"{name} has processes or cgroups left after {deadline:.0f} s (pids: {left})")


def thaw(name: str) -> None:
    """Let the frozen processes of a host run, so that a signal reaches them.

    runc freezes a container while it changes its limits, and a plug may be pulled just then. Whoever is killed while
    frozen dies at once with cgroup v2, and with v1 when it is thawed.
    """
    for root in hierarchies():
        for folder, _, files in os.walk(root / name):
            if "freezer.state" in files:
                with suppress(OSError):  # the group has gone between the listing and the change
                    Path(folder, "freezer.state").write_text("THAWED")


def _removed(name: str) -> bool:
    gone = True
    for root in hierarchies():
        for folder, _, _ in os.walk(root / name, topdown=False):
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                continue
            except OSError:
                gone = False
    return gone


def memory(name: str) -> int | None:
    """Return the bytes of memory a host's processes hold, page cache aside; None if unknown."""
    for root, file, key in (
        (ROOT / "memory", "memory.stat", "total_rss"),
        (ROOT, "memory.stat", "anon"),
    ):
        stat = root / name / file
        if stat.is_file():
            for line in stat.read_text().splitlines():
                word, _, value = line.partition(" ")
                if word == key:
                    return int(value)
    return None
