"""What differs between operating systems is asked for by names that each family of them gives its own meaning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components import remote
from tests.unit.sandbox import Sandbox

DESCRIBED = re.findall(r"^# {3}(\w+)", (remote.SCRIPTS / "lib/system.sh").read_text(), re.MULTILINE)
FAMILIES = re.findall(r"^    \. lib/([a-z]+)\.sh$", (remote.SCRIPTS / "lib/system.sh").read_text(), re.MULTILINE)
BY_NAME = re.compile(r"\b(apt(-\w+)?|dpkg(-\w+)?|dnf|yum|rpm|zypper)\b")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_knows_every_name(family: str) -> None:
    """What is described is there, and nothing else is: another file would miss it."""
    text = (remote.SCRIPTS / f"lib/{family}.sh").read_text()
    assert sorted(re.findall(r"^(\w+)\(\) [{(]$", text, re.MULTILINE)) == sorted(DESCRIBED)


def test_nobody_else_calls_a_package_manager() -> None:
    """Every script says what it wants by those names."""
    ours = {remote.SCRIPTS / f"lib/{family}.sh" for family in FAMILIES}
    for script in sorted({*remote.SCRIPTS.glob("*.sh"), *remote.SCRIPTS.glob("lib/*.sh")} - ours):
        told = [line for line in script.read_text().splitlines() if not line.lstrip().startswith("#")]
        assert not [line for line in told if BY_NAME.search(line)], script.name


def test_an_unknown_system_is_refused_by_name(tmp_path: Path) -> None:
    """Before anything is done to it."""
    host = Sandbox(tmp_path, before="printf 'ID=plan9\\nPRETTY_NAME=\"Plan 9, fourth edition\"\\n' >/etc/os-release")
    done = host.step(". lib/base.sh\n. lib/system.sh\necho on")
    assert done.status == 1
    assert done.output == ""
    assert done.error == (
        "error: node-1: test: runs Plan 9, fourth edition. Debian and Ubuntu are supported; install one of them.\n"
    )


def test_a_system_that_says_nothing_is_refused(tmp_path: Path) -> None:
    """Such a file may be empty."""
    done = Sandbox(tmp_path, before=": >/etc/os-release").step(". lib/base.sh\n. lib/system.sh")
    assert "runs an unknown system" in done.error


@pytest.mark.parametrize("system", ["debian", "ubuntu"])
def test_repositories_of_debian_and_ubuntu(tmp_path: Path, system: str) -> None:
    """containerd's has a folder for each system and a suite for each release; forgetting leaves nothing."""
    host = Sandbox(tmp_path, before=f"printf 'ID={system}\\nVERSION_CODENAME=noble\\n' >/etc/os-release")
    host.after = "cat /etc/apt/sources.list.d/*; ls /etc/apt/keyrings"
    script = (
        ". lib/base.sh\n. lib/system.sh\necho key >key\ninstall_key kubernetes key\n"
        "write_repositories kubernetes=http://k.example/deb containerd=http://c.example/linux\n"
    )
    done = host.step(script)
    signed = "deb [signed-by=/etc/apt/keyrings/kubeadm-ha"
    assert done.seen == (
        f"{signed}-kubernetes.asc] http://k.example/deb /\n"
        f"{signed}-containerd.asc] http://c.example/linux/{system} noble stable\n"
        "kubeadm-ha-kubernetes.asc\n"
    ), done.error
    host.after = "find /etc/apt -type f"
    assert host.step(f"{script}forget_repositories").seen == ""
