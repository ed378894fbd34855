"""The command line of scripts/plan."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from planner.engine import PlannerError, Stack
from planner.making import from_files, from_stack
from planner.report import as_asked

PROJECT = Path(__file__).resolve().parent.parent
REFUSED, TROUBLE = 1, 2


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in one sentence."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(TROUBLE, f"error: {message}; see {self.prog} --help.\n")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _options(words)
    stack = Stack(options.cwd.resolve(), options.stack)
    before = options.against.resolve() if options.against else None
    try:
        verdict = from_files(stack, before) if before else from_stack(stack, show_secrets=options.show_secrets)
    except PlannerError as error:
        print(f"error: {error}", file=sys.stderr)
        return TROUBLE
    except KeyboardInterrupt:
        return 130
    print(as_asked(verdict, options.format))
    return REFUSED if verdict.plan is None and not options.refused_ok else 0


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="scripts/plan",
        description="Says what the next `pulumi up` does to the cluster, and what it refuses. No host is contacted.",
        epilog="Exit status: 0 there is a plan; 1 the cluster file or the change is refused; 2 it cannot be told.",
        allow_abbrev=False,
    )
    parser.add_argument("--stack", metavar="NAME", help="the cluster's stack; the selected one unless given")
    parser.add_argument(
        "--cwd", metavar="FOLDER", type=Path, default=PROJECT, help="the project; this one unless given"
    )
    parser.add_argument(
        "--against",
        metavar="FILE",
        type=Path,
        help="compare with this stack file, such as the target branch's, instead of what is deployed: needs no backend"
        " and no secret",
    )
    parser.add_argument("--format", choices=["text", "markdown", "json"], default="text", help="text unless given")
    parser.add_argument("--refused-ok", action="store_true", help="end with 0 when the change is refused")
    parser.add_argument("--show-secrets", action="store_true", help="do not mask what is secret in the cluster file")
    return parser.parse_args(words)
