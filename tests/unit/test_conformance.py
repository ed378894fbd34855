"""The conformance runner, as far as it can be tested without a cluster: what it reads, keeps and writes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance import report, results, suite
from tests.conformance.suite import FAILED, OPEN, PASSED, Outcome

DNS = "[sig-network] DNS should provide DNS for services [Conformance]"
PODS = "[sig-node] Pods should be submitted and removed [NodeConformance] [Conformance]"
DISK = "[sig-storage] Disks should | spin [Conformance]"


def spec(name: str, state: str, seconds: float = 1, message: str = "", kind: str = "It") -> dict[str, object]:
    """Return a test as Ginkgo's report has it."""
    above, _, leaf = name.partition(" should ")
    return {
        "ContainerHierarchyTexts": [above],
        "LeafNodeText": f"should {leaf}",
        "LeafNodeType": kind,
        "State": state,
        "RunTime": seconds * 1e9,
        "Failure": {"Message": message},
    }


def test_what_a_run_says(tmp_path: Path) -> None:
    """Results by full name; what was not looked for, and what is no test, is left out."""
    file = tmp_path / "report.json"
    specs = [
        spec(DNS, "passed", 12.4),
        spec(PODS, "failed", 3, "timed out waiting for pod 1234abcd-1234-1234-1234-123456789abc\nand more"),
        spec(DISK, "interrupted"),
        spec("[sig-x] other should run", "skipped"),
        spec("suite should begin", "passed", kind="SynchronizedBeforeSuite"),
    ]
    file.write_text(json.dumps([{"SpecReports": specs}, {"SpecReports": None}]))
    assert suite.outcomes(file) == {
        DNS: Outcome(PASSED, 12),
        PODS: Outcome(FAILED, 3, "timed out waiting for pod …"),
        DISK: Outcome(OPEN, reason="the run's time was over"),
    }


def test_a_run_of_a_part_keeps_the_rest() -> None:
    """A later result counts, one that there is none of does not; a failure may have a reason that is known."""
    before = {DNS: Outcome(PASSED, 5), PODS: Outcome(FAILED, 1, "why")}
    now = {PODS: Outcome(PASSED, 2), DNS: Outcome(OPEN, reason="time"), DISK: Outcome(FAILED, 3, "it said no")}
    found = results.merged([DNS, PODS, DISK], before, now, {"sig-storage": "no disks"})
    assert found == {DNS: Outcome(PASSED, 5), PODS: Outcome(PASSED, 2), DISK: Outcome(FAILED, 3, "no disks")}
    assert results.merged([DISK], before, now, {})[DISK].reason == "it said no"
    assert results.merged([DISK], before, {}, {})[DISK].result == OPEN
    assert results.remaining([DNS, PODS, DISK], before) == [PODS, DISK]


def test_results_are_kept(tmp_path: Path) -> None:
    """What is written down is what is read."""
    file = tmp_path / "results.yaml"
    outcomes = {DNS: Outcome(PASSED, 5), PODS: Outcome(FAILED, 1, "it: said so"), DISK: Outcome(OPEN, reason="none")}
    results.save(outcomes, file)
    assert results.load(file) == outcomes
    assert results.load(tmp_path / "nothing.yaml") == {}


def test_the_page_names_every_test_and_claims_no_more_than_there_is() -> None:
    """Passed ones by group, the others with their reasons, and numbers that add up."""
    text = report.page({DNS: Outcome(PASSED, 5), PODS: Outcome(FAILED, 1, "why"), DISK: Outcome(OPEN)}, "1.36.3")
    assert "| 1 | 1 | 1 |" in text
    assert "### sig-network: 1" in text
    for name in ("DNS should provide DNS", "Pods should be submitted", "Disks should \\| spin"):
        assert text.count(name) == 1


def test_the_page_is_that_of_the_results() -> None:
    """Nobody edits it by hand, and none of the results that were written down is missing."""
    from lab.builder import packages

    outcomes = results.load()
    assert report.FILE.read_text() == report.page(outcomes, packages.versions()["kubernetes"])
    assert all(outcome.reason for outcome in outcomes.values() if outcome.result != PASSED)


def test_what_is_explained_has_failed() -> None:
    """An explanation of a test that passes, or of none, would be a claim that nothing supports."""
    for pattern, why in suite.explained().items():
        found = [o.result for name, o in results.load().items() if suite.reason(name, {pattern: why})]
        assert found == [FAILED], pattern


def test_patterns_find_exactly_what_is_meant() -> None:
    """Names are full of brackets, and some begin as others do."""
    import re

    (pattern,) = suite.exactly([DNS, DISK])
    assert re.search(pattern, DNS)
    assert re.search(pattern, f"Kubernetes e2e suite {DISK}")
    assert not re.search(pattern, DNS + " more")
    assert not re.search(pattern, PODS)


def test_the_command(tmp_path: Path) -> None:
    """Several at a time, for so long, without what is left out; the cluster by its kubeconfig."""
    command = suite.command(
        tmp_path / "config", tmp_path / "out" / "report.json", focus="DNS", skip=["a", "b"], processes=3, minutes=7
    )
    own, theirs = command[: command.index("--")], command[command.index("--") :]
    assert {"--procs=3", "--timeout=7m", "--focus=DNS", "--skip=a", "--skip=b"} <= set(own)
    assert f"--kubeconfig={tmp_path / 'config'}" in theirs
