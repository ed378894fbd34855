"""The folder of the engine: for each program of Pulumi a link to the real one, or to what was built."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from lab.builder.programs import Program
from lab.layout import cache, engine_dir

PLUGIN = re.compile(r"^resource-(?P<name>[a-z-]+)-v(?P<version>\d+\.\d+\.\d+)$")


def search_path(path: str, own: Path) -> list[Path]:
    """Return the folders of a PATH in which real programs may be: all but those of our cache."""
    folders = [Path(part) for part in path.split(os.pathsep) if part]
    return [folder for folder in folders if not folder.is_relative_to(own)]


def real(name: str, wanted: str, folders: Iterable[Path], home: Path) -> Path | None:
    """Return the real program of that name: on PATH, in Pulumi's own folder, or a plugin that it has installed.

    A plugin counts from version `wanted` on, and the newest one is taken. On PATH any version counts: whoever put
    it there wants it, and the engine takes it in any case.
    """
    for folder in [*folders, home / "bin"]:
        if os.access(folder / name, os.X_OK) and (folder / name).is_file():
            return folder / name
    found: list[tuple[tuple[int, ...], Path]] = []
    for folder in (home / "plugins").glob("resource-*"):
        match = PLUGIN.match(folder.name)
        if match and f"pulumi-resource-{match['name']}" == name and os.access(folder / name, os.X_OK):
            found.append((numbers(match["version"]), folder / name))
    enough = [entry for entry in found if entry[0] >= numbers(wanted)]
    return max(enough)[1] if enough else None


def numbers(version: str) -> tuple[int, ...]:
    """Return a version such as 1.2.1 in a form that compares."""
    return tuple(int(part) for part in version.split("."))


def real_programs(program: Program) -> dict[str, Path]:
    """Return where each binary of an engine item really is, or nothing when one of them is missing."""
    folders = search_path(os.environ.get("PATH", ""), cache())
    home = Path.home() / ".pulumi"
    found = {name: real(name, program.version, folders, home) for name in program.binaries}
    return {name: path for name, path in found.items() if path} if all(found.values()) else {}


def link(program: Program, found: dict[str, Path]) -> bool:
    """Make the engine folder's links point to the real binaries, or to the built ones; tell whether one changed."""
    changed = False
    engine_dir().mkdir(parents=True, exist_ok=True)
    for name in program.binaries:
        target, place = found.get(name, program.folder / "bin" / name), engine_dir() / name
        if place.is_symlink() and place.readlink() == target:
            continue
        fresh = place.with_name(f".{name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.rename(place)
        changed = True
    return changed
