"""The suite as upstream has it: which tests there are, and the command that runs some of them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.builder import packages

EXPLAINED = Path(__file__).with_name("explained.yaml")
PASSED, FAILED, OPEN = "passed", "failed", "not run"
#: Names in one argument: a command line takes some, and a process takes several of these.
_CHUNK = 100


@dataclass(frozen=True)
class Outcome:
    """What became of a test."""

    result: str
    """`passed`, `failed` or `not run`."""
    seconds: int = 0
    """How long it took; 0 for one that was not run."""
    reason: str = ""
    """Why it failed or was not run."""


def binary() -> Path:
    """Return the program that holds the tests."""
    return packages.binary("e2e/e2e.test")


def names() -> list[str]:
    """Return the full name of every conformance test of the release, as the program itself lists them."""
    listed = subprocess.run(
        [str(binary()), "--list-conformance-tests"], check=True, capture_output=True, text=True, timeout=120
    )
    return sorted(str(entry["codename"]) for entry in yaml.safe_load(listed.stdout))


def explained() -> dict[str, str]:
    """Return what fails for a reason that is the lab's: a pattern, and the reason."""
    return {entry["match"]: entry["reason"] for entry in yaml.safe_load(EXPLAINED.read_text()) or []}


def reason(name: str, patterns: dict[str, str]) -> str:
    """Return the known reason of a test's failure; nothing when there is none."""
    return next((why for pattern, why in patterns.items() if re.search(pattern, name)), "")


def command(
    kubeconfig: Path, report: Path, *, focus: str, skip: Iterable[str], processes: int, minutes: int
) -> list[str]:
    """Return the command that runs what `focus` finds, less what `skip` finds, for at most `minutes`."""
    options = [
        f"--procs={processes}",
        f"--timeout={minutes}m",
        "--no-color",
        "--succinct",
        rf"--focus={focus}",
        f"--output-dir={report.parent}",
        f"--json-report={report.name}",
        *(f"--skip={pattern}" for pattern in skip),
    ]
    own = [
        f"--kubeconfig={kubeconfig}",
        "--provider=skeleton",
        "--disable-log-dump",
        "--dump-logs-on-failure=false",
        # Of the lab's hosts only the workers take pods.
        "--non-blocking-taints=node-role.kubernetes.io/control-plane",
    ]
    return [str(packages.binary("e2e/ginkgo")), *options, str(binary()), "--", *own]


def exactly(names: Sequence[str]) -> list[str]:
    """Return patterns that find these tests and no other, as few as a command line can take.

    Ginkgo looks for them in `<name of the suite> <name of the test>`.
    """
    chunks = [names[i : i + _CHUNK] for i in range(0, len(names), _CHUNK)]
    return [f"^(.* suite )?({'|'.join(re.escape(name) for name in chunk)})$" for chunk in chunks]


def outcomes(report: Path) -> dict[str, Outcome]:
    """Return what a run's report says of the conformance tests that it came to."""
    found: dict[str, Outcome] = {}
    for spec in (spec for suite in json.loads(report.read_text()) for spec in suite["SpecReports"] or []):
        name = " ".join([*(spec.get("ContainerHierarchyTexts") or []), spec.get("LeafNodeText", "")])
        if spec.get("LeafNodeType") == "It" and spec["State"] not in ("skipped", "pending"):
            found[name] = _outcome(spec)
        elif spec["State"] == "skipped" and (why := _message(spec)):
            found[name] = Outcome(OPEN, reason=f"it skips itself: {why}")
    return found


def _outcome(spec: dict[str, Any]) -> Outcome:
    seconds = round(spec.get("RunTime", 0) / 1e9)
    if spec["State"] == "passed":
        return Outcome(PASSED, seconds)
    if spec["State"] in ("interrupted", "timedout", "aborted"):
        return Outcome(OPEN, reason="the run's time was over")
    return Outcome(FAILED, seconds, _message(spec))


def _message(spec: dict[str, Any]) -> str:
    """Return the first line of what is said of a failure, without what differs from run to run."""
    message = str((spec.get("Failure") or {}).get("Message", "")).strip().partition("\n")[0]
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", message)[:160]
