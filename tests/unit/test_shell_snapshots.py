"""Snapshots of etcd on a host: only whole ones count, old ones go last, and whatever fails is seen."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from components import remote
from components.render import snapshots
from tests.unit import clusters, transitions
from tests.unit.sandbox import Result, Sandbox

FOLDER, PROGRAM, UNITS = "/var/lib/etcd-snapshots", "/usr/local/lib/kubeadm-ha-snapshots", "/etc/systemd/system"
SCRIPT = (remote.SCRIPTS / "snapshots/take-snapshot.sh").read_text()
STEP = {"ETCD": "hosts", "SNAPSHOTS": FOLDER}
TAKEN = {**STEP, "KEEP": "2", "THEN_SECONDS": "5", "PATIENCE": "0"}
#: etcd ends what it sends with its SHA-256.
WHOLE = bytes(1024) + hashlib.sha256(bytes(1024)).digest()
OLD = [f"{FOLDER}/node-1-2026{month:02}01T000000Z.db" for month in (1, 2, 3)]
FAILED = "node-1: the snapshot of etcd:"


@pytest.fixture
def host(tmp_path: Path) -> Sandbox:
    """Return a host with a member, and three snapshots that are older."""
    (tmp_path / "db").write_bytes(WHOLE)
    made = Sandbox(tmp_path)
    made.fakes = {
        "etcdctl": f"""case "$*" in
          *'snapshot save '*) for last; do :; done; cp {tmp_path}/db "$last" ;;
          *' put '*) for last; do :; done; printf '%s' "$last" >/run/noted ;;
        esac""",
        "etcdutl": "echo '{}'",
    }
    made.before = f"""mount -t tmpfs tmpfs /usr/local/bin; mount -t tmpfs tmpfs /usr/local/lib
        cp {tmp_path}/bin/etcdctl {tmp_path}/bin/etcdutl /usr/local/bin
        mkdir -p {FOLDER} {UNITS}; touch {" ".join(OLD)}"""
    made.after = f"cat /run/noted; echo; ls -A {FOLDER}"
    return made


def take(host: Sandbox, then: str = "", **inputs: str) -> Result:
    """Run what the timer runs."""
    files = {"take-snapshot.sh": SCRIPT, **({"then": then} if then else {})}
    return host.step("exec bash take-snapshot.sh", {**TAKEN, **inputs}, files)


def noted(done: Result) -> dict[str, str]:
    """Return what the host left in etcd."""
    note: dict[str, str] = json.loads(done.seen.splitlines()[0])
    return note


def kept(done: Result) -> list[str]:
    """Return the names in the folder."""
    return done.seen.splitlines()[1:]


def test_one_is_taken_with_the_members_own_certificate(host: Sandbox) -> None:
    """For root alone, at this host's member; what it is called is printed and noted."""
    host.after += f"; stat -c '%a %n' {FOLDER}/*"
    done = take(host)
    assert done.status == 0, done.error
    path = done.output.splitlines()[-1]
    assert f"600 {path}" in done.seen
    assert noted(done) == {"taken": path[len(f"{FOLDER}/node-1-") : -len(".db")], "problem": ""}
    saved = next(call for call in done.calls if "snapshot save" in call)
    assert "--endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/member.crt" in saved


def test_older_ones_go_when_there_is_a_new_one(host: Sandbox) -> None:
    """Beyond those that are kept, and of this host alone; another file is nobody's to remove."""
    others = ["node-10-20200101T000000Z.db", "notes.txt", "node-1-before-the-upgrade.db"]
    host.before += "".join(f"; touch {FOLDER}/{name}" for name in others)
    done = take(host)
    new = done.output.splitlines()[-1].rpartition("/")[2]
    assert sorted(kept(done)) == sorted([*others, new, OLD[-1].rpartition("/")[2]])


def test_a_clock_that_was_ahead_costs_no_new_one(host: Sandbox) -> None:
    """Names of the future do not push out what was just taken."""
    host.before += f"; touch {FOLDER}/node-1-20990101T000000Z.db {FOLDER}/node-1-20990102T000000Z.db"
    done = take(host)
    new = done.output.splitlines()[-1].rpartition("/")[2]
    assert kept(done) == [new, "node-1-20990102T000000Z.db"]


@pytest.mark.parametrize("content", [WHOLE[:-1] + b"x", WHOLE[:-32], b"x" + WHOLE[1:], b""])
def test_a_damaged_one_is_none(host: Sandbox, content: bytes) -> None:
    """Those before it stay, all of them, and nothing of it is left."""
    (host.folder / "db").write_bytes(content)
    done = take(host)
    assert done.status == 1
    assert f"{FAILED} what was taken is damaged." in done.error
    assert [f"{FOLDER}/{name}" for name in kept(done)] == OLD
    assert noted(done) == {"taken": "20260301T000000Z", "problem": "what was taken is damaged"}


def test_what_etcds_own_tool_refuses_is_none(host: Sandbox) -> None:
    """It reads the database, whatever its sum."""
    host.fakes["etcdutl"] = "exit 1"
    assert f"{FAILED} what was taken is damaged." in take(host).error


def test_a_member_that_does_not_answer(host: Sandbox) -> None:
    """It is waited for, and then told; older snapshots stay."""
    host.fakes["etcdctl"] = "echo 'connection refused' >&2; exit 1"
    host.after = f"ls -A {FOLDER}"
    done = take(host)
    assert done.status == 1
    assert "connection refused" in done.error
    assert f"{FAILED} this host's member does not answer." in done.error
    assert [f"{FOLDER}/{name}" for name in done.seen.splitlines()] == OLD


def test_a_disk_that_is_full(host: Sandbox) -> None:
    """What etcdctl says is shown, and what it began is removed."""
    host.fakes["etcdctl"] = host.fakes["etcdctl"].replace(
        f'cp {host.folder}/db "$last"', 'touch "$last.part"; echo no space left on device >&2; exit 1'
    )
    done = take(host)
    assert "no space left on device" in done.error
    assert f"{FAILED} it could not be taken." in done.error
    assert [f"{FOLDER}/{name}" for name in kept(done)] == OLD


def test_a_folder_that_is_not_mounted(host: Sandbox) -> None:
    """A disk that is missing is no reason to write beside it."""
    host.before += f"; rm -r {FOLDER}"
    done = take(host)
    assert f"{FAILED} {FOLDER} is not there. Mount it, or run `pulumi up` again." in done.error
    assert noted(done)["taken"] == ""


def test_a_note_that_etcd_does_not_take_fails_nothing(host: Sandbox) -> None:
    """The snapshot is good, and its age is seen."""
    host.fakes["etcdctl"] = host.fakes["etcdctl"].replace("*' put '*)", "*' put '*) exit 1; ")
    done = take(host)
    assert done.status == 0
    assert "etcd did not take a note of it" in done.error


def test_a_stacked_members_tools_come_from_where_it_runs(host: Sandbox) -> None:
    """They are kept for a restore, and fetched anew only when they are others."""
    host.fakes["crictl"] = 'case "$1" in ps) echo c0ffee ;; inspect) echo self ;; esac'
    host.after = f"ls -l {PROGRAM}"
    host.before += f"; mkdir {PROGRAM}"
    run = f"cp take-snapshot.sh {PROGRAM} && bash {PROGRAM}/take-snapshot.sh && touch -d @0 {PROGRAM}/etcdutl && "
    run += f"bash {PROGRAM}/take-snapshot.sh && stat -c %Y {PROGRAM}/etcdutl"
    done = host.step(run, {**TAKEN, "ETCD": "stacked"}, {"take-snapshot.sh": SCRIPT})
    assert done.status == 0, done.error
    assert done.output.splitlines()[-1] == "0"
    assert "-rwx------" in next(line for line in done.seen.splitlines() if line.endswith("etcdutl"))
    saved = next(call for call in done.calls if "snapshot save" in call)
    assert "--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt" in saved


def test_a_stacked_member_that_does_not_run(host: Sandbox) -> None:
    """Then there is nothing to take one of."""
    host.fakes["crictl"] = ""
    assert f"{FAILED} this host's member does not answer." in take(host, ETCD="stacked").error


def test_the_users_script_gets_the_path_and_the_way_out(host: Sandbox) -> None:
    """After the snapshot has its name; by the interpreter that it names."""
    say = '#!/usr/bin/env -S sh -u\nls "$1" >/run/said; echo "$https_proxy $PWD" >>/run/said\n'
    host.after = "cat /run/said"
    done = take(host, say, PROXY_HTTPS="http://proxy.example:3128")
    assert done.status == 0, done.error
    assert done.seen.splitlines() == [done.output.splitlines()[-1], "http://proxy.example:3128 /"]


@pytest.mark.parametrize(("then", "status"), [("echo no bucket >&2; exit 3\n", 3), ("exec sleep 60\n", 124)])
def test_a_script_that_fails_is_seen_and_the_snapshot_stays(host: Sandbox, then: str, status: int) -> None:
    """Also one that hangs: it has a deadline."""
    done = take(host, then, THEN_SECONDS="1")
    assert done.status == 1
    assert f"{FAILED} it was taken, and `then` failed with status {status}." in done.error
    assert len(kept(done)) == 2
    assert noted(done)["problem"] == f"it was taken, and `then` failed with status {status}"
    assert noted(done)["taken"] > "20260301"


def units(dev: clusters.File) -> dict[str, str]:
    """Return the files beside the step."""
    cluster = transitions.load(transitions.edited(dev, transitions.put("etcd.snapshots", {})))
    assert cluster.etcd.snapshots
    return {
        "take-snapshot.sh": SCRIPT,
        "kubeadm-ha-snapshot.service": snapshots.service(cluster, cluster.etcd.snapshots, "node-1"),
        "kubeadm-ha-snapshot.timer": snapshots.timer(cluster.etcd.snapshots),
    }


def test_a_host_takes_one_before_the_timer_is_there(host: Sandbox, dev: clusters.File) -> None:
    """What fails is seen by who runs `up`; the folder is for root alone."""
    host.fakes["systemctl"] = ""
    host.before += f"; rm -r {FOLDER}; mkdir -p {PROGRAM}; touch {PROGRAM}/then"
    host.after = f"stat -c '%a %n' {FOLDER} /var/lib {PROGRAM} {PROGRAM}/* {UNITS}/*"
    done = host.script("keep-snapshots", STEP, units(dev))
    assert done.status == 0, done.error
    assert done.calls == [
        "systemctl daemon-reload",
        "systemctl start kubeadm-ha-snapshot.service",
        "systemctl -q enable kubeadm-ha-snapshot.timer",
        "systemctl restart kubeadm-ha-snapshot.timer",
    ]
    assert done.seen.splitlines() == [
        f"700 {FOLDER}",
        "755 /var/lib",
        f"700 {PROGRAM}",
        f"700 {PROGRAM}/take-snapshot.sh",
        f"644 {UNITS}/kubeadm-ha-snapshot.service",
        f"644 {UNITS}/kubeadm-ha-snapshot.timer",
    ]


def test_units_that_are_there_are_left_alone(host: Sandbox, dev: clusters.File) -> None:
    """A second run tells systemd nothing new of them."""
    host.fakes["systemctl"] = ""
    for name, text in units(dev).items():
        (host.folder / name).write_text(text)
        host.before += f"; install -m 644 {host.folder}/{name} {UNITS}/"
    done = host.script("keep-snapshots", STEP, {**units(dev), "then": "echo\n"})
    assert "systemctl daemon-reload" not in done.calls
    assert done.status == 0, done.error


@pytest.mark.parametrize("first", [True, False])
def test_one_that_fails_ends_the_step(host: Sandbox, dev: clusters.File, first: bool) -> None:
    """With what the journal has of it; the first leaves nothing behind, and no timer that would fail unseen."""
    host.fakes["systemctl"] = f'case "$*" in start*) exit 1 ;; *is-enabled*) exit {int(first)} ;; esac'
    host.after = f"ls {UNITS} {PROGRAM}"
    host.fakes["journalctl"] = "echo 'error: node-1: the snapshot of etcd: it could not be taken.'"
    done = host.script("keep-snapshots", STEP, units(dev))
    assert done.status == 1
    assert "| error: node-1: the snapshot of etcd: it could not be taken." in done.error
    assert "taking a snapshot of etcd failed with status 1" in done.error
    assert not [call for call in done.calls if "timer" in call and "is-enabled" not in call]
    assert ("take-snapshot.sh" in done.seen, "kubeadm-ha-snapshot.timer" in done.seen) == (not first, not first)


@pytest.mark.parametrize("answers", ["", "exit 1"])
def test_they_end_without_a_trace_but_themselves(host: Sandbox, dev: clusters.File, answers: str) -> None:
    """Timer, service, script and note go, whether etcd answers or not; the snapshots stay."""
    host.fakes["systemctl"] = 'case "$*" in *is-failed*) exit 1 ;; esac'
    host.fakes["etcdctl"] = answers
    stamp = "/var/lib/systemd/timers/stamp-kubeadm-ha-snapshot.timer"
    host.before += f"; mkdir -p {PROGRAM} {Path(stamp).parent}; touch {stamp}"
    for name, text in units(dev).items():
        (host.folder / name).write_text(text)
        host.before += f"; install -m 644 {host.folder}/{name} {PROGRAM if name.endswith('.sh') else UNITS}/"
    host.after = f"ls -A {UNITS}; ls {FOLDER}; [ -e {PROGRAM} ] || [ -e {stamp} ] || echo gone"
    done = host.script("stop-snapshots", STEP)
    assert done.status == 0, done.error
    assert [call for call in done.calls if "systemctl" in call] == [
        "systemctl disable --now kubeadm-ha-snapshot.timer",
        "systemctl stop kubeadm-ha-snapshot.service",
        "systemctl -q is-failed kubeadm-ha-snapshot.service",
        "systemctl daemon-reload",
    ]
    assert "del /kubeadm-ha/snapshots/node-1" in next(call for call in done.calls if call.startswith("etcdctl"))
    assert done.seen.splitlines() == [*(path.rpartition("/")[2] for path in OLD), "gone"]


def test_ending_them_where_they_never_were(host: Sandbox) -> None:
    """Nothing is there to end."""
    host.fakes["systemctl"] = 'case "$*" in *is-failed*) exit 1 ;; esac'
    done = host.script("stop-snapshots", STEP)
    assert (done.status, done.error) == (0, "")
