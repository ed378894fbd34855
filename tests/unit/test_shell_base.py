"""scripts/lib/base.sh: what every step has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sandbox import Sandbox

BASE = ". lib/base.sh\n"
#: The folder of the step, gone when it has ended however it ended.
NOTHING: list[str] = []


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host."""
    return Sandbox(tmp_path)


def test_the_folder_goes_with_the_script(sandbox: Sandbox) -> None:
    """Nothing of what was sent stays on the host."""
    done = sandbox.step(BASE + "echo product", files={"pki/ca.key": "secret"})
    assert (done.status, done.output, done.error, done.left) == (0, "product\n", "", NOTHING)


@pytest.mark.parametrize(
    "end", ["exit 3", "false", "fail 'no good' 'Do it better'", 'echo "$UNSET"', "do_step it false"]
)
def test_the_folder_goes_after_a_failure_too(sandbox: Sandbox, end: str) -> None:
    """Whatever ended the script, its files go."""
    done = sandbox.step(BASE + end, files={"pki/ca.key": "secret"})
    assert done.status != 0
    assert done.left == NOTHING


def test_the_deadline_ends_a_step(sandbox: Sandbox) -> None:
    """It is ended where it runs, says so in one line, and leaves nothing."""
    done = sandbox.step(BASE + "do_step sleeping sleep 60", files={"pki/ca.key": "secret"}, deadline_seconds=1)
    assert done.status == 124
    assert done.error.splitlines()[-1].startswith("error: node-1: test: was ended before it was done. Look into ")
    assert done.left == NOTHING


@pytest.mark.parametrize("signal", ["TERM", "INT", "HUP"])
def test_a_signal_ends_a_step(sandbox: Sandbox, signal: str) -> None:
    """Whoever ends a step on the host gets an error and an empty /run."""
    done = sandbox.step(BASE + f"kill -{signal} $$\nsleep 30", files={"pki/ca.key": "secret"})
    assert done.status == 1
    assert "was ended before it was done" in done.error
    assert done.left == NOTHING


def test_an_error_is_one_line(sandbox: Sandbox) -> None:
    """Host, step, what is wrong, and the way out."""
    done = sandbox.step(BASE + 'fail "the disk is full" "Make room"; echo never')
    assert (done.status, done.output) == (1, "")
    assert done.error == "error: node-1: test: the disk is full. Make room.\n"


def test_inputs_that_are_missing_are_named(sandbox: Sandbox) -> None:
    """A script that begins without one of its inputs does nothing."""
    done = sandbox.step(BASE + ': "${ENDPOINT:?}"\necho never')
    assert done.status != 0
    assert "ENDPOINT" in done.error
    assert done.output == ""


def test_a_step_that_works_is_quiet(sandbox: Sandbox) -> None:
    """What a command prints is in the log on the host, under a line with the time; not in the product."""
    sandbox.after = "cat /var/log/kubeadm-ha/test.log; stat -c %a /var/log/kubeadm-ha /var/lib/kubeadm-ha"
    done = sandbox.step(BASE + "do_step 'saying hello' sh -c 'echo hello; echo there >&2'")
    assert (done.status, done.output, done.error) == (0, "", "")
    _, head, *rest = done.seen.splitlines()
    assert head.startswith("== 2")
    assert head.endswith("Z saying hello")
    assert rest == ["hello", "there", "700", "700"]


def test_a_step_that_fails_shows_the_end_of_its_own_output(sandbox: Sandbox) -> None:
    """The last lines, each cut to a bearable length, none of an earlier command; then the error."""
    script = "do_step first echo earlier\ndo_step 'counting' sh -c 'seq 100; printf \"%1000s\\n\" x; exit 9'"
    done = sandbox.step(BASE + script)
    lines = done.error.splitlines()
    assert done.status == 1
    assert lines[-1].startswith("error: node-1: test: counting failed with status 9. The lines above are the end of ")
    assert lines[0] == "  | 87"
    assert len(lines) == 16
    assert max(map(len, lines[:-1])) <= 404
    assert "earlier" not in done.error


def test_commands_of_a_step_read_nothing(sandbox: Sandbox) -> None:
    """A command that asks a question gets no answer from what was sent."""
    assert sandbox.step(BASE + "do_step asking sh -c 'test -z \"$(cat)\"'").status == 0


def test_a_step_takes_functions(sandbox: Sandbox) -> None:
    """Functions of the libraries are commands too, with their words kept apart."""
    done = sandbox.step(BASE + 'two() { [ $# -eq 2 ] && [ "$2" = "b c" ]; }\ndo_step counting two a "b c"')
    assert done.status == 0, done.error


def test_waiting_ends_when_it_comes_true(sandbox: Sandbox) -> None:
    """It asks again and again, and is quiet."""
    tries = 'tries() { echo x >>"$STATE/tries"; [ "$(wc -l <"$STATE/tries")" -ge 2 ]; }\n'
    done = sandbox.step(BASE + tries + "wait_for 20 'a second try' Wait tries")
    assert (done.status, done.error, done.output) == (0, "", "")


def test_waiting_has_a_deadline(sandbox: Sandbox) -> None:
    """After it the last answer is shown, then the remedy."""
    done = sandbox.step(BASE + "wait_for 0 'an answer' 'Start the server' sh -c 'echo refused; exit 1'")
    assert done.status == 1
    assert done.error == "  | refused\nerror: node-1: test: an answer did not happen within 0 s. Start the server.\n"


def test_put_tells_whether_it_changed_something(sandbox: Sandbox) -> None:
    """A new file, new content and a new mode are changes; the same again is none."""
    script = """
        target=/etc/kubernetes/new/file
        put one "$target" 644 && echo new
        put one "$target" 644 || echo same
        put two "$target" 644 && echo content
        put two "$target" 600 && echo mode
        stat -c %a "$target"; cat "$target"; ls /etc/kubernetes/new"""
    done = sandbox.step(BASE + script, files={"one": "1\n", "two": "2\n"})
    assert done.output.split() == ["new", "same", "content", "mode", "600", "2", "file"], done.error


@pytest.mark.parametrize("asks", ["put one /etc/file 644 || :", "put one /etc/file 644 && echo changed"])
def test_put_ends_the_step_when_it_cannot_write(sandbox: Sandbox, asks: str) -> None:
    """A disk that takes nothing is not a file that has not changed."""
    sandbox.before = "mount -o remount,ro,bind /etc"
    done = sandbox.step(BASE + asks + "; echo never", files={"one": "1\n"})
    assert (done.status, done.output) == (1, "")
    assert "/etc/file cannot be written" in done.error


def test_steps_of_a_host_wait_for_each_other(sandbox: Sandbox) -> None:
    """One at a time on a host: a second run waits until the first has ended."""
    sandbox.before = (
        "mkdir -p /run/lock; flock /run/lock/kubeadm-ha sh -c 'sleep 0.4; touch /var/lib/first' & sleep 0.1"
    )
    done = sandbox.step(BASE + "test -e /var/lib/first")
    assert done.status == 0, done.error


def test_folders_of_steps_that_were_killed_go(sandbox: Sandbox) -> None:
    """The next step tidies up what is old; nothing else in /run is touched."""
    sandbox.before = """
        mkdir -p /run/kubeadm-ha.old/pki /run/kubeadm-ha.new /run/other
        touch -d '2 hours ago' /run/kubeadm-ha.old /run/other"""
    done = sandbox.step(BASE)
    assert sorted(done.left) == ["/run/kubeadm-ha.new", "/run/other"]


def test_a_reader_that_is_gone_ends_nothing(sandbox: Sandbox) -> None:
    """The connection drops, and the step still comes to its end."""
    sandbox.after = "cat /var/lib/kubeadm-ha/done"
    done = sandbox.step(BASE + 'kill -PIPE $$\necho yes >"$STATE/done"')
    assert (done.status, done.seen) == (0, "yes\n")


def test_authorities_are_installed_with_their_modes(sandbox: Sandbox) -> None:
    """Keys are root's alone, certificates are for everybody, folders are made."""
    files = {"pki/ca.crt": "1", "pki/ca.key": "2", "pki/etcd/ca.key": "3", "pki/sa.pub": "4"}
    sandbox.after = "cd /etc/kubernetes && find pki -type f -exec stat -c '%n %a' {} + | sort"
    done = sandbox.step(BASE + ". lib/authorities.sh\ninstall_authorities\ninstall_authorities", files=files)
    assert done.status == 0, done.error
    assert done.seen.split("\n") == ["pki/ca.crt 644", "pki/ca.key 600", "pki/etcd/ca.key 600", "pki/sa.pub 644", ""]
