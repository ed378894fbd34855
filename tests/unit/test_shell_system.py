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


def sourced(name: str) -> list[str]:
    """Return what a script sources, directly or not, as often as it does."""
    direct = re.findall(r"^ *\. (lib/[a-z-]+\.sh)$", (remote.SCRIPTS / name).read_text(), re.MULTILINE)
    return [*direct, *(other for each in direct for other in sourced(each))]


@pytest.mark.parametrize("script", sorted(path.name for path in remote.SCRIPTS.glob("*.sh")))
def test_what_is_sourced_twice_can_be(script: str) -> None:
    """A library that makes something read-only would end the step the second time."""
    libraries = sourced(script)
    twice = {each for each in libraries if libraries.count(each) > 1}
    assert not [each for each in twice if re.search(r"^ *readonly ", (remote.SCRIPTS / each).read_text(), re.MULTILINE)]


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


SOURCED = ". lib/base.sh\n. lib/system.sh\n"
LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"


def debian(tmp_path: Path, apt: str, after: str = ":") -> Sandbox:
    """Return a host whose apt-get does this."""
    fakes = {"apt-get": apt, "apt-mark": "[ $1 != showhold ] || cat /run/held 2>/dev/null", "sleep": "exit 0"}
    fakes["dpkg"] = "exit 0"
    return Sandbox(tmp_path, fakes, after=after)


@pytest.mark.parametrize("said", [LOCKED, "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend)"])
def test_the_systems_own_updates_are_waited_for(tmp_path: Path, said: str) -> None:
    """They hold apt's locks for minutes after a host's first start."""
    apt = f"echo x >>/run/tries; [ $(wc -l </run/tries) -lt 3 ] || exit 0; echo '{said}' >&2; exit 100"
    done = debian(tmp_path, apt).step(f"{SOURCED}read_package_lists\necho read")
    assert done.output == "read\n", done.error
    assert done.calls.count("apt-get -q update") == 3


def test_what_is_no_lock_is_told_at_once(tmp_path: Path) -> None:
    """With apt's own words."""
    done = debian(tmp_path, "echo 'E: no such repository' >&2; exit 100").step(f"{SOURCED}read_package_lists")
    assert "  | E: no such repository" in done.error
    assert "reading the package lists failed with status 100" in done.error
    assert done.calls.count("apt-get -q update") == 1


def test_nothing_restarts_services_behind_a_step(tmp_path: Path) -> None:
    """All hosts are prepared at once, and Ubuntu's needrestart takes what runs for its own business."""
    host = debian(tmp_path, 'echo "$NEEDRESTART_SUSPEND $DEBIAN_FRONTEND" >/run/told', "cat /run/told")
    assert host.step(f"{SOURCED}install_packages socat").seen == "yes noninteractive\n"


def test_what_is_going_to_be_installed_is_noted_before(tmp_path: Path) -> None:
    """A run that breaks off while it installs forgets nothing; what was there, and what others install, is not ours."""
    apt = """case "$*" in
      *--simulate*) echo 'NOTE: a simulation'; echo 'Inst socat (1.7 Debian)'; echo 'Inst curl [7.88] (7.89 Debian)'
        echo 'Inst libwrap0 (7.6 Debian)'; echo 'Conf socat (1.7 Debian)' ;;
      *) exit 100 ;;
    esac"""
    host = debian(tmp_path, apt, "cat /var/lib/kubeadm-ha/packages")
    host.before = "mkdir -p /var/lib/kubeadm-ha; echo kubelet >/var/lib/kubeadm-ha/packages"
    done = host.step(f"{SOURCED}add_packages packages socat curl")
    assert "installing socat curl failed with status 100" in done.error
    assert done.seen.split() == ["kubelet", "libwrap0", "socat"]


def test_only_what_is_still_there_is_removed_again(tmp_path: Path) -> None:
    """Somebody may have removed the one or the other; a list that an older step wrote may be in another order."""
    host = debian(tmp_path, "exit 0")
    host.fakes["dpkg-query"] = (
        "printf 'base installed\\nlibwrap0 config-files\\nsocat installed\\nkubelet installed\\n'"
    )
    host.before = "mkdir -p /var/lib/kubeadm-ha; printf 'socat\\nkubelet\\nlibwrap0\\n' >/var/lib/kubeadm-ha/packages"
    done = host.step(f"{SOURCED}added_packages packages\nadded_packages none\necho end")
    assert done.output.split() == ["kubelet", "socat", "end"], done.error


def test_packages_are_held_also_after_a_run_that_broke_off(tmp_path: Path) -> None:
    """Between installing and holding them; where they are held already, dpkg's lock is not asked for."""
    host = debian(tmp_path, "exit 0")
    host.before = "printf 'kubelet\\nother\\n' >/run/held"
    done = host.step(f"{SOURCED}hold_packages kubelet kubeadm\nhold_packages kubelet\n")
    assert done.status == 0, done.error
    assert [call for call in done.calls if " hold " in call] == ["apt-mark hold kubelet kubeadm"]
