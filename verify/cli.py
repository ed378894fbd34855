"""The command line of scripts/verify."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from verify import report, stack
from verify.facts import Facts, Stack, VerifyError
from verify.gather import gather
from verify.judge import judge
from verify.judgement import Judgement, Verdict
from verify.kubectl import Kubectl, kubectl

PROJECT = Path(__file__).parent.parent
PAUSE_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 3600


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in one sentence."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(Verdict.DOWN, f"error: {message}; see scripts/verify --help.\n")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _options(words)
    # A kubeconfig must not stay behind: ending by a signal runs what tidies up, as Ctrl-C does.
    signal.signal(signal.SIGTERM, _end)
    try:
        its = stack.from_file(options.outputs) if options.outputs else stack.from_pulumi(PROJECT, options.stack)
        with kubectl(its) as way:
            facts, judgement = _settled(its, way, options.certificate_days, options.wait)
    except VerifyError as error:
        print(f"error: {error}", file=sys.stderr)
        return Verdict.DOWN
    except KeyboardInterrupt:
        print("error: ended before the cluster could be judged.", file=sys.stderr)
        return 130
    if options.json:
        print(json.dumps(report.document(its, facts, judgement), indent=2))
    else:
        print(report.table(its, facts, judgement))
    return judgement.verdict


def _settled(its: Stack, way: Kubectl, days: int, wait: float) -> tuple[Facts, Judgement]:
    """Return the first judgement without a fault, or the last one when `wait` seconds are over."""
    end, said = time.monotonic() + wait, ""
    while True:
        facts = gather(its, way)
        judgement = judge(its, facts, days)
        left = end - time.monotonic()
        if judgement.verdict is Verdict.AVAILABLE or left <= 0:
            return facts, judgement
        now = report.sentence(its, judgement)
        if now != said:
            print(f"waiting up to {left:.0f} s: {now}", file=sys.stderr, flush=True)
            said = now
        time.sleep(min(PAUSE_SECONDS, left))


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="scripts/verify",
        description="Looks at a living cluster and says whether it is highly available now.",
        epilog="Exit status: 0 highly available; 1 works but degraded; 2 API or quorum is down, or it cannot be told.",
        allow_abbrev=False,
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--stack", metavar="NAME", help="the cluster's stack; the selected one unless given")
    source.add_argument(
        "--outputs", metavar="FILE", type=Path, help="what `pulumi stack output --json --show-secrets` printed"
    )
    parser.add_argument("--json", action="store_true", help="for machines instead of a table")
    parser.add_argument(
        "--wait", metavar="SECONDS", type=_seconds, default=0, help="look again till all is well, for so long at most"
    )
    parser.add_argument(
        "--certificate-days",
        metavar="DAYS",
        type=_seconds,
        default=14,
        help="a certificate that ends sooner is a fault (14)",
    )
    return parser.parse_args(words)


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > LONGEST_WAIT_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {LONGEST_WAIT_SECONDS}")
    return int(text)
