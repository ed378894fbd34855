"""The workflows and their steps: what they run exists, is checked as any script, and works without the service."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
import yaml

from tests.unit.workflows import GITLAB, TREE, WORKFLOWS, bodies, jobs, steps

CI = TREE / "scripts" / "ci"


BODIES = list(bodies())


def test_there_is_something_to_look_at() -> None:
    """The tests below would pass for no workflow at all."""
    assert {file.name for file in WORKFLOWS} == {"preview.yaml", "deploy.yaml"}
    assert len(BODIES) >= 10


@pytest.mark.parametrize(("name", "body"), BODIES)
def test_steps_are_shell(name: str, body: str) -> None:
    """Every body is read by bash without a complaint; `make check` has shellcheck look at them too."""
    done = subprocess.run(["bash", "-n"], input=f"{body}\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), f"{name}:\n{body}"


def test_steps_run_scripts_that_exist_and_every_script_is_run() -> None:
    """A step is a line or two that call a script of the tree; what no step calls is left over."""
    text = "\n".join(body for _, body in BODIES)
    named = set(re.findall(r"scripts/[\w/-]+", text))
    for name in named:
        assert os.access(TREE / name, os.X_OK), name
    # `prepare` calls this one.
    assert {f"scripts/ci/{path.name}" for path in CI.iterdir()} == named - {"scripts/plan"} | {
        "scripts/ci/install-pulumi"
    }


def test_secrets_are_in_no_command_line_and_no_environment() -> None:
    """An expression with a secret stands alone on a line of a here-document, and nowhere else."""
    for file in WORKFLOWS:
        document = yaml.safe_load(file.read_text())
        secret = re.compile(r"\$\{\{[^}]*\b(secrets|github\.token)\b")
        runs = [step.pop("run", "") for job in document["jobs"].values() for step in job["steps"]]
        assert not secret.search(yaml.safe_dump(document)), f"{file.name}: outside of a step's text"
        for run in runs:
            for before, line in zip(["", *run.splitlines()], run.splitlines(), strict=False):
                if secret.search(line):
                    assert re.fullmatch(r"\$\{\{ [\w.]+ \}\}", line), line
                    assert re.search(r" <<'[A-Z]+'$", before), before


def test_nothing_of_a_pull_request_is_put_into_a_script() -> None:
    """Titles and branch names are somebody's text: they come as variables, never as part of the shell text."""
    for file in WORKFLOWS:
        for step in steps(file):
            for expression in re.findall(r"\$\{\{(.*?)\}\}", step.get("run", "")):
                assert re.fullmatch(r" (secrets\.[A-Z_]+|github\.token) ", expression), expression


def test_permissions_are_the_least() -> None:
    """None for the workflow; a job reads the code, and the preview writes to pull requests."""
    for file in WORKFLOWS:
        assert yaml.safe_load(file.read_text())["permissions"] == {}
        for name, job in jobs(file).items():
            more = {"pull-requests": "write"} if name == "preview" else {}
            assert job["permissions"] == {"contents": "read", **more}, f"{file.name}: {name}"
            assert job["timeout-minutes"]


def test_a_pull_request_never_gets_the_key_to_log_in() -> None:
    """Nor does a fork's get any secret; its code runs with the rights to read the repository."""
    preview = TREE / ".github" / "workflows" / "preview.yaml"
    triggers = yaml.safe_load(preview.read_text())[True]  # `on` is a boolean to YAML 1.1
    assert set(triggers) == {"pull_request"}
    assert "SSH" not in preview.read_text()
    job = jobs(preview)["preview"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
    assert "secrets." not in yaml.safe_dump(jobs(preview)["plan"])
    gitlab = yaml.safe_load(GITLAB.read_text())
    assert "SSH" not in yaml.safe_dump(gitlab["preview"])


def test_an_up_is_never_ended_half_way_and_runs_alone() -> None:
    """Neither by a newer push nor beside another one."""
    deploy = jobs(TREE / ".github" / "workflows" / "deploy.yaml")["up"]
    assert deploy["concurrency"] == {"group": "deploy-${{ matrix.stack }}", "cancel-in-progress": False}
    assert deploy["environment"] == "${{ matrix.stack }}"
    gitlab = yaml.safe_load(GITLAB.read_text())["up"]
    assert (gitlab["resource_group"], gitlab["interruptible"]) == ("$STACK", False)


def test_actions_are_pinned_and_few() -> None:
    """By the hash of a commit; none but GitHub's own."""
    used = {step["uses"] for file in WORKFLOWS for step in steps(file) if "uses" in step}
    assert len(used) == 2
    for action in used:
        assert re.fullmatch(r"actions/(checkout|setup-python)@[0-9a-f]{40}", action), action


def run(script: str, *words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of scripts/ci."""
    return subprocess.run(
        [str(CI / script), *words],
        input=stdin,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_secret_is_kept_in_a_file_of_its_user_alone(tmp_path: Path) -> None:
    """Several lines too; later steps are told the name of the file."""
    told = tmp_path / "env"
    done = run("keep-secret", "A_FILE", stdin="one\ntwo\n", RUNNER_TEMP=str(tmp_path), GITHUB_ENV=str(told))
    assert done.returncode == 0
    assert (tmp_path / "A_FILE").read_text() == "one\ntwo\n"
    assert (tmp_path / "A_FILE").stat().st_mode & 0o777 == 0o600
    assert told.read_text() == f"A_FILE={tmp_path / 'A_FILE'}\n"
    assert "one" not in done.stdout + done.stderr


def test_a_secret_that_is_not_set_is_left_out(tmp_path: Path) -> None:
    """The variable stays unset: an empty passphrase would be a wrong one."""
    done = run("keep-secret", "A_FILE", stdin="\n", RUNNER_TEMP=str(tmp_path), GITHUB_ENV=str(tmp_path / "env"))
    assert (done.returncode, done.stdout) == (0, "A_FILE: no such secret, left out\n")
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_never_the_value_of_a_variable(tmp_path: Path) -> None:
    """Only a variable that names a file is set."""
    done = run("keep-secret", "PASSPHRASE", stdin="x", RUNNER_TEMP=str(tmp_path), GITHUB_ENV=str(tmp_path / "env"))
    assert done.returncode == 1
    assert "should end in _FILE" in done.stderr


def test_up_has_the_key_in_an_agent_alone(tmp_path: Path) -> None:
    """The engine finds an agent with the key and an empty standard input; the agent ends with the script."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    engine = tmp_path / "pulumi"
    engine.write_text(
        f'#!/bin/sh\necho "$*" >{tmp_path}/words\nssh-add -L >{tmp_path}/keys\ncat >{tmp_path}/stdin\n'
        f"env >{tmp_path}/env\necho $SSH_AUTH_SOCK >{tmp_path}/agent\nexit 3\n"
    )
    engine.chmod(0o755)
    done = run("up", "--stack", "prod", stdin=key.read_text(), PATH=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 3, done.stderr
    words = (tmp_path / "words").read_text()
    assert words == "up --yes --non-interactive --suppress-outputs --stack prod\n"
    assert (tmp_path / "keys").read_text().split()[1] == key.with_suffix(".pub").read_text().split()[1]
    assert (tmp_path / "stdin").read_text() == ""
    assert key.read_text().splitlines()[1] not in (tmp_path / "env").read_text() + done.stdout + done.stderr
    socket, end = Path((tmp_path / "agent").read_text().strip()), time.monotonic() + 10
    assert socket.name
    while socket.exists():
        assert time.monotonic() < end, "the agent lives on"
        time.sleep(0.05)


def test_up_without_a_key_says_so(tmp_path: Path) -> None:
    """Before the engine is started."""
    done = run("up", "--stack", "prod", stdin="\n", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 1
    assert "standard input is no private key" in done.stderr


def release(folder: Path, version: str) -> str:
    """Write a release of an engine that says its version, as its publisher lays it out; return its address."""
    served = folder / "releases" / f"v{version}"
    served.mkdir(parents=True)
    archive = served / f"pulumi-v{version}-linux-{'arm64' if os.uname().machine == 'aarch64' else 'x64'}.tar.gz"
    text = f"#!/bin/sh\necho v{version}\n".encode()
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo("pulumi/pulumi")
        entry.size, entry.mode = len(text), 0o755
        tar.addfile(entry, io.BytesIO(text))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (served / f"pulumi-{version}-checksums.txt").write_text(f"{digest}  {archive.name}\n")
    return f"file://{folder / 'releases'}"


def wanted() -> str:
    """Return the engine's version that the program is made for."""
    found = re.search(r"^pulumi==(.*)$", (TREE / "requirements.txt").read_text(), re.MULTILINE)
    assert found
    return found[1]


def test_the_engine_is_that_of_the_libraries_and_checked(tmp_path: Path) -> None:
    """Installed once, where later steps find it."""
    told = {
        "HOME": str(tmp_path),
        "GITHUB_PATH": str(tmp_path / "path"),
        "PULUMI_RELEASES": release(tmp_path, wanted()),
    }
    done = run("install-pulumi", **told)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "path").read_text() == f"{tmp_path}/.pulumi/bin\n"
    again = run("install-pulumi", **told, PATH=f"{tmp_path}/.pulumi/bin:/usr/bin:/bin")
    assert again.stdout == f"pulumi v{wanted()} is here already\n"


def test_an_engine_that_is_not_what_its_release_says_is_not_installed(tmp_path: Path) -> None:
    """Another archive, or none in the list."""
    address = release(tmp_path, wanted())
    sums = next((tmp_path / "releases").rglob("*checksums.txt"))
    for text in (re.sub("^.", lambda m: "0" if m[0] != "0" else "1", sums.read_text()), "", "0  other.tar.gz\n"):
        sums.write_text(text)
        done = run("install-pulumi", HOME=str(tmp_path), PULUMI_RELEASES=address)
        assert done.returncode == 1
        assert "nothing is installed" in done.stderr
        assert not (tmp_path / ".pulumi").exists()
