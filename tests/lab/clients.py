"""Who looks at the lab while a story goes on: a client that notes when it was answered, a watcher of processes."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from pathlib import Path
from typing import NamedTuple


class Probe(NamedTuple):
    """What a client does over and over."""

    what: str
    """What it does, in a word or some."""
    script: str
    """Run by bash in the lab's network; it prints a line of epoch seconds after each success."""


#: Writes over the API every 100 ms.
WRITER = Probe(
    "writes",
    """
while sleep 0.1; do
  if kubectl --request-timeout=1s -n default create configmap story --from-literal=at=$(date +%s%N) \
    --dry-run=client -o yaml | kubectl --request-timeout=1s apply -f - >/dev/null 2>&1; then
    date +%s.%N
  fi
done
""",
)


class Client(threading.Thread):
    """Runs a probe over and over, and remembers the longest time between two that worked."""

    def __init__(self, folder: Path, probe: Probe = WRITER) -> None:
        """`folder` is a copy of the project."""
        super().__init__(daemon=True)
        self.process = subprocess.Popen(
            [str(folder / "lab" / "run"), "bash", "-c", probe.script],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.successes: list[float] = []
        self.start()

    def run(self) -> None:
        """Collect the times."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.successes.append(float(line))

    def stop(self) -> float:
        """End the probe and return the longest gap in seconds."""
        self.process.terminate()
        self.process.wait(timeout=30)
        self.join(timeout=30)
        assert len(self.successes) > 5, "the client hardly ever got an answer"
        return max(b - a for a, b in zip(self.successes, self.successes[1:], strict=False))


class Watcher(threading.Thread):
    """Looks at the command line and environment of every process, of the hosts' too, five times a second."""

    def __init__(self) -> None:
        """Nothing is watched before `with`."""
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self._over = threading.Event()

    def __enter__(self) -> Watcher:
        """Begin to watch."""
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop watching."""
        self._over.set()
        self.join()

    def run(self) -> None:
        """Collect what is seen."""
        while not self._over.wait(0.2):
            for file in [*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")]:
                with contextlib.suppress(OSError):  # gone in the meantime
                    self.seen.add(file.read_text(errors="replace"))
