"""Compiles one program into its artifact folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from lab.builder import wheels
from lab.builder.inputs import BuildError, call, replaced
from lab.builder.programs import Program
from lab.layout import TREE, cache

#: The longest that one item may take, in seconds: a slow machine with a slow connection.
LIMIT = 3600.0
#: How many of the log's last lines a failure shows.
SHOWN = 15


def build(program: Program) -> None:
    """Compile a program's binaries; the artifact folder changes in one step, when all of them are there.

    Raises BuildError with the last lines of the log when one cannot be built.
    """
    log = log_file(program)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    with replaced(program.folder, program.key) as fresh:
        binaries = fresh / "bin"
        binaries.mkdir()
        if program.runs:
            if not wheels.kept(program, fresh / "lib"):
                _run(wheels.command(program, fresh / "lib"), program, log, {})
            wheels.unpack(program, fresh)
        elif all(source.endswith(".c") for source in program.builds.values()):
            for name, source in program.builds.items():
                _run(c_command(binaries / name, source), program, log, {})
        else:
            command = go_command(program, binaries)
            if program.edits:
                command[2:2] = [f"-modfile={edited(program, fresh.parent)}"]
            _run(command, program, log, go_environment(program))
            rename(program, binaries)
            for name, package in program.tests.items():
                _run(test_command(program, binaries / name, package), program, log, go_environment(program))
        for name, copy in program.copies.items():
            shutil.copyfile(_module(copy) / copy["path"], binaries / name)
            (binaries / name).chmod(0o755)


def edited(program: Program, work: Path) -> Path:
    """Copy the module that a program's `edits` change, change it, and return a go.mod that takes the copy instead.

    Raises BuildError when a text is not there exactly once: the module is not the one that the edits were made for.
    """
    copy = work / "edited"
    shutil.copytree(_module(program.edits), copy, copy_function=shutil.copyfile)
    for folder in (copy, *copy.rglob("*/")):
        folder.chmod(0o755)  # Go's own copy is read-only
    file = copy / program.edits["path"]
    text = file.read_text()
    for old, new in program.edits["texts"]:
        if text.count(old) != 1:
            raise BuildError(f"{program.name}: {file.name} has {old.strip()!r} {text.count(old)} times, not once")
        text = text.replace(old, new)
    file.write_text(text)
    own = program.source / "go.mod"
    (work / "go.mod").write_text(f"{own.read_text()}\nreplace {program.edits['module']} => {copy}\n")
    shutil.copyfile(own.with_name("go.sum"), work / "go.sum")
    return work / "go.mod"


def log_file(program: Program) -> Path:
    """Return where the output of a program's build goes."""
    return cache() / "logs" / f"{program.name}{program.minor and '-' + program.minor}.log"


def go_command(program: Program, into: Path) -> list[str]:
    """Return the command that compiles all packages of a program into a folder."""
    return ["go", "build", *_options(program), "-o", f"{into}/", *program.builds.values()]


def test_command(program: Program, target: Path, package: str) -> list[str]:
    """Return the command that compiles a package's tests into a program of their own."""
    return ["go", "test", "-c", *_options(program), "-o", str(target), package]


def _options(program: Program) -> list[str]:
    flags = ["-s", "-w"]
    for variable, value in program.links.items():
        flags += ["-X", f"{variable}={value}"]
    if program.cgo and program.static:
        flags += ["-linkmode", "external", "-extldflags", "-static"]
    return ["-trimpath", "-mod=readonly", f"-tags={','.join(program.tags)}", f"-ldflags={' '.join(flags)}"]


def go_environment(program: Program) -> dict[str, str]:
    """Return what is added to the environment of the Go command."""
    environment = {"GOWORK": "off"}
    if program.static:
        environment["CGO_ENABLED"] = "1" if program.cgo else "0"
    if program.nosumdb:
        own = os.environ.get("GONOSUMDB", "")
        environment["GONOSUMDB"] = ",".join([*filter(None, [own]), *program.nosumdb])
    return environment


def c_command(target: Path, source: str) -> list[str]:
    """Return the command that compiles a C file into a static program."""
    return ["gcc", "-std=c11", "-Os", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-o", str(target), source]


def go_name(package: str, module: str) -> str:
    """Return the name that Go gives the binary of a package: its last part that is not a version such as v3."""
    parts = PurePosixPath(module if package == "." else package).parts
    last = parts[-1]
    is_version = last[:1] == "v" and last[1:].isdigit() and int(last[1:]) > 1
    return parts[-2] if is_version and len(parts) > 1 else last


def rename(program: Program, folder: Path) -> None:
    """Give binaries the names that they have in builds.yaml.

    Raises BuildError when Go did not make one.
    """
    for name, package in program.builds.items():
        made = folder / go_name(package, module_name(program.source / "go.mod"))
        if made.name != name and made.is_file():
            made.rename(folder / name)
        if not (folder / name).is_file():
            raise BuildError(f"{program.name}: {package} made no program {name}; see `builds` in builds.yaml")


def module_name(file: Path) -> str:
    """Return the module that a go.mod declares. Raises BuildError when it declares none."""
    for line in file.read_text().splitlines():
        word, _, name = line.partition(" ")
        if word == "module":
            return name.strip()
    raise BuildError(f"{file} declares no module")


def _module(copy: Mapping[str, Any]) -> Path:
    folder = TREE / "lab" / str(copy["of"])
    answer = call("go", "mod", "download", "-json", copy["module"], cwd=folder, timeout=LIMIT)
    return Path(json.loads(answer)["Dir"])


def _run(command: Sequence[str], program: Program, log: Path, environment: dict[str, str]) -> None:
    with log.open("ab") as output:
        output.write(f"{' '.join(command)}\n".encode())
        output.flush()
        try:
            done = subprocess.run(
                command,
                cwd=program.source,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
                check=False,
            )
        except FileNotFoundError:
            raise BuildError(f"{command[0]} is not installed; `lab/hosts needs` says what brings it") from None
        except subprocess.TimeoutExpired:
            raise BuildError(f"{program.name} did not end within {LIMIT / 60:.0f} min; its output: {log}") from None
    if done.returncode != 0:
        raise BuildError(f"{program.name} failed; its output: {log}\n{tail(log.read_text(errors='replace'))}")


def tail(text: str, lines: int = SHOWN) -> str:
    """Return the last lines of a text, indented."""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
