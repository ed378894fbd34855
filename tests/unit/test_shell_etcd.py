"""The scripts of etcd on hosts of its own: what each decides to do, and above all what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import did, ran

ADDRESSES = {"node-1": "192.0.2.1", "etcd-2": "192.0.2.32", "etcd-3": "192.0.2.33", "etcd-9": "192.0.2.39"}
IDS = {name: f"bbbb00000000000{number}" for number, name in enumerate(ADDRESSES)}
INPUTS = {
    "ETCD_VERSION": "3.6.8",
    "ETCD_DATA": "/var/lib/etcd",
    "MEMBERS": "node-1=192.0.2.1 etcd-2=192.0.2.32 etcd-3=192.0.2.33",
}
FILES = {"etcd.yaml": "name: node-1\n", "pki/ca.crt": "ca\n", "pki/member.crt": "crt\n", "pki/member.key": "key\n"}
STAGED = "/var/lib/kubeadm-ha/etcd-3.6.8"
#: Data of this stack's etcd, whose settings are those that are wanted.
RUNS = f"""
mkdir -p /var/lib/etcd/member /etc/etcd /etc/systemd/system /usr/local/bin
echo ca >/var/lib/kubeadm-ha/etcd-authority
printf 'name: node-1\\ninitial-cluster: x\\ninitial-cluster-state: new\\n' >/etc/etcd/etcd.yaml
chmod 644 /etc/etcd/etcd.yaml
cp {STAGED}/* /run/bin/; echo running >/run/started"""


def line(name: str, *, learner: bool = False, started: bool = True) -> str:
    """Return a line of `etcdctl member list`."""
    peer = f"https://{ADDRESSES[name]}:2380"
    client = f"https://{ADDRESSES[name]}:2379" if started else ""
    known = name if started or not learner else ""
    return f"{IDS[name]}, {'started' if known else 'unstarted'}, {known}, {peer}, {client}, {str(learner).lower()}"


def etcdctl(*members: str, sick: tuple[str, ...] = ()) -> str:
    """Return an etcdctl of an etcd with these lines of members; none of them answers when there is none."""
    listed = "\n".join(members)
    healthy = "\n".join(f"https://{address}:2379 is healthy" for name, address in ADDRESSES.items() if name not in sick)
    down = "|".join(f"*{ADDRESSES[name]}:2379*" for name in sick) or "nothing"
    return f"""#!/bin/sh
echo "etcdctl $*" >>/run/etcdctl
[ -e /run/members ] || printf '%s\\n' '{listed}' >/run/members
case $1 in --endpoints={down}) exit 1 ;; esac
[ -s /run/members ] && [ -n "$(cat /run/members)" ] || exit 1
case "$*" in
  *'member list'*) cat /run/members ;;
  *'member add'*) echo '{line("node-1", learner=True, started=False)}' >>/run/members ;;
  *'member promote'*) sed -i '/192.0.2.1:2380/s/true$/false/' /run/members ;;
  *'member remove '*) for last; do :; done; sed -i "/^$last,/d" /run/members ;;
  *'endpoint health --cluster'*) printf '%s\\n' '{healthy}' ;;
  *'endpoint health'*) ;;
  *'endpoint status'*) echo 'https://192.0.2.1:2379, 1, 3.6.8, 3.6.0, 20 kB' ;;
  *) exit 2 ;;
esac
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host that has been prepared for etcd."""
    fakes = {"systemctl": "exit 0", "useradd": "exit 0", "userdel": "exit 0", "chown": "exit 0"}
    fakes |= {"sleep": "exec /bin/sleep 0.05", "getent": "exit 0"}
    # The user etcd is nobody here.
    fakes["install"] = 'set -- $(printf "%s " "$@" | sed "s/-o etcd -g etcd//"); exec /usr/bin/install "$@"'
    # A member that is started says so to the others.
    fakes["systemctl"] = f"""case "$*" in
      *restart*etcd*) sed -i '/192.0.2.1:2380/d' /run/members; echo '{line("node-1", learner=True)}' >>/run/members ;;
    esac"""
    looks = "cat /etc/etcd/etcd.yaml 2>/dev/null; ls -A /var/lib/etcd 2>/dev/null; cat /run/etcdctl 2>/dev/null"
    return Sandbox(tmp_path, fakes, after=looks)


def run(sandbox: Sandbox, script: str, tool: str, before: str = ":", more: dict[str, str] | None = None) -> Result:
    """Run a script where `before` has been done, with this etcdctl; programs go to a folder in memory."""
    sandbox.before = f"""
        mkdir -p {STAGED} /run/bin /etc/systemd/system
        mount --bind /run/bin /usr/local/bin
        cat >{STAGED}/etcdctl <<'END'
{tool}
END
        cp {STAGED}/etcdctl {STAGED}/etcd; cp {STAGED}/etcdctl {STAGED}/etcdutl; chmod 755 {STAGED}/*
        {before}"""
    return sandbox.script(script, INPUTS | (more or {}), FILES)


class TestRun:
    """scripts/run-etcd.sh."""

    def test_a_new_etcd_is_begun_with_all_members(self, sandbox: Sandbox) -> None:
        """In the run that creates the cluster, when nobody answers: nobody is waited for, since none is well alone."""
        done = run(sandbox, "run-etcd", etcdctl(), more={"NEW_CLUSTER": "yes"})
        assert done.status == 0, done.error
        assert "initial-cluster-state: new" in done.seen
        peers = ",".join(f"{n}=https://{ADDRESSES[n]}:2380" for n in ("node-1", "etcd-2", "etcd-3"))
        assert f"initial-cluster: {peers}\n" in done.seen
        assert did(done, "systemctl restart --no-block etcd")

    def test_no_second_etcd_is_begun(self, sandbox: Sandbox) -> None:
        """In any other run, silence is the loss of a majority, and not a reason to begin."""
        done = run(sandbox, "run-etcd", etcdctl())
        assert done.status == 1
        assert "no other etcd member answers, and there is no data here" in done.error
        assert not did(done, "restart")

    def test_a_beginning_that_failed_is_begun_again(self, sandbox: Sandbox) -> None:
        """etcd refused its settings and never wrote anything: the run that mends them is another one."""
        done = run(sandbox, "run-etcd", etcdctl(), "touch /var/lib/kubeadm-ha/etcd-begun")
        assert done.status == 0, done.error
        assert "initial-cluster-state: new" in done.seen

    def test_a_new_member_learns_first(self, sandbox: Sandbox) -> None:
        """Added as a learner, started, then promoted."""
        done = run(sandbox, "run-etcd", etcdctl(line("etcd-2"), line("etcd-3")))
        assert done.status == 0, done.error
        assert "member add node-1 --learner --peer-urls=https://192.0.2.1:2380" in done.seen
        assert f"member promote {IDS['node-1']}" in done.seen
        assert "initial-cluster-state: existing" in done.seen
        assert "node-1=https://192.0.2.1:2380" in done.seen

    def test_a_member_that_never_started_is_started(self, sandbox: Sandbox) -> None:
        """An interrupted run added it: it is not added a second time."""
        unstarted = line("node-1", learner=True, started=False)
        done = run(sandbox, "run-etcd", etcdctl(line("etcd-2"), line("etcd-3"), unstarted))
        assert done.status == 0, done.error
        assert "member add" not in done.seen
        assert f"member promote {IDS['node-1']}" in done.seen

    def test_the_learner_of_a_host_that_is_not_wanted_goes(self, sandbox: Sandbox) -> None:
        """It was added and never started, and would let nobody else join."""
        stranger = line("etcd-9", learner=True, started=False)
        done = run(sandbox, "run-etcd", etcdctl(line("etcd-2"), line("etcd-3"), stranger))
        assert done.status == 0, done.error
        assert f"member remove {IDS['etcd-9']}" in done.seen

    def test_one_member_joins_at_a_time(self, sandbox: Sandbox) -> None:
        """A learner that runs is another host's business."""
        done = run(sandbox, "run-etcd", etcdctl(line("etcd-2"), line("etcd-3", learner=True)))
        assert done.status == 1
        assert "etcd has a learner already: https://192.0.2.33:2380" in done.error

    def test_a_majority_is_not_put_at_stake(self, sandbox: Sandbox) -> None:
        """With too few healthy members nothing is added."""
        members = (line("etcd-2"), line("etcd-3"), line("etcd-9"))
        done = run(sandbox, "run-etcd", etcdctl(*members, sick=("etcd-3", "etcd-9", "node-1")))
        assert done.status == 1
        assert "only 1 of 3 etcd members are healthy" in done.error
        assert "member add" not in done.seen

    def test_lost_data_is_not_replaced_in_silence(self, sandbox: Sandbox) -> None:
        """The others know a member here that ran, and there is nothing on the disk."""
        done = run(sandbox, "run-etcd", etcdctl(line("node-1"), line("etcd-2"), line("etcd-3")))
        assert done.status == 1
        assert "its data is not here any more" in done.error

    def test_data_of_somebody_else_is_left_alone(self, sandbox: Sandbox) -> None:
        """This stack did not write it."""
        done = run(sandbox, "run-etcd", etcdctl(), "mkdir -p /var/lib/etcd/member", {"NEW_CLUSTER": "yes"})
        assert done.status == 1
        assert "holds the data of an etcd that this stack does not know" in done.error
        assert "member" in done.seen

    def test_an_etcd_of_the_host_is_left_alone(self, sandbox: Sandbox) -> None:
        """Its unit is not ours."""
        done = run(sandbox, "run-etcd", etcdctl(), "echo theirs >/etc/systemd/system/etcd.service")
        assert done.status == 1
        assert "this host has an etcd of its own" in done.error

    def test_new_settings_restart_it_when_the_others_are_well(self, sandbox: Sandbox) -> None:
        """Whom it began with is no setting."""
        members = (line("node-1"), line("etcd-2"), line("etcd-3"))
        done = run(
            sandbox, "run-etcd", etcdctl(*members), f"{RUNS}\necho 'quota-backend-bytes: 1' >>/etc/etcd/etcd.yaml"
        )
        assert done.status == 0, done.error
        assert did(done, "systemctl restart --no-block etcd")
        assert "quota" not in done.seen

    def test_it_does_not_restart_beside_a_sick_one(self, sandbox: Sandbox) -> None:
        """The majority would be at stake."""
        members = (line("node-1"), line("etcd-2"), line("etcd-3"))
        changed = f"{RUNS}\necho 'quota-backend-bytes: 1' >>/etc/etcd/etcd.yaml"
        done = run(sandbox, "run-etcd", etcdctl(*members, sick=("etcd-3",)), changed)
        assert done.status == 1
        assert "health of every other etcd member did not happen within 15 s" in done.error
        assert not did(done, "restart")

    def test_a_member_that_was_taken_out_joins_anew(self, sandbox: Sandbox) -> None:
        """Nobody goes on from the data that it has."""
        done = run(
            sandbox, "run-etcd", etcdctl(line("etcd-2"), line("etcd-3")), f"{RUNS}\ntouch /var/lib/etcd/member/old"
        )
        assert done.status == 0, done.error
        assert "member add node-1 --learner" in done.seen
        assert "initial-cluster-state: existing" in done.seen


class TestLeave:
    """scripts/leave-etcd.sh."""

    OURS = "echo '# kubeadm-ha' >/etc/systemd/system/etcd.service"

    def test_it_leaves_by_the_others(self, sandbox: Sandbox) -> None:
        """Taken out first, then stopped, then cleaned."""
        members = (line("node-1"), line("etcd-2"), line("etcd-3"))
        done = run(sandbox, "leave-etcd", etcdctl(*members), f"{RUNS}\n{self.OURS}")
        assert done.status == 0, done.error
        assert f"member remove {IDS['node-1']}" in done.seen
        assert did(done, "systemctl disable --now etcd")
        assert "name: node-1" not in done.seen

    def test_the_last_one_ends_it(self, sandbox: Sandbox) -> None:
        """There is nobody to be taken out by."""
        done = run(sandbox, "leave-etcd", etcdctl(line("node-1")), f"{RUNS}\n{self.OURS}")
        assert done.status == 0, done.error
        assert "member remove" not in done.seen
        assert did(done, "systemctl disable --now etcd")

    def test_a_host_without_a_member_is_only_cleaned(self, sandbox: Sandbox) -> None:
        """Data that is not ours stays."""
        done = run(sandbox, "leave-etcd", etcdctl(), "mkdir -p /var/lib/etcd/member")
        assert done.status == 0, done.error
        assert "member" in done.seen
        assert not ran(done, "systemctl")


class TestEvict:
    """scripts/evict-lost-member.sh."""

    LOST: ClassVar = {"LOST_NAME": "etcd-9", "LOST_ADDRESS": "192.0.2.39"}

    def test_a_lost_member_goes(self, sandbox: Sandbox) -> None:
        """The majority agrees on it; a second run finds it done."""
        members = (line("node-1"), line("etcd-2"), line("etcd-3"), line("etcd-9"))
        done = run(sandbox, "evict-lost-member", etcdctl(*members, sick=("etcd-9",)), more=self.LOST)
        assert done.status == 0, done.error
        assert f"member remove {IDS['etcd-9']}" in done.seen
        done = run(sandbox, "evict-lost-member", etcdctl(*members[:3], sick=("etcd-9",)), more=self.LOST)
        assert done.status == 0, done.error
        assert "member remove" not in done.seen

    def test_a_host_that_answers_is_not_lost(self, sandbox: Sandbox) -> None:
        """Its line is to be removed instead."""
        done = run(sandbox, "evict-lost-member", etcdctl(line("node-1"), line("etcd-9")), more=self.LOST)
        assert done.status == 1
        assert "etcd-9 is not lost: its etcd member answers" in done.error
