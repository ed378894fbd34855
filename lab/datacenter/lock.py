"""One change of the lab at a time, by whatever checkout."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.datacenter.shell import LabError
from lab.layout import LAB

FILE = LAB / "lock"


@contextmanager
def held(deadline: float = 600.0) -> Iterator[None]:
    """Hold the lab's lock; raises LabError when another command keeps it for `deadline` seconds."""
    until = time.monotonic() + deadline
    while True:
        LAB.mkdir(mode=0o755, parents=True, exist_ok=True)
        handle = os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # `down` removes the file with the folder: a lock on a removed file holds nothing.
            if FILE.exists() and os.fstat(handle).st_ino == FILE.stat().st_ino:
                break
        except BlockingIOError:
            pass
        os.close(handle)
        if time.monotonic() > until:
            raise LabError(
                f"another lab/hosts command has been at work for {deadline:.0f} s; wait for it to end, or end it"
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        os.close(handle)
