"""One host: a container with an init of its own, switched on and off like a machine."""

from __future__ import annotations

import datetime
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from lab.datacenter import cgroups, disk, network, process
from lab.datacenter.plan import HostSpec, Plan
from lab.datacenter.shell import LabError, last_line, succeeds
from lab.layout import LAB

SPAWN = Path(__file__).resolve().parent / "spawn"
#: System calls beyond nspawn's own list: what containerd, runc and kubelet use.
SYSTEM_CALLS = "add_key keyctl bpf perf_event_open @mount"
NSPAWN = Path("/run/systemd/nspawn")
#: Seconds from power to SSH. It takes 2 to 4; seven at once on two busy cores take longer.
BOOT_DEADLINE = 120.0
#: Seconds an orderly stop may take; systemd gives a service 90.
STOP_DEADLINE = 100.0


def group(name: str) -> str:
    """Return the name of a host's cgroups, which is also its machine name."""
    return f"kha-{name}"


def running(name: str) -> bool:
    """Tell whether a host is switched on."""
    return bool(cgroups.processes(group(name)))


def console(name: str) -> Path:
    """Return the file that a host's console writes to."""
    return disk.folder(name) / "console.log"


def boot(spec: HostSpec, plan: Plan) -> None:
    """Switch a host on; it returns before the host answers."""
    _clear(spec.name)
    network.plug(spec, plan)
    disk.trust_packages(spec.name)
    groups = cgroups.make(group(spec.name))
    with console(spec.name).open("a") as log:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        log.write(f"--- power on {now}\n")
        log.flush()
        started = subprocess.Popen(
            [str(SPAWN), network.host_namespace(spec.name), *(str(path) for path in groups), "--", *command(spec.name)],
            cwd="/",
            env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "yes",
                "SYSTEMD_COLORS": "0",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    process.record(_pid_file(spec.name), started.pid)


def command(name: str) -> list[str]:
    """Return the command of a host's container."""
    return [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        "--register=no",
        "--keep-unit",
        "--settings=no",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        f"--machine={group(name)}",
        f"--hostname={name}",
        f"--directory={disk.path(name)}",
        f"--network-namespace-path={network.RUN / network.host_namespace(name)}",
        "--capability=all",
        f"--system-call-filter={SYSTEM_CALLS}",
        "--bind=/dev/kmsg",
        "--setenv=TERM=dumb",
    ]


def wait(spec: HostSpec, deadline: float = BOOT_DEADLINE) -> None:
    """Wait until a host takes commands over SSH.

    Raises LabError with the console's last line when it does not within `deadline` seconds.
    """
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        if process.alive(_pid_file(spec.name)) is None:
            break
        if _greets(spec.address) and succeeds(*ssh(spec.name, "true"), timeout=15.0):
            return
        time.sleep(0.1)
    said = last_line(console(spec.name).read_text(errors="replace"))
    raise LabError(
        f"{spec.name} did not answer over SSH; its console ends with {said!r};"
        f" see `lab/hosts logs {spec.name}`, then `lab/hosts wipe {spec.name}` for a fresh one"
    )


def ssh(name: str, *words: str) -> list[str]:
    """Return the command that runs `words` on a host."""
    namespace = f"--net={network.RUN / network.NAMESPACE}"
    return ["nsenter", namespace, "ssh", "-F", str(LAB / "ssh_config"), name, *words]


def _greets(address: str) -> bool:
    def look() -> bool:
        with socket.create_connection((address, 22), timeout=2.0) as connection:
            return connection.recv(4) == b"SSH-"

    return process.in_namespace(network.RUN / network.NAMESPACE, look)


def kill(name: str) -> None:
    """Pull a host's plug: no process of it ends by itself, and its addresses answer no more."""
    process.end(_pid_file(name), signal.SIGKILL)
    _clear(name)


def stop(name: str) -> None:
    """Switch a host off in order; pull its plug when it does not end in time."""
    supervisor = process.alive(_pid_file(name))
    if supervisor is not None:
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
        for child in children:
            process.send(int(child), signal.SIGTERM)
        until = time.monotonic() + STOP_DEADLINE
        while process.alive(_pid_file(name)) is not None and time.monotonic() < until:
            time.sleep(0.05)
    kill(name)


def remove(name: str) -> None:
    """Pull a host's plug and throw its disk away."""
    kill(name)
    forget(name)
    disk.remove(name)


def forget(name: str) -> None:
    """Remove what systemd-nspawn leaves in /run when it is killed."""
    with suppress(FileNotFoundError):
        (NSPAWN / "propagate" / group(name)).rmdir()
    if disk.path(name).exists():
        status = disk.path(name).stat()
        lock = NSPAWN / "locks" / f"inode-{status.st_dev}:{status.st_ino}"
        lock.unlink(missing_ok=True)
    for folder in (NSPAWN / "propagate", NSPAWN / "locks", NSPAWN):
        # Hosts go side by side: another may still use the folder, or have removed it just now.
        with suppress(OSError):
            folder.rmdir()


def _clear(name: str) -> None:
    cgroups.end(group(name))
    network.unplug(name)


def _pid_file(name: str) -> Path:
    return disk.folder(name) / "pid"
