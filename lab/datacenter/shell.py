"""Running programs: a failure is one sentence, with the program's own last words."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence


class LabError(Exception):
    """What failed and the way out, in one sentence for the person at the keyboard."""


def run(
    *argv: str,
    text: str | None = None,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return what it printed.

    `timeout` is in seconds. Raises LabError when the program fails or is not there.
    """
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=timeout, env=env, check=False)
    except FileNotFoundError:
        raise LabError(f"{argv[0]} is not installed; run `lab/hosts needs --install`") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{_short(argv)} did not end within {timeout:.0f} s") from None
    if done.returncode != 0:
        raise LabError(f"{_short(argv)} failed: {last_line(done.stderr or done.stdout)}")
    return done.stdout


def succeeds(*argv: str, timeout: float = 60.0) -> bool:
    """Tell whether a program ends with 0 within `timeout` seconds."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it printed nothing"


def _short(argv: Sequence[str]) -> str:
    words = " ".join(argv)
    return words if len(words) <= 90 else words[:87] + "..."
