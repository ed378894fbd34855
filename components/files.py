"""Files that a cluster file names, read where the program runs: each once, whoever asks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

#: libyaml's where it is built in: it takes a tenth of the time.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def read(path: str) -> str:
    """Return a file's text; `~` is understood. Raises OSError or UnicodeDecodeError."""
    return Path(path).expanduser().read_text()


def unreadable(path: str, error: Exception) -> str:
    """Return why a file cannot be read."""
    return f"{path}: {error.strerror if isinstance(error, OSError) else 'not a text file'}"


def parsed(file: Path) -> Any:
    """Return what stands in a YAML file of the program's own."""
    return yaml.load(file.read_text(), LOADER)  # noqa: S506  # both are safe
