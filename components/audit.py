"""The audit policy of a cluster: a file of the site's, or ours."""

from __future__ import annotations

from components.config import AuditOptions
from components.files import read
from components.render import audit


def policy(options: AuditOptions) -> str:
    """Return the policy's text. Raises OSError or UnicodeDecodeError when the file cannot be read."""
    return audit.policy() if options.policy_file is None else read(options.policy_file)
