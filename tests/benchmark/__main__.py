"""The command line of `make bench-preview`."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from lab.layout import TREE
from tests.benchmark import figures, shapes, stacks
from tests.benchmark.figures import Point
from tests.benchmark.stacks import BenchmarkError
from tests.benchmark.stopwatch import Measured
from tests.integration.site import Site

NODES = (1, 10, 100, 1000)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; the status is 0 when every target holds, 1 when one is missed, 2 when it could not be measured."""
    options = _parser().parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="kha-preview."))
    try:
        met = measure(sorted(options.nodes), options.repeats, folder, deployed=options.deployed)
    except BenchmarkError as error:
        print(f"bench-preview: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench-preview: interrupted; nothing was judged", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(folder)
    return 0 if met else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmark",
        description="Measures `pulumi preview` against a program that registers as many plain remote Commands.",
    )
    parser.add_argument(
        "--nodes", type=int, nargs="+", default=NODES, metavar="N", help="sizes (default 1 10 100 1000)"
    )
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="previews of each, in turn (default 3)")
    parser.add_argument(
        "--deployed", action="store_true", help="also previews of stacks that are deployed, as in a pull request"
    )
    return parser


def measure(sizes: Sequence[int], repeats: int, folder: Path, *, deployed: bool) -> bool:
    """Print the curve, the share of the checks and the targets; tell whether every target holds."""
    first: list[Point] = []
    again: list[Point] = []
    spent: dict[str, float] = {}
    environment = stacks.libraries(folder / "venv")
    for nodes in sizes:
        here = folder / str(nodes)
        first.append(_new(nodes, repeats, here, environment))
        spent = checks(nodes, here)
        parts = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in spent.items())
        print(f"checks and plan, {nodes} nodes: {parts}", flush=True)
        if deployed:
            again.append(_deployed(first[-1], repeats, here, environment))
        shutil.rmtree(here)
    print(f"\npreviews of new stacks\n{figures.table(first)}")
    if again:
        print(f"previews of deployed stacks, nothing to change\n{figures.table(again)}")
    workers = stacks.worker_resources(first[-1].ours[0].output)
    judged = figures.targets(first, worker_resources=workers, checks_seconds=sum(spent.values()))
    print("\n".join(str(target) for target in judged), flush=True)
    return all(target.holds for target in judged)


def checks(nodes: int, folder: Path) -> dict[str, float]:
    """Return the seconds that validation, plan and transition take, in a process that has done nothing yet."""
    keys = folder / "checks"
    keys.mkdir()
    file = keys / "cluster.yaml"
    file.write_text(yaml.safe_dump(shapes.cluster(nodes, keys), sort_keys=False))
    command = [sys.executable, "-m", "tests.benchmark.checks", str(file)]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"the checks failed:\n{done.stderr}")
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def _new(nodes: int, repeats: int, folder: Path, environment: Path) -> Point:
    ours = stacks.ours(nodes, folder / "ours", environment)
    count = stacks.resources(stacks.preview(ours).output)
    # The stack itself is one of them; the bare program has one too.
    bare = stacks.plain(count - 1, folder / "bare", environment)
    if stacks.resources(stacks.preview(bare).output) != count:
        raise BenchmarkError(f"the bare program registers another number of resources than {count}")
    return Point(nodes, count, *_in_turn(ours, bare, nodes, repeats))


def _deployed(point: Point, repeats: int, folder: Path, environment: Path) -> Point:
    sites = (
        stacks.ours(point.nodes, folder / "ours-up", environment),
        stacks.plain(point.resources - 1, folder / "bare-up", environment),
    )
    for site in sites:
        stacks.deploy(site)
        count = stacks.resources(stacks.preview(site).output)
        if count != point.resources:
            raise BenchmarkError(f"{count} of {point.resources} resources are unchanged after `up`")
    return Point(point.nodes, point.resources, *_in_turn(*sites, point.nodes, repeats))


def _in_turn(ours: Site, bare: Site, nodes: int, repeats: int) -> tuple[list[Measured], list[Measured]]:
    """Preview both one after the other, so that what else the machine does falls on both."""
    mine: list[Measured] = []
    plain: list[Measured] = []
    for _ in range(repeats):
        mine.append(stacks.preview(ours))
        plain.append(stacks.preview(bare))
        print(f"{nodes} nodes: {mine[-1].seconds:.2f} s, bare {plain[-1].seconds:.2f} s", flush=True)
    return mine, plain


if __name__ == "__main__":
    sys.exit(main())
