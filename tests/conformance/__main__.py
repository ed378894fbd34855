"""lab/conformance: a cluster of the lab, some or all of the conformance tests on it, and the report.

lab/conformance                          all of them
lab/conformance --focus 'sig-network'    those that a regular expression finds
lab/conformance --rest --minutes 7       those that have not passed yet, as many as there is time for
lab/conformance --report                 only the page, from the results that are there
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lab.builder import packages
from tests.conformance import report, results, suite
from tests.lab.site import TREE, Site

LAB = Path("/var/lib/kubeadm-ha-lab")
#: Beyond its own time limit the suite cleans up after itself.
GRACE_SECONDS = 300


def main(argv: list[str] | None = None) -> int:
    """Run the tests, write down what became of them, and return 0 when none failed without a known reason."""
    parser = argparse.ArgumentParser(prog="lab/conformance", description=__doc__)
    parser.add_argument("--focus", default="", help="regular expression of the tests to run")
    parser.add_argument("--rest", action="store_true", help="only those that have not passed yet")
    parser.add_argument("--minutes", type=int, default=120, help="how long the tests may take (120)")
    parser.add_argument("--processes", type=int, default=8, help="how many tests at a time (8)")
    parser.add_argument("--report", action="store_true", help="write the page alone")
    options = parser.parse_args(argv)
    if options.report:
        _write()
        return 0
    if (LAB / "inventory.yaml").exists():
        print("lab/conformance: the lab is up already: end it with `make dev-down`", file=sys.stderr)
        return 1
    now = _run(options)
    explained = suite.explained()
    results.save(results.merged(suite.names(), results.load(), now, explained))
    _write()
    said = Counter(outcome.result for outcome in now.values())
    print(", ".join(f"{said[word]} {word}" for word in (suite.PASSED, suite.FAILED, suite.OPEN)))
    failed = {name: outcome for name, outcome in sorted(now.items()) if outcome.result == suite.FAILED}
    for name, outcome in failed.items():
        print(f"failed: {name}: {suite.reason(name, explained) or outcome.reason}")
    unexplained = [name for name in failed if not suite.reason(name, explained)]
    return 1 if unexplained or not said[suite.PASSED] else 0


def _write() -> None:
    report.FILE.write_text(report.page(results.load(), packages.versions()["kubernetes"]))


def _run(options: argparse.Namespace) -> dict[str, suite.Outcome]:
    passed = [name for name, outcome in results.load().items() if outcome.result == suite.PASSED]
    skip = suite.exactly(passed) if options.rest else []
    if options.rest and not results.remaining(suite.names(), results.load()):
        return {}
    with tempfile.TemporaryDirectory(prefix="kubeadm-ha-conformance-") as scratch:
        work = Path(scratch)
        try:
            site = Site(work / "kubeadm-ha")
            site.hosts("up", "lab/hosts.dev.yaml")
            site.lab("pulumi", "stack", "select", "--create", "dev")
            site.up()
            kubeconfig = work / "kubeconfig"
            kubeconfig.touch(mode=0o600)
            kubeconfig.write_text(site.output("kubeconfig"))
            command = suite.command(
                kubeconfig,
                work / "report.json",
                focus=rf"{options.focus}.*\[Conformance\]" if options.focus else r"\[Conformance\]",
                skip=skip,
                processes=options.processes,
                minutes=options.minutes,
            )
            subprocess.run(
                [str(TREE / "lab" / "run"), *command],
                cwd=work,
                check=False,  # the report says what failed
                timeout=60 * options.minutes + GRACE_SECONDS,
            )
            return suite.outcomes(work / "report.json")
        finally:
            subprocess.run([str(TREE / "lab" / "hosts"), "down"], check=True, cwd=TREE)


if __name__ == "__main__":
    sys.exit(main())
