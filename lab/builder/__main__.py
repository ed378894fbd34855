"""lab/build [--engine | --upgrade | --conformance]: builds what is missing, once, into the cache.

Without an option everything that a lab needs, with --engine only what Pulumi itself needs, with --upgrade also the
release of Kubernetes that clusters are upgraded from and what else long stories need, with --conformance also the
conformance tests and their images.
"""

from __future__ import annotations

import argparse
import fcntl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.builder import compiler, engine, images, mirror, packages, programs
from lab.builder.inputs import BuildError
from lab.builder.programs import Program
from lab.builder.progress import Progress, duration
from lab.layout import cache


@dataclass(frozen=True)
class Step:
    """Something to do: its name, how many seconds it should take, and the doing, which returns what it made."""

    label: str
    seconds: float
    run: Callable[[], list[str]]


def compile_steps(*, only_engine: bool, upgrade: bool, suite: bool = False) -> list[Step]:
    """Return what has to be compiled, and link the engine's programs that need not be."""
    steps = []
    for program in programs.programs():
        if (only_engine and not program.engine) or (program.suite and not suite):
            continue
        if (program.minor or program.long) and not upgrade:
            continue
        found = engine.real_programs(program) if program.engine else {}
        if found or program.is_built():
            if program.engine:
                engine.link(program, found)
            continue
        steps.append(Step(f"{program.name} {program.version}", program.seconds, _builder(program)))
    return steps


def _builder(program: Program) -> Callable[[], list[str]]:
    def build() -> list[str]:
        compiler.build(program)
        if program.engine:
            engine.link(program, {})
        return program.binaries

    return build


def publish_steps(*, upgrade: bool, suite: bool = False) -> list[Step]:
    """Return what makes packages and images of the programs; each looks itself what is left to do."""
    seconds = programs.data()["then"]
    minors = ["", *packages.minors(upgrade=upgrade)[1:]]
    return [
        Step("Debian packages", seconds["packages"], lambda: mirror.ensure(minors)),
        Step("images", seconds["images"], lambda: images.ensure(minors, suite=suite)),
    ]


@contextmanager
def alone() -> Iterator[None]:
    """Hold the cache's lock: two builds at once would only be in each other's way."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another lab/build is running; waiting for it", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def work(steps: list[Step]) -> None:
    """Do the steps one after the other. Raises BuildError at the first one that fails."""
    progress = Progress([step.seconds for step in steps])
    for step in steps:
        progress.begin(step.label)
        start = time.monotonic()
        try:
            made = step.run()
        except BuildError:
            progress.fail()
            raise
        progress.end(time.monotonic() - start, built=bool(made))


def main(argv: list[str] | None = None) -> int:
    """Build what is missing and return 0, or say what failed and return 1."""
    parser = argparse.ArgumentParser(prog="lab/build", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--engine", action="store_true", help="only the Pulumi engine and its plugins")
    what.add_argument("--upgrade", action="store_true", help="also the release that clusters are upgraded from")
    what.add_argument("--conformance", action="store_true", help="also the conformance tests and their images")
    options = parser.parse_args(argv)
    start = time.monotonic()
    try:
        with alone():
            steps = compile_steps(only_engine=options.engine, upgrade=options.upgrade, suite=options.conformance)
            if not options.engine:
                steps += publish_steps(upgrade=options.upgrade, suite=options.conformance)
            work(steps)
    except BuildError as error:
        print(f"lab/build: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nlab/build: interrupted; what was finished is kept", file=sys.stderr)
        return 130
    print(f"all is built after {duration(time.monotonic() - start)}, kept in {cache()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
