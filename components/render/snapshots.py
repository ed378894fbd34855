"""Snapshots of etcd: what systemd is told on the hosts that take them."""

from __future__ import annotations

from components.config import Cluster, SnapshotOptions
from components.render import proxy

#: Folder of what takes them, on the hosts. Not the one of the tokens for elastic pools, which goes as a whole.
PROGRAM = "/usr/local/lib/kubeadm-ha-snapshots"
UNIT = "kubeadm-ha-snapshot"
#: How long one may take, in seconds: what the script waits for a member, and then for what that sends. The largest
#: databases that etcd is made for are read in a few minutes.
SECONDS = 1200


def service(cluster: Cluster, options: SnapshotOptions, host: str) -> str:
    """Return the unit that takes one, and fails where it cannot."""
    told = {
        "NODE_NAME": host,
        "ETCD": "stacked" if cluster.etcd.stacked else "hosts",
        "SNAPSHOTS": options.directory,
        "KEEP": str(options.keep),
        "THEN_SECONDS": str(options.then.timeout_seconds if options.then else 0),
        **(proxy.inputs(cluster) if options.then else {}),
    }
    # A percent sign would be systemd's own.
    lines = "".join(f'Environment="{key}={value.replace("%", "%%")}"\n' for key, value in told.items())
    return f"""\
[Unit]
Description=Snapshot of etcd
After=network-online.target
RequiresMountsFor={options.directory}
StartLimitIntervalSec=0

[Service]
Type=oneshot
{lines}ExecStart=/bin/bash {PROGRAM}/take-snapshot.sh
UMask=0077
TimeoutStartSec={seconds(options)}
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
"""


def seconds(options: SnapshotOptions) -> int:
    """Return how long one may take with what follows."""
    return SECONDS + (options.then.timeout_seconds + 30 if options.then else 0)


def timer(options: SnapshotOptions) -> str:
    """Return the unit that says when."""
    return f"""\
[Unit]
Description=Snapshots of etcd

[Timer]
OnCalendar={calendar(options.every_hours)}
RandomizedDelaySec={min(30, 6 * options.every_hours)}min
Persistent=true

[Install]
WantedBy=timers.target
"""


def calendar(hours: int) -> str:
    """Return the times as systemd writes them, in UTC."""
    if hours < 24:
        return f"*-*-* 00/{hours}:00:00 UTC" if hours > 1 else "*-*-* *:00:00 UTC"
    days = hours // 24
    # Each month begins anew: the last interval of one may be shorter, none is longer.
    return f"*-*-01/{days} 00:00:00 UTC" if days > 1 else "*-*-* 00:00:00 UTC"
