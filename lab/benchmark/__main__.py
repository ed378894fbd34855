"""The command line of `lab/bench`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from components.faults import ConfigurationError
from lab.benchmark import contest, figures, files, timeline
from lab.benchmark.contest import Contest
from lab.benchmark.figures import Run
from lab.datacenter import host, inventory
from lab.datacenter.shell import LabError
from lab.layout import LAB, TREE

SETTINGS = TREE / "Pulumi.dev.yaml"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; the status is 0 when every target holds, 1 when one is missed, 2 when it could not be measured."""
    options = _parser().parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="kha-benchmark."))
    try:
        match = Contest(files.load_cluster(SETTINGS), folder)
        refuse(match)
        status = 0 if measure(match, options.repeats) else 1
    except (LabError, ConfigurationError) as error:
        print(f"lab/bench: {error}", file=sys.stderr)
        print(f"lab/bench: what was written is kept in {folder}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        return 130
    if options.keep:
        print(f"logs are kept in {folder}")
    else:
        shutil.rmtree(folder)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab/bench",
        description="Measures `pulumi up` of stack dev against a script written by hand, on lab hosts that it WIPES.",
    )
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of each, in turn (default 3)")
    parser.add_argument("--keep", action="store_true", help="keep the logs of every run")
    return parser


def refuse(match: Contest) -> None:
    """Raise LabError when the hosts are not up, or a stack has something on them."""
    if os.geteuid() != 0:
        raise LabError("the benchmark wipes hosts of the lab; run this as root")
    there = inventory.require().plan.hosts
    for name, address in match.hosts.items():
        if name not in there or there[name].address != address or not host.running(name):
            raise LabError(f"{name} ({address}) is not up; run `lab/hosts up lab/hosts.dev.yaml`")
    taken = contest.resources_in(LAB / "state")
    if taken:
        stacks = ", ".join(f"{stack} ({count} resources)" for stack, count in taken.items())
        raise LabError(
            f"the hosts would be wiped under {stacks}; end that with `lab/run pulumi destroy` or `make dev-down`"
        )


def measure(match: Contest, repeats: int) -> bool:
    """Run both in turn, print figures and time lines, and tell whether every target holds."""
    contest.warm()
    ups: list[Run] = []
    hands: list[Run] = []
    for number in range(1, repeats + 1):
        match.wipe()
        ups.append(match.up(number))
        _show(f"up, run {number}", ups[-1])
        match.wipe()
        hands.append(match.by_hand(number))
        _show(f"by hand, run {number}", hands[-1])
    print(figures.phases(ups, hands))
    print(figures.summary("up", ups))
    print(figures.summary("by hand", hands))
    judged = figures.targets(ups, hands, files.workers(match.cluster))
    print("\n".join(str(target) for target in judged), flush=True)
    return all(target.holds for target in judged)


def _show(title: str, run: Run) -> None:
    dialled = ", ".join(f"{name} {count}" for name, count in run.dials.items())
    print(f"{title}: {run.seconds:.1f} s; dials: {dialled}")
    print(timeline.chart(run.spans, run.seconds), flush=True)


if __name__ == "__main__":
    sys.exit(main())
