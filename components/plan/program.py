"""Whether the program that plans is the one that ran the last `up`: another one may do the same things differently."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from components.plan.transition import PROGRAM, Transition

_TREE = Path(__file__).parent.parent.parent
_FOLDERS = ("components", "scripts")
_KINDS = (".py", ".sh", ".yaml")


@cache
def fingerprint() -> str:
    """Return what stands for this program's own files in a snapshot: equal copies give equal text."""
    found = hashlib.sha256()
    for path in _files():
        content = path.read_bytes()
        found.update(f"{path.relative_to(_TREE)} {len(content)}\n".encode() + content)
    return f"sha256:{found.hexdigest()}"


def _files() -> Iterator[Path]:
    for name in _FOLDERS:
        # A link is followed, as Python and the steps follow it: a project may have its copy of the program elsewhere.
        for folder, folders, files in os.walk(_TREE / name):
            folders.sort()
            yield from (Path(folder, file) for file in sorted(files) if file.endswith(_KINDS))


def other(transition: Transition) -> bool:
    """Whether another copy ran the last `up`; one of before it said so is another one."""
    return not transition.first and (transition.deployed or {}).get(PROGRAM) != transition.wanted.get(PROGRAM)


def cautions(transition: Transition) -> Iterator[str]:
    """Yield what another copy means."""
    if other(transition):
        yield (
            "The program is another copy than at the last `pulumi up`. Steps that it does differently run once more, on"
            " all their hosts: Pulumi's own list has them. A host that is as it should be stays as it is; where the"
            " changelog names a new default, what has it restarts."
        )
