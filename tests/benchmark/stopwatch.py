"""How long a command takes, how much of a processor, and the most memory that each of its programs held."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL_SECONDS = 0.1
PROC = Path("/proc")
MEBIBYTE = 1024
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """One run of a command."""

    seconds: float
    """From its start to its end."""
    processor_seconds: Mapping[str, float]
    """What it used of the processors, by program: a busy machine changes that less than the duration."""
    memory: Mapping[str, float]
    """The most that a program held, in MiB, by program; of several with one name, the largest."""
    output: str
    """Standard output and error."""
    status: int


def measure(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Measured:
    """Run a command to its end."""
    with log.open("w") as written:
        begin = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=written, stderr=written)
        watch = _Watch(process.pid)
        watch.start()
        try:
            status = process.wait()
            seconds = time.monotonic() - begin
        except BaseException:
            process.terminate()  # pulumi ends its own programs
            process.wait()
            raise
        finally:
            watch.end()
    return Measured(seconds, watch.used(), watch.most, log.read_text(), status)


class _Watch(threading.Thread):
    """Asks the kernel for the peak of every process below one, again and again until told to end."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.most: dict[str, float] = {}
        self._last: dict[int, Process] = {}
        self._root = root
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(INTERVAL_SECONDS):
            for pid in _family(self._root):
                found = look(pid)
                if found:
                    self.most[found.program] = max(found.peak, self.most.get(found.program, 0))
                    self._last[pid] = found

    def used(self) -> dict[str, float]:
        """Return the seconds of processor by program, as of the last look at each process."""
        total: dict[str, float] = {}
        for process in self._last.values():
            total[process.program] = total.get(process.program, 0) + process.processor_seconds
        return total

    def end(self) -> None:
        """Wait for the last look."""
        self._over.set()
        self.join()


@dataclass(frozen=True)
class Process:
    """A process as the kernel tells of it."""

    program: str
    peak: float
    """The most memory that it has held, in MiB."""
    processor_seconds: float


def look(pid: int) -> Process | None:
    """Return what a process has used so far; None when it is gone."""
    try:
        words = (PROC / str(pid) / "cmdline").read_text().split("\0")
        status = (PROC / str(pid) / "status").read_text()
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    size = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
    if size is None:  # it has ended and nobody has waited for it yet
        return None
    return Process(program(words), int(size) / MEBIBYTE, (int(fields[11]) + int(fields[12])) / TICKS)


def program(words: Sequence[str]) -> str:
    """Return the name of the program that a command line runs; of an interpreter, that of its script."""
    names = [Path(word).name for word in words if word and not word.startswith("-")]
    if names and names[0].startswith(("python", "bash", "sh")) and len(names) > 1:
        return names[1]
    return names[0] if names else ""


def _family(root: int) -> Iterator[int]:
    """Yield a process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    todo = [root]
    while todo:
        pid = todo.pop()
        yield pid
        todo += children.get(pid, [])
