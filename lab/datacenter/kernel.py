"""The machine's kernel settings that hosts change: kept when the lab starts, put back when it ends."""

from __future__ import annotations

from pathlib import Path

import yaml

PROC = Path("/proc/sys")
#: A host has network settings of its own. These it shares with the machine: systemd writes the
#: first group at boot, kubelet the second, and a cluster's own sysctl.d the third.
SHARED = (
    *("fs/protected_fifos", "fs/protected_hardlinks", "fs/protected_regular", "fs/protected_symlinks"),
    *("kernel/core_uses_pid", "kernel/pid_max", "kernel/sysrq"),
    *("kernel/keys/root_maxbytes", "kernel/keys/root_maxkeys", "kernel/panic", "kernel/panic_on_oops"),
    *("vm/overcommit_memory", "vm/panic_on_oom"),
    *("fs/file-max", "fs/inotify/max_user_instances", "fs/inotify/max_user_watches", "fs/nr_open"),
    *("kernel/threads-max", "vm/max_map_count", "vm/swappiness"),
)

#: What one machine has for itself, and here a dozen share: without more of them containerd's CRI plugin does not load
#: on the eighth host, since its watch of /etc/cni/net.d cannot be made.
RAISED = {"fs/inotify/max_user_instances": 8192, "fs/inotify/max_user_watches": 1048576}


def raise_limits(proc: Path = PROC) -> None:
    """Raise the limits that all hosts share, where they are lower."""
    for name, wanted in RAISED.items():
        setting = proc / name
        if setting.is_file() and int(setting.read_text()) < wanted:
            setting.write_text(str(wanted))


def record(file: Path, proc: Path = PROC) -> None:
    """Write the settings to `file`, unless it has those of a lab that is up already."""
    if not file.exists():
        found = {name: (proc / name).read_text().strip() for name in SHARED if (proc / name).is_file()}
        file.write_text(yaml.safe_dump(found))


def restore(file: Path, proc: Path = PROC) -> list[str]:
    """Put back what differs from `file`; return the names of what was put back."""
    if not file.is_file():
        return []
    before: dict[str, str] = yaml.safe_load(file.read_text())
    changed = [name for name, value in before.items() if (proc / name).read_text().strip() != value]
    for name in changed:
        (proc / name).write_text(before[name])
    return changed
