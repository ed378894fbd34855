"""What a build was made from, as one hash, and folders that change in one step."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: The file in a built folder that holds the hash of its inputs.
STAMP = ".inputs"


class BuildError(Exception):
    """What could not be built and the way out, in one sentence."""


def fingerprint(files: Iterable[Path], *values: Any) -> str:
    """Return a hash of plain values and of files by path, size and time of change.

    A missing file counts as a value of its own: the hash changes when it appears.
    """
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    for file in sorted(files):
        try:
            status = file.stat()
            digest.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        except FileNotFoundError:
            digest.update(f"{file}\0missing\n".encode())
    return digest.hexdigest()


def is_current(folder: Path, key: str) -> bool:
    """Tell whether `folder` was built from the inputs of `key`."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text().strip() == key


@contextmanager
def replaced(folder: Path, key: str) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` when the block ends well.

    The folder's own stamp says `key`; a block that raises leaves the old folder as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A neighbour on the same file system, so that a rename is one step.
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        fresh = work / "new"
        fresh.mkdir()
        yield fresh
        (fresh / STAMP).write_text(key + "\n")
        if folder.exists():
            folder.rename(work / "old")
        fresh.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def call(
    *argv: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 120.0,
) -> bytes:
    """Run a program and return what it printed; `env` is added to the environment.

    `timeout` is in seconds. Raises BuildError with the program's last line when it fails.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise BuildError(f"{words[0]} is not installed; see `needs` in packages.yaml") from None
    except subprocess.TimeoutExpired:
        raise BuildError(f"{words[0]} did not end within {timeout:.0f} s") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else "no reason given"
        raise BuildError(f"{' '.join(words[:3])} failed: {last}")
    return done.stdout
