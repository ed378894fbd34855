"""Files that a cluster file names, read where the program runs: each once, whoever asks."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def read(path: str) -> str:
    """Return a file's text; `~` is understood. Raises OSError or UnicodeDecodeError."""
    return Path(path).expanduser().read_text()


def unreadable(path: str, error: Exception) -> str:
    """Return why a file cannot be read."""
    return f"{path}: {error.strerror if isinstance(error, OSError) else 'not a text file'}"
