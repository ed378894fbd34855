"""components/plan/program.py: a plan by another copy of the program than the one that ran the last `up`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from components.plan import as_text, plan_for, program, snapshot
from components.rules import load
from lab.layout import TREE
from tests.unit.clusters import File

SAME = "Plan for dev: nothing changes in the cluster."


def said(dev: File, by: str | None) -> str:
    """Return the plan of an unchanged cluster file whose last `up` was by a program."""
    cluster = load(dev)
    deployed = snapshot(cluster)
    del deployed["program"]
    return as_text(plan_for(deployed | ({"program": by} if by else {}), cluster))


def test_the_same_copy_says_nothing_of_itself(dev: File) -> None:
    """It is no setting of the cluster's."""
    assert said(dev, program.fingerprint()) == SAME


@pytest.mark.parametrize("by", ["sha256:of-another", None])
def test_another_copy_says_that_steps_run_again(dev: File, by: str | None) -> None:
    """`nothing changes` above a list of thirty updates would be no plan. One that did not name itself was another."""
    lines = said(dev, by).splitlines()
    assert lines[0] == "Plan for dev: the cluster file is as it was, the program is another."
    assert len(lines) == 2
    assert lines[1].startswith("  Warning: The program is another copy than at the last `pulumi up`. Steps that")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the program's own files that is asked in place of them, as a project links to them."""
    whole = tmp_path / "program"
    for name in ("components", "scripts"):
        shutil.copytree(TREE / name, whole / name)
    (tmp_path / "project").mkdir()
    for name in ("components", "scripts"):
        (tmp_path / "project" / name).symlink_to(whole / name)
    monkeypatch.setattr(program, "_TREE", tmp_path / "project")
    return whole


@pytest.mark.parametrize("file", ["scripts/join-worker.sh", "scripts/lib/base.sh", "components/releases.yaml"])
def test_any_file_makes_another_copy(copy: Path, file: str) -> None:
    """Where the copy lies, and what Python has compiled of it, are no part of it."""
    (copy / "components/__pycache__/x.pyc").parent.mkdir(exist_ok=True)
    (copy / "components/__pycache__/x.pyc").write_text("x")
    fingerprint = program.fingerprint.__wrapped__
    assert fingerprint() == program.fingerprint()
    with (copy / file).open("a") as more:
        more.write("# more\n")
    assert fingerprint() != program.fingerprint()
