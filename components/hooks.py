"""Scripts of the user's own, as the steps carry them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from components.config import Cluster, Hook
from components.files import read

CONTROL_PLANE = "controlPlane"


def node_hooks(cluster: Cluster, group: str) -> dict[str, str]:
    """Return the files of what the nodes of a group run, a pool's name or `controlPlane`; nothing for none."""
    found: dict[str, str] = {}
    for kind, hooks in (("before-join", cluster.hooks.before_join), ("after-join", cluster.hooks.after_join)):
        found |= files(kind, [hook for hook in hooks if not hook.on or group in hook.on])
    return {**found, "hooks/group": f"{group}\n"} if found else {}


def seconds(cluster: Cluster) -> int:
    """Return how long the hooks of a node may take together."""
    return sum(hook.timeout_seconds for hook in (*cluster.hooks.before_join, *cluster.hooks.after_join))


def files(kind: str, hooks: Sequence[Hook]) -> dict[str, str]:
    """Return the scripts of one kind, and a list of them in the order they are run in: `seconds file`."""
    named = {f"{number:02}-{_slug(hook.file)}": hook for number, hook in enumerate(hooks, start=1)}
    if not named:
        return {}
    lines = "".join(f"{hook.timeout_seconds} {name}\n" for name, hook in named.items())
    return {f"hooks/{kind}": lines, **{f"hooks/{kind}.d/{name}": read(hook.file) for name, hook in named.items()}}


def _slug(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", PurePath(path).name)
