"""What the builder decides before it compiles anything."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from lab.builder import __main__ as builder
from lab.builder import compiler, engine, programs
from lab.builder.inputs import BuildError
from lab.builder.programs import Program
from lab.builder.progress import Progress, duration, left, rough


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A program with a module of its own in a tree of its own."""
    monkeypatch.setattr(programs, "TREE", tmp_path)
    monkeypatch.setenv("KUBEADM_HA_CACHE", str(tmp_path / "cache"))
    module = tmp_path / "lab" / "artifacts" / "sample"
    module.mkdir(parents=True)
    (module / "go.mod").write_text("module example/sample\n\nrequire example.com/dep v1.0.0\n")
    return Program(name="sample", version="1.0.0", module="artifacts/sample", seconds=10, builds={"sample": "."})


def test_a_changed_go_mod_makes_another_key(sample: Program) -> None:
    """The artifact is built again when a dependency changes."""
    before = sample.key
    (sample.source / "go.mod").write_text("module example/sample\n\nrequire example.com/dep v1.0.1\n")
    assert sample.key != before


def test_other_flags_make_another_key_and_another_guess_does_not(sample: Program) -> None:
    """Only what changes the binaries counts."""
    assert replace(sample, tags=["netgo"]).key != sample.key
    assert replace(sample, seconds=99).key == sample.key


def test_tests_and_notes_leave_the_key_alone(sample: Program) -> None:
    """A file that no build reads rebuilds nothing."""
    before = sample.key
    (sample.source / "main_test.go").write_text("package main\n")
    (sample.source / "NOTES").write_text("nothing\n")
    assert sample.key == before
    (sample.source / "main.go").write_text("package main\n")
    assert sample.key != before


def test_the_file_a_copy_comes_from_is_part_of_the_key(sample: Program, tmp_path: Path) -> None:
    """A newer engine brings a newer file that is copied out of its module."""
    other = tmp_path / "lab" / "engine" / "other"
    other.mkdir(parents=True)
    (other / "go.mod").write_text("module other\n")
    copying = replace(sample, copies={"run": {"of": "engine/other", "module": "m", "path": "run"}})
    before = copying.key
    (other / "go.mod").write_text("module other\n\nrequire m v2.0.0\n")
    assert copying.key != before


def test_a_failed_build_leaves_no_artifact_and_shows_the_log(sample: Program) -> None:
    """What is half built is not taken for built."""
    broken = replace(sample, builds={"sample": "missing.c"})
    with pytest.raises(BuildError, match=r"(?s)sample failed.*missing\.c") as caught:
        compiler.build(broken)
    assert "sample.log" in str(caught.value)
    assert not broken.folder.exists()
    assert not broken.is_built()


def test_a_built_artifact_is_known_again(sample: Program) -> None:
    """The second run finds what the first one made."""
    (sample.source / "sample.c").write_text("int main(void) { return 0; }\n")
    tiny = replace(sample, builds={"sample": "sample.c"})
    compiler.build(tiny)
    assert tiny.is_built()
    (sample.source / "sample.c").write_text("int main(void) { return 1; }\n")
    assert not tiny.is_built()


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("go.etcd.io/etcd/server/v3", "server"),
        ("k8s.io/kubernetes/cmd/kubeadm", "kubeadm"),
        ("example.com/v1", "v1"),
        (".", "command"),
    ],
)
def test_go_names_a_binary_after_its_package(package: str, name: str) -> None:
    """A version at the end is no name; the first one is never written."""
    assert compiler.go_name(package, "kubeadm-ha/lab/engine/command") == name


def test_static_with_c_is_linked_statically(sample: Program) -> None:
    """Such a binary runs on hosts with other libraries."""
    both = replace(sample, cgo=True, static=True, links={"main.v": "1"}, tags=["a", "b"])
    command = compiler.go_command(both, Path("/out"))
    assert "-ldflags=-s -w -X main.v=1 -linkmode external -extldflags -static" in command
    assert "-tags=a,b" in command
    assert "-mod=readonly" in command
    assert compiler.go_environment(both)["CGO_ENABLED"] == "1"
    assert compiler.go_environment(replace(both, cgo=False))["CGO_ENABLED"] == "0"


def test_only_named_modules_skip_the_checksum_database(sample: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the caller has set stays, and no other program inherits the exceptions."""
    monkeypatch.setenv("GONOSUMDB", "example.com/own")
    some = replace(sample, nosumdb=["example.com/a", "example.com/b"])
    assert compiler.go_environment(some)["GONOSUMDB"] == "example.com/own,example.com/a,example.com/b"
    assert "GONOSUMDB" not in compiler.go_environment(sample)


def test_every_item_builds_the_version_it_says() -> None:
    """The module's go.mod and the version in the data never drift apart."""
    for program in programs.programs():
        if program.module.startswith("artifacts/") and program.name not in ("agnhost", "flannel-cni", "pause"):
            required = (program.source / "go.mod").read_text()
            assert f" v{program.version}\n" in required, program.name
            assert (program.source / "go.sum").is_file(), program.name


def test_what_tests_need_is_built_when_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The conformance tests take minutes, and few need them; they are of the release that stack dev runs."""
    from lab.builder import packages

    monkeypatch.setenv("KUBEADM_HA_CACHE", str(tmp_path))
    plain = {step.label for step in builder.compile_steps(only_engine=False, upgrade=False)}
    both = {step.label for step in builder.compile_steps(only_engine=False, upgrade=False, suite=True)}
    assert both - plain == {f"e2e {packages.versions()['kubernetes']}", "sample-apiserver 0.29.2"}
    assert not plain - both


def test_tests_become_a_program(sample: programs.Program) -> None:
    """Go compiles a package's tests as it compiles its programs, with the same options."""
    command = compiler.test_command(sample, Path("bin/x.test"), "example.com/tests")
    assert command[:3] == ["go", "test", "-c"]
    assert command[-3:] == ["-o", "bin/x.test", "example.com/tests"]
    assert set(command) & set(compiler.go_command(sample, Path("bin"))) >= {"-trimpath", "-mod=readonly"}


def test_what_packages_and_images_need_is_built() -> None:
    """No package or image names a program that nothing builds, of whichever release."""
    from lab.builder import images, packages

    built = {program.folder / "bin" / binary for program in programs.programs() for binary in program.binaries}
    for minor in packages.minors(upgrade=True):
        entries = packages.data(minor)["packages"] + images.data(minor)["images"]
        wanted = {name for entry in entries for name in entry["binaries"].values() if not name.endswith("/*")}
        assert {packages.binary(name, minor) for name in wanted} <= built


def test_what_is_upgraded_from_is_built_when_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An older release takes as long as the newer one, and few need it."""
    monkeypatch.setenv("KUBEADM_HA_CACHE", str(tmp_path))
    plain = {step.label for step in builder.compile_steps(only_engine=False, upgrade=False)}
    both = {step.label for step in builder.compile_steps(only_engine=False, upgrade=True)}
    older = {"kubernetes 1.35.6", "etcd 3.6.6", "coredns 1.13.1", "pause 3.10.1"}
    assert both - plain == {*older, "cloud-controller 1.35.0"}
    assert not plain - both


def executable(path: Path) -> Path:
    """Return a new program that does nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_on_path_wins(tmp_path: Path) -> None:
    """A stand-in never comes before a real program."""
    found = executable(tmp_path / "bin" / "pulumi")
    assert engine.real("pulumi", "3.250.0", [tmp_path / "bin"], tmp_path / "home") == found


def test_our_own_folder_on_path_is_not_a_real_program(tmp_path: Path) -> None:
    """What the builder made itself is no reason not to build."""
    own = tmp_path / "cache"
    path = f"{own / 'engine'}:{tmp_path / 'bin'}:"
    assert engine.search_path(path, own) == [tmp_path / "bin"]


def test_the_newest_installed_plugin_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    """Version 1.10 is newer than 1.9, and one that is too old for the SDK does not count."""
    name = "pulumi-resource-command"
    for version in ("0.9.0", "1.9.0", "1.10.0"):
        executable(tmp_path / "plugins" / f"resource-command-v{version}" / name)
    newest = tmp_path / "plugins" / "resource-command-v1.10.0" / name
    assert engine.real(name, "1.2.1", [], tmp_path) == newest
    assert engine.real(name, "2.0.0", [], tmp_path) is None
    assert engine.real("pulumi-resource-tls", "1.0.0", [], tmp_path) is None


@pytest.mark.parametrize(("seconds", "text"), [(0.42, "0.4s"), (31, "31s"), (331, "5m31s"), (59.7, "1m00s")])
def test_durations_read_well(seconds: float, text: str) -> None:
    """Minutes have their seconds in two digits."""
    assert duration(seconds) == text


def test_the_rest_is_as_slow_as_what_was_done() -> None:
    """Twice as slow so far means twice as long for the rest, within bounds."""
    assert left([100, 100, 200], [200]) == 600
    assert left([100, 100], []) == 200
    assert left([100, 100], [1]) == 25
    assert left([100, 100], [9999]) == 400
    assert rough(left([100, 500], [100])) == "about 8 min"
    assert rough(20) == "less than a minute"


def test_progress_is_one_line_an_item() -> None:
    """A person sees what is built, what it took and what is left."""
    out = io.StringIO()
    progress = Progress([100, 300, 0], out)
    progress.begin("kubernetes 1.36.3")
    progress.end(331)
    progress.begin("images")
    progress.end(0.1, built=False)
    progress.begin("last")
    progress.fail()
    assert out.getvalue().splitlines() == [
        "[1/3] kubernetes 1.36.3 … built in 5m31s (about 17 min left)",
        "[2/3] images … up to date",
        "[3/3] last … failed",
    ]


def test_a_module_is_edited_in_a_copy(sample: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The module stays as it is, the copy is what is built, and a text that is not there once is an error."""
    module, work = tmp_path / "module", tmp_path / "work"
    (module / "deep").mkdir(parents=True)
    work.mkdir()
    (module / "deep" / "a.go").write_text("package a // old\n")
    (sample.source / "go.mod").write_text("module m\n")
    (sample.source / "go.sum").write_text("")
    monkeypatch.setattr(compiler, "_module", lambda _: module)
    edits = {"of": "x", "module": "example.com/a", "path": "deep/a.go", "texts": [["old", "new"]]}
    made = compiler.edited(replace(sample, edits=edits), work)
    assert made.read_text() == f"module m\n\nreplace example.com/a => {work / 'edited'}\n"
    assert (work / "edited" / "deep" / "a.go").read_text() == "package a // new\n"
    assert (module / "deep" / "a.go").read_text() == "package a // old\n"
    with pytest.raises(BuildError, match="0 times, not once"):
        compiler.edited(replace(sample, edits={**edits, "texts": [["older", "new"]]}), tmp_path / "again")
