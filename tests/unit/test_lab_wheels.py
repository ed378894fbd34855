"""How the builder makes a Python program that has libraries of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.aws import provider
from lab.builder import compiler, programs, wheels
from lab.builder.inputs import BuildError
from lab.builder.programs import Program
from lab.layout import TREE


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A program without libraries, in a tree of its own."""
    monkeypatch.setattr(programs, "TREE", tmp_path)
    monkeypatch.setattr(wheels, "TREE", tmp_path)
    monkeypatch.setenv("KUBEADM_HA_CACHE", str(tmp_path / "cache"))
    package = tmp_path / "lab" / "sample"
    package.mkdir(parents=True)
    (package / "requirements.txt").write_text("# none\n")
    (package / "__init__.py").write_text('"""A sample."""\n')
    (package / "__main__.py").write_text("import json, sys\nprint(json.dumps(sys.argv[1:]), sys.flags.safe_path)\n")
    return Program(name="sample", version="1.0.0", module="sample", seconds=1, runs={"sample": "lab.sample"})


def run(sample: Program, folder: Path) -> str:
    """Return what a built program prints, run in some folder and by a link to it, as the engine does."""
    link = folder / "linked"
    link.unlink(missing_ok=True)
    link.symlink_to(sample.folder / "bin" / "sample")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)}
    done = subprocess.run([str(link), "a b"], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_it_runs_from_anywhere(sample: Program, tmp_path: Path) -> None:
    """Neither the folder it is called in nor the caller's PYTHONPATH puts another package in its place."""
    compiler.build(sample)
    assert sample.is_built()
    decoy = tmp_path / "decoy" / "lab" / "sample"
    decoy.mkdir(parents=True)
    (decoy / "__main__.py").write_text("print('decoy')\n")
    assert run(sample, tmp_path / "decoy") == '["a b"] True\n'


def test_a_changed_source_or_library_builds_it_again(sample: Program) -> None:
    """What it is made from is its key, with the Python that its libraries are for."""
    before = sample.key
    (sample.source / "more.py").write_text("# more\n")
    changed = sample.key
    (sample.source / "requirements.txt").write_text("# others\n")
    assert len({before, changed, sample.key}) == 3
    assert sample.inputs["interpreter"] == [os.path.realpath(sys.executable), sys.version]
    assert "interpreter" not in Program(name="go", module="go", seconds=1, builds={"go": "."}, version="1").inputs


def test_libraries_are_installed_once(sample: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit of the program takes those that are there; other requirements do not."""
    compiler.build(sample)
    (sample.source / "more.py").write_text("# more\n")
    monkeypatch.setattr(wheels, "command", lambda *_: ["false"])
    compiler.build(sample)
    assert (sample.folder / "src" / "lab" / "sample" / "more.py").is_file()
    (sample.source / "requirements.txt").write_text("# others\n")
    with pytest.raises(BuildError, match="sample failed"):
        compiler.build(sample)
    assert (sample.folder / "bin" / "sample").is_file(), "a failed build has taken the artifact away"


def test_libraries_are_installed_apart(sample: Program, tmp_path: Path) -> None:
    """Into the artifact, and by the Python that the build runs in."""
    command = wheels.command(sample, tmp_path / "lib")
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[-4:] == ["--target", str(tmp_path / "lib"), "-r", str(sample.source / "requirements.txt")]


def test_the_stand_in_is_of_the_program_s_versions() -> None:
    """Of the SDK that the program has, and under the version of the library that asks for a plugin."""
    standin = next(program for program in programs.programs() if program.name == "resource-aws")
    ours = (TREE / "requirements.txt").read_text().splitlines()
    theirs = (standin.source / "requirements.txt").read_text().splitlines()
    assert f"pulumi-aws=={standin.version}" in ours
    assert standin.version == provider.VERSION
    assert [line for line in ours if line.startswith("pulumi==")] == [
        line for line in theirs if line.startswith("pulumi==")
    ]
