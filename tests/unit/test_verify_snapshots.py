"""Judging etcd's snapshots by what hosts noted of them."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.test_verify import CONTROL_PLANES, NOW, STACK, fine, row
from tests.unit.test_verify_etcd import BESIDE
from tests.unit.test_verify_looks import fake_kubectl
from verify import gather, members, snapshots, stack
from verify.facts import Facts, SnapshotNote, Stack
from verify.judge import judge
from verify.judgement import Verdict
from verify.kubectl import Kubectl

TAKING = replace(STACK, snapshot_hours=6)
FRESH = SnapshotNote(NOW - timedelta(minutes=12))


def seen(**notes: SnapshotNote | None) -> Facts:
    """Return what is seen when all is well, hosts' notes aside; `_` stands for `-`, and None for no note."""
    given = {**dict.fromkeys(CONTROL_PLANES, FRESH), **{host.replace("_", "-"): note for host, note in notes.items()}}
    return replace(fine(), snapshots={host: note for host, note in given.items() if note})


def encoded(text: str) -> str:
    """Return text as etcd's JSON has it."""
    return base64.b64encode(text.encode()).decode()


def answer(**notes: dict[str, str]) -> dict[str, object]:
    """Return what etcd says of its range of notes."""
    return {
        "kvs": [{"key": encoded(f"{snapshots.PREFIX}{h}"), "value": encoded(json.dumps(n))} for h, n in notes.items()]
    }


def test_all_fine() -> None:
    """A row of its own, which costs no redundancy."""
    judged = judge(TAKING, seen(), 14)
    assert judged.verdict is Verdict.AVAILABLE, judged.faults
    check = row(judged, "snapshots")
    assert (check.ready, check.wanted, check.losses) == (3, 3, None)
    assert check.detail.startswith("every 6 h, the last one 12 min ago on cp-")


def test_nothing_is_said_where_none_are_taken() -> None:
    """A cluster without the section has no such row, whatever an earlier time left in etcd."""
    judged = judge(STACK, seen(), 14)
    assert "snapshots" not in [check.name for check in judged.checks]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (SnapshotNote(NOW - timedelta(hours=13)), "the last one was 13 h ago"),
        (SnapshotNote(NOW - timedelta(days=9)), "the last one was 9 days ago"),
        (SnapshotNote(NOW - timedelta(hours=1), "what was taken is damaged"), "what was taken is damaged"),
        (SnapshotNote(None), "there is none"),
        (None, "none was ever taken"),
    ],
)
def test_one_that_is_missing_is_a_fault(note: SnapshotNote | None, said: str) -> None:
    """The cluster works, and somebody has to look."""
    judged = judge(TAKING, seen(cp_2=note), 14)
    assert judged.verdict is Verdict.DEGRADED
    assert judged.faults == [f"snapshots of etcd on cp-2: {said}"]
    assert judged.control_planes == 1


def test_one_that_is_late_is_waited_for() -> None:
    """Up to twice the time: a host may just be restarting."""
    assert judge(TAKING, seen(cp_2=SnapshotNote(NOW - timedelta(hours=11))), 14).verdict is Verdict.AVAILABLE


def test_hosts_that_left_are_not_judged() -> None:
    """Their notes may stay in etcd."""
    assert judge(TAKING, seen(cp_9=SnapshotNote(None, "away")), 14).verdict is Verdict.AVAILABLE


def test_what_is_not_known_is_a_fault() -> None:
    """And it says why."""
    judged = judge(TAKING, replace(fine(), snapshots="kubectl did not end within 4 s"), 14)
    assert judged.faults == ["what became of etcd's snapshots is not known: kubectl did not end within 4 s"]


def test_etcds_json_is_understood() -> None:
    """Keys and values in base64; without any there is no list."""
    given = answer(**{"cp-1": {"taken": "20261121T024800Z", "problem": ""}, "cp-2": {"taken": "", "problem": "away"}})
    assert snapshots.understood(given) == {"cp-1": FRESH, "cp-2": SnapshotNote(None, "away")}
    assert snapshots.understood({"header": {}}) == {}


def test_members_in_pods_are_asked_through_the_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second control plane when the first cannot say."""
    said = json.dumps(answer(**{"cp-1": {"taken": "20261121T024800Z", "problem": ""}}))
    script = f"case \"$*\" in *etcd-cp-1*) exit 1 ;; *'get --prefix /kubeadm-ha/snapshots/'*) echo '{said}' ;; esac"
    fake_kubectl(tmp_path, monkeypatch, script)
    way = Kubectl("/dev/null", "192.0.2.10")
    assert found(TAKING, way, "cp-1", "cp-2") == {"cp-1": FRESH}
    assert str(found(TAKING, way, "cp-1")).startswith("kubectl: ")
    assert found(TAKING, way) == "no API server is ready"
    assert found(STACK, way, "cp-1") == {}


def found(its: Stack, way: Kubectl, *living: str) -> object:
    """Return what is gathered."""
    with ThreadPoolExecutor() as pool:
        return gather._notes(pool, its, way, living)


def test_members_on_hosts_of_their_own_are_asked_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first that answers, for the range of notes."""
    asked = []

    def post(host: str, path: str, _: object, body: str) -> object:
        asked.append((path, json.loads(body)))
        return answer(**{"etcd-1": {"taken": "", "problem": ""}}) if host == "192.0.2.32" else "connection refused"

    monkeypatch.setattr(members, "_post", post)
    monkeypatch.setattr(members, "_context", lambda client: client)
    its = replace(BESIDE, snapshot_hours=6, etcd_client=object())  # type: ignore[arg-type]  # nobody looks at it here
    assert found(its, Kubectl("/dev/null", "")) == {"etcd-1": SnapshotNote(None)}
    assert asked[0] == ("/v3/kv/range", {"key": encoded(snapshots.PREFIX), "range_end": encoded(snapshots.END)})
    monkeypatch.setattr(members, "_post", lambda *_: "connection refused")
    assert found(its, Kubectl("/dev/null", "")) == "connection refused"


@pytest.mark.parametrize(
    ("deployed", "hours"),
    [
        ({}, 0),
        ({"etcd": {}}, 0),
        ({"etcd": {"snapshots": "off"}}, 0),
        ({"etcd": {"snapshots": {"everyHours": 12.0}}}, 12),
    ],
)
def test_the_stack_says_how_often(deployed: dict[str, object], hours: int) -> None:
    """An older version of the program says nothing of it."""
    assert stack._snapshot_hours(deployed) == hours
