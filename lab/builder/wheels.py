"""A Python program with libraries of its own, in a folder that can be moved."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from lab.builder.inputs import STAMP, fingerprint, is_current
from lab.builder.programs import Program, interpreter, source_files
from lab.layout import TREE

_PYTHON = """#!/bin/sh
# A Python that sees nothing but the libraries beside this file.
here=$(dirname "$(readlink -f "$0")")
PYTHONPATH=$here/src:$here/lib exec {interpreter} -P -s "$@"
"""
_START = """#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/../python" -m {module} "$@"
"""


def libraries_key(program: Program) -> str:
    """Return the hash of what the libraries are made from."""
    text = (program.source / "requirements.txt").read_text()
    return fingerprint([], text, interpreter(), sys.version)


def kept(program: Program, into: Path) -> bool:
    """Take the libraries of the artifact that is there, where they are still the right ones; tell whether they are."""
    old = program.folder / "lib"
    if not is_current(old, libraries_key(program)):
        return False
    shutil.copytree(old, into, copy_function=os.link)
    return True


def command(program: Program, into: Path) -> list[str]:
    """Return the command that installs a program's libraries, in the versions that it names, into a folder."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    return [*pip, "--target", str(into), "-r", str(program.source / "requirements.txt")]


def unpack(program: Program, fresh: Path) -> None:
    """Put a program and what starts it beside its libraries."""
    (fresh / "lib" / STAMP).unlink(missing_ok=True)  # it may be the old artifact's file too
    (fresh / "lib" / STAMP).write_text(libraries_key(program) + "\n")
    package = program.source.relative_to(TREE)
    for file in source_files(program.source):
        copy = fresh / "src" / package / file.relative_to(program.source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    for name, text in launchers(program).items():
        (fresh / name).write_text(text)
        (fresh / name).chmod(0o755)


def launchers(program: Program) -> dict[str, str]:
    """Return what starts a program: a Python that finds its libraries, and the names in bin/."""
    started = {f"bin/{name}": _START.format(module=module) for name, module in program.runs.items()}
    return {"python": _PYTHON.format(interpreter=shlex.quote(interpreter())), **started}
