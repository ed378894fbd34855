"""Processes that outlive the command which started them, and threads in another network."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lab.datacenter import cgroups

#: The cgroup of services and of the hosts' supervisors: what is left in it at the end is ours.
GROUP = "kha-lab"
CLONE_NEWNET = 0x40000000


def record(file: Path, pid: int) -> None:
    """Note a process that was just started, with its start time: numbers are used again."""
    for group in cgroups.make(GROUP):
        try:
            (group / "cgroup.procs").write_text(str(pid))
        except ProcessLookupError:
            break  # it has ended already; whoever waits for it will say so
    file.write_text(f"{pid} {_start_time(pid)}\n")


def alive(file: Path) -> int | None:
    """Return the recorded process if that very process still runs."""
    if not file.is_file():
        return None
    pid, _, started = file.read_text().strip().partition(" ")
    if started and started == _start_time(int(pid)):
        return int(pid)
    return None


def end(file: Path, how: signal.Signals, deadline: float = 5.0) -> None:
    """End a recorded process with a signal, and with SIGKILL after `deadline` seconds."""
    for sign in (how, signal.SIGKILL):
        pid = alive(file)
        if pid is None:
            break
        send(pid, sign)
        until = time.monotonic() + deadline
        while alive(file) is not None and time.monotonic() < until:
            time.sleep(0.02)
    file.unlink(missing_ok=True)


def send(pid: int, sign: signal.Signals) -> None:
    """Send a signal to a process of ours; one that has just ended needs none."""
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return


def _start_time(pid: int) -> str:
    """Return when a process started, in clock ticks; "" for one that is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The name is in brackets and may hold spaces; the state comes next, the start is field 22.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def in_namespace(namespace: Path, look: Callable[[], bool]) -> bool:
    """Ask a yes-or-no question from inside a network namespace; an error of the network is a no.

    A namespace belongs to a thread, so the thread that enters one is not used for anything else.
    """
    answers: list[bool] = []

    def enter() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            with namespace.open() as handle:
                if libc.setns(handle.fileno(), CLONE_NEWNET) == 0:
                    answers.append(look())
        except OSError:
            return

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return answers == [True]
