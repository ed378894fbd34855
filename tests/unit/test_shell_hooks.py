"""The user's own scripts are run once on a host, again when they are others, and told by name when they fail."""

from __future__ import annotations

from pathlib import Path

from tests.unit.sandbox import Result, Sandbox

SCRIPT = """
. lib/base.sh
. lib/hooks.sh
export KUBECONFIG=$WORK/admin.conf
node_hooks before-join
echo joined
"""
SAY = '#!/bin/sh\necho "$NODE_NAME $NODE_GROUP $KUBERNETES_VERSION ${KUBECONFIG:-none} $PWD" >>/run/said\n'


def run(host: Sandbox, seconds: int = 10, **hooks: str) -> Result:
    """Run a step with hooks by name."""
    names = {f"{number:02}-{name}": text for number, (name, text) in enumerate(hooks.items(), start=1)}
    files = {
        "hooks/before-join": "".join(f"{seconds} {name}\n" for name in names),
        "hooks/group": "default\n",
        **{f"hooks/before-join.d/{name}": text for name, text in names.items()},
    }
    return host.step(SCRIPT, {"KUBERNETES_VERSION": "1.36.3"}, files)


def test_a_hook_knows_its_node(tmp_path: Path) -> None:
    """And nothing of the administrator's kubeconfig."""
    done = run(Sandbox(tmp_path, after="cat /run/said"), a=SAY)
    assert done.output == "joined\n", done.error
    assert done.seen == "node-1 default 1.36.3 none /\n"


def test_a_hook_is_run_by_its_own_interpreter(tmp_path: Path) -> None:
    """Whatever its first line names; without one, by the shell."""
    perl = "#!/usr/bin/perl -w\nopen(my $file, '>>', '/run/said'); print $file \"perl\\n\";\n"
    done = run(Sandbox(tmp_path, after="cat /run/said"), a=perl, b="echo plain >>/run/said\n")
    assert done.seen == "perl\nplain\n", done.error


def test_a_hook_that_has_run_is_not_run_again(tmp_path: Path) -> None:
    """One with another content is."""
    before = "mkdir -p /var/lib/kubeadm-ha/hooks\n"
    before += f"printf '%s' {SAY!r} | sed 's/x/x/' | sha256sum >/var/lib/kubeadm-ha/hooks/before-join.01-a"
    before = before.replace(repr(SAY), "'" + SAY.replace("'", "'\\''") + "'")
    same = run(Sandbox(tmp_path, before=before, after="cat /run/said"), a=SAY)
    assert "No such file" in same.seen
    assert same.output == "joined\n"
    other = run(Sandbox(tmp_path, before=before, after="cat /run/said"), a=f"{SAY}# and more\n")
    assert other.seen.startswith("node-1 "), other.error


def test_a_hook_that_fails_ends_the_step_with_its_name(tmp_path: Path) -> None:
    """What it said is shown; it is not remembered, and those after it are not run."""
    after = "ls /var/lib/kubeadm-ha/hooks; cat /run/said"
    done = run(Sandbox(tmp_path, after=after), first=SAY, second="echo no disk; exit 3\n", third=SAY)
    assert done.status == 1
    assert "running the hook before-join second failed with status 3" in done.error
    assert "  | no disk" in done.error
    assert done.output == ""
    assert done.seen.splitlines()[0] == "before-join.01-first"
    assert done.seen.count("node-1") == 1


def test_a_hook_has_a_deadline(tmp_path: Path) -> None:
    """One that hangs is ended, and that is said."""
    done = run(Sandbox(tmp_path), seconds=1, a="exec sleep 60\n")
    assert done.status == 1
    assert "it was ended after 1 s" in done.error


def test_nothing_happens_without_hooks(tmp_path: Path) -> None:
    """As in most clusters."""
    done = Sandbox(tmp_path, after="ls /var/lib/kubeadm-ha").step(SCRIPT, {"KUBERNETES_VERSION": "1.36.3"})
    assert (done.status, done.output, done.seen) == (0, "joined\n", "")


def test_what_a_hook_writes_can_be_read(tmp_path: Path) -> None:
    """As when it is run by hand: only what a step itself writes is root's alone."""
    done = run(
        Sandbox(tmp_path, after="stat -c %a /etc/profile.d/site.sh"),
        a="mkdir /etc/profile.d; touch /etc/profile.d/site.sh\n",
    )
    assert done.seen == "644\n", done.error


def test_what_a_hook_leaves_running_holds_nobody_up(tmp_path: Path) -> None:
    """The next step of the host would wait for it."""
    after = "flock -n /run/lock/kubeadm-ha echo free; kill $(cat /run/agent)"
    done = run(Sandbox(tmp_path, after=after), a="/bin/sleep 60 & echo $! >/run/agent\n")
    assert done.seen == "free\n", done.error
