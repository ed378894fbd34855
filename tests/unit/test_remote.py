"""The line that a host's login shell runs, and how files travel to it."""

from __future__ import annotations

import base64
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from components import remote
from components.host import Host, SshAccess
from components.remote import Step
from tests.unit.monitor import unpacked
from tests.unit.sandbox import HOST, Sandbox

NAUGHTY = [
    "",
    " ",
    "no newline at the end",
    "one\n",
    "\n\n",
    "\ttab and\r\ncarriage return\n",
    "quotes ' \" ` and $HOME $(id) ${x} \\ \\n ! ;|&<>\n",
    "Grüße, 世界, \U0001f600, e\u0301\n",
    "name 5\nlooks like a head line\n",
    "x" * 70_000 + "\n",
    "EOF\n'EOF'\n-n\n",
]
#: Prints every file below the working folder as a name and base64.
SHOW = r"""
set -eu
find . -type f ! -name show.sh | sort | while read -r file; do
  printf '%s %s %s\n' "$file" "$(stat -c %a "$file")" "$(base64 -w 0 <"$file")"
done
"""


@pytest.fixture(params=["sh", "bash"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    """Return a host for each kind of login shell."""
    return Sandbox(tmp_path, shell=request.param)


def show(sandbox: Sandbox, files: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return mode and content of what arrives on a host, by name."""
    step = Step("show")
    done = sandbox.line(remote.command_line(HOST, step, "show"), remote.pack({"show.sh": SHOW, **files}))
    assert done.status == 0, done.error
    found = {}
    for line in done.output.splitlines():
        name, mode, *content = line.split(" ")
        found[name.removeprefix("./")] = (mode, base64.b64decode("".join(content)).decode())
    return found


def test_files_arrive_byte_for_byte(sandbox: Sandbox) -> None:
    """Whatever a file holds, and in whatever folder, it arrives as it is; only root can read it."""
    files = {f"folder-{number}/a/b": text for number, text in enumerate(NAUGHTY)}
    assert show(sandbox, files) == {name: ("600", text) for name, text in files.items()}


def test_inputs_arrive_as_they_are(sandbox: Sandbox) -> None:
    """One function quotes every value: nothing in it is a shell's word."""
    values = {f"VALUE_{number}": text for number, text in enumerate(NAUGHTY) if len(text) < 1000}
    step = Step("env", inputs=values)
    script = "".join(f'printf %s "${name}" | base64 -w 0; echo\n' for name in values)
    done = sandbox.line(remote.command_line(HOST, step, "env"), remote.pack({"env.sh": script}))
    assert done.status == 0, done.error
    assert [base64.b64decode(line).decode() for line in done.output.splitlines()] == list(values.values())


def test_the_step_runs_in_a_private_folder(sandbox: Sandbox) -> None:
    """It is in memory, root's alone, and the script's name is the step's."""
    script = 'printf "%s " "$PWD" "$0" "$STEP" "$NODE_NAME" "$NODE_ADDRESS"; stat -c "%a %u" .; stat -fc %T .'
    done = sandbox.line(remote.command_line(HOST, Step("where"), "where"), remote.pack({"where.sh": script}))
    folder, *rest = done.output.split()
    assert folder.startswith("/run/kubeadm-ha.")
    assert rest == ["./where.sh", "where", "node-1", "192.0.2.1", "700", "0", "tmpfs"]


def test_the_status_is_the_scripts(sandbox: Sandbox) -> None:
    """What the script ends with is what the plugin sees."""
    for status in (0, 1, 7):
        text = remote.pack({"end.sh": f"exit {status}"})
        assert sandbox.line(remote.command_line(HOST, Step("end"), "end"), text).status == status


def test_a_missing_script_fails(sandbox: Sandbox) -> None:
    """An empty standard input runs nothing and is no success."""
    assert sandbox.line(remote.command_line(HOST, Step("end"), "end"), "").status != 0


@pytest.mark.parametrize("kept", [0, 3, 4, 12, 30, 400, 596, 599, 612, -4, -5, -30])
def test_what_is_cut_off_does_not_run(tmp_path: Path, kept: int) -> None:
    """The connection drops while files are sent: nothing runs with half of them, and nothing stays."""
    sandbox = Sandbox(tmp_path, after="ls /var/lib")
    script = 'touch /var/lib/has-run; rm -rf "$PWD"\n'
    text = remote.pack({"end.sh": script, "kubeadm.yaml": "apiVersion: v1\n"})
    cut = sandbox.line(remote.command_line(HOST, Step("end"), "end"), text[:kept])
    assert cut.status != 0
    assert cut.seen == ""
    assert cut.left == []


def test_what_is_whole_runs(tmp_path: Path) -> None:
    """The test above could tell: with all of its text the same script runs."""
    sandbox = Sandbox(tmp_path, after="ls /var/lib")
    text = remote.pack({"end.sh": "touch /var/lib/has-run\n", "kubeadm.yaml": "apiVersion: v1\n"})
    whole = sandbox.line(remote.command_line(HOST, Step("end"), "end"), text)
    assert (whole.status, whole.seen) == (0, "has-run\n")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "two words", "line\nbreak", "tab\tx"])
def test_names_stay_in_the_folder(name: str) -> None:
    """A name that could leave the step's folder, or be read as two words, is an error of the program."""
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        remote.pack({name: ""})


def test_pack_counts_bytes() -> None:
    """Sizes are of the UTF-8 bytes, not of the characters."""
    assert remote.pack({"a": "ü"}).endswith("a 2\nü. 0\n")


def test_pack_keeps_the_order() -> None:
    """Files come in the order they are given: the same text in every run."""
    assert remote.pack({"b": "1", "a": "2"}).endswith("\nb 1\n1a 1\n2. 0\n")


def test_the_line_shows_the_step_and_its_inputs() -> None:
    """What is in `ps` and in an error is one line that a person can read: no script, no file."""
    step = Step("join-worker", inputs={"ENDPOINT": "192.0.2.10:6443"}, deadline_seconds=7)
    line = remote.command_line(HOST, step, "join-worker")
    words = shlex.split(line)
    assert words[:6] == ["exec", "timeout", "--kill-after=20", "7", "bash", "-c"]
    assert words[7:] == [
        "join-worker.sh",
        "STEP=join-worker",
        "NODE_NAME=node-1",
        "NODE_ADDRESS=192.0.2.1",
        "ENDPOINT=192.0.2.10:6443",
    ]
    assert len(line) < 250


def test_another_login_uses_sudo() -> None:
    """Any user but root needs sudo, without being asked for a password."""
    host = Host("n", "192.0.2.1", SshAccess("192.0.2.1", 22, "admin", "ssh-ed25519 AAAA"))
    assert remote.command_line(host, Step("x"), "x").startswith("exec sudo -n timeout ")


def test_bundles_hold_all_a_step_needs() -> None:
    """The script, its inverse, what both source and nothing else; and the files."""
    text = remote.bundle(Step("join-worker", undo="leave-worker", files={"kubeadm.yaml": "x"}))
    assert isinstance(text, str)
    files = unpacked(text)
    assert files.pop("kubeadm.yaml") == "x"
    assert {"join-worker.sh", "leave-worker.sh", "lib/base.sh", "lib/packages.sh"} <= set(files)
    assert "lib/upgrade.sh" not in files
    for name, content in files.items():
        assert content == remote.plain_script(name)
        for sourced in re.findall(r"^\s*\. (lib/\S+)", content, re.MULTILINE):
            assert sourced in files, f"{name} sources {sourced}"


@pytest.mark.parametrize("name", sorted(str(path.relative_to(remote.SCRIPTS)) for path in remote.SCRIPTS.rglob("*.sh")))
def test_a_script_without_comments_means_the_same(name: str) -> None:
    """No line of a text, of a file that is written or of another language is taken for a comment of the shell's."""
    # Bash prints a function as it has understood it: words, quotes and here-documents, no comment.
    understood = [
        subprocess.run(
            ["bash", "-c", f"script() {{\n{text}\n}}\ndeclare -f script"], capture_output=True, text=True, check=True
        ).stdout
        for text in ((remote.SCRIPTS / name).read_text(), remote.plain_script(name))
    ]
    assert understood[0] == understood[1]
    assert len(understood[0].splitlines()) > 2


def test_comments_do_not_travel() -> None:
    """The first line stays, and so does one that is written to a file: `#` begins comments there too."""
    assert remote.plain_script("run-etcd.sh").startswith("#!")
    left = re.findall(r"^ *# (.*)", remote.plain_script("run-etcd.sh"), re.MULTILINE)
    assert len(left) == 3
    assert left[0].startswith("Written by kubeadm-ha")


def test_an_archive_is_always_the_same() -> None:
    """Nothing of when or by whom it was made is in it: a second `up` has nothing to do."""
    before = remote.archive("join-worker", "leave-worker")
    remote.archive.cache_clear()
    assert remote.archive("join-worker", "leave-worker") == before


def test_scripts_source_only_what_is_sent() -> None:
    """A library that a script names exists: every bundle has all of them."""
    for script in remote.SCRIPTS.rglob("*.sh"):
        for line in script.read_text().splitlines():
            if line.strip().startswith(". lib/"):
                assert (remote.SCRIPTS / line.split()[1]).is_file(), f"{script.name}: {line}"
