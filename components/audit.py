"""The audit policy of a cluster: a file of the site's, or ours."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from components.config import AuditOptions
from components.render import audit


def policy(options: AuditOptions) -> str:
    """Return the policy's text. Raises OSError or UnicodeDecodeError when the file cannot be read."""
    return audit.policy() if options.policy_file is None else _read(options.policy_file)


@cache
def _read(path: str) -> str:
    return Path(path).expanduser().read_text()
