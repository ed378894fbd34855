"""scripts/lib/drain.sh: which pods go, how, and when that is given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sandbox import Result, Sandbox

LIBRARIES = ". lib/base.sh\n. lib/cluster.sh\n. lib/drain.sh\n"
#: namespace, name, phase, kind of owner: as the API's answer is printed.
WEB = "default\tweb-1\tRunning\tReplicaSet"
DATA = "data\tdb-0\tPending\tStatefulSet"
STAYING = [
    "kube-system\tetcd-cp-1\tRunning\tNode",
    "kube-flannel\tflannel-x\tRunning\tDaemonSet",
    "default\tjob-1\tSucceeded\tJob",
    "default\tjob-2\tFailed\tJob",
]
ALONE = "default\tby-hand\tRunning\t"
#: name, unschedulable, Ready, keys of NoSchedule taints.
ME = "node-1\ttrue\tTrue\t"
OTHER = "node-2\t\tTrue\t"


def kubectl(pods: list[str], nodes: list[str], evict: str = "rm -f /run/pods") -> str:
    """Return a fake kubectl that lists pods till `evict`, run for each eviction and deletion, takes them away."""
    quoted = " ".join(f"'{pod}'" for pod in pods) or "''"
    listed = " ".join(f"'{node}'" for node in nodes) or "''"
    return f"""
        case "$*" in
          *'get pods'*) if [ -e /run/pods ]; then printf '%s\\n' {quoted}; fi ;;
          *'get nodes'*) printf '%s\\n' {listed} ;;
          *eviction*) cat >>/run/sent; {evict} ;;
          *'delete pod'*) {evict} ;;
          *cordon*) ;;
          *) exit 2 ;;
        esac"""


def drained(
    sandbox: Sandbox,
    pods: list[str],
    nodes: list[str],
    unmanaged: str = "no",
    evict: str = "rm -f /run/pods",
    seconds: int = 60,
) -> Result:
    """Return what draining did."""
    sandbox.fakes["kubectl"] = kubectl(pods, nodes, evict)
    sandbox.fakes["sleep"] = "exec /bin/sleep 0.1"
    sandbox.before = "touch /run/pods"
    sandbox.after = "cat /run/sent"
    return sandbox.step(LIBRARIES + "drain", {"DRAIN_SECONDS": str(seconds), "DELETE_UNMANAGED_PODS": unmanaged})


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host."""
    return Sandbox(tmp_path)


def test_pods_that_go(sandbox: Sandbox) -> None:
    """Not the mirror pods, the daemons and what has ended; what nobody owns is marked."""
    sandbox.fakes["kubectl"] = kubectl([WEB, *STAYING, DATA, ALONE], [])
    sandbox.before = "touch /run/pods"
    done = sandbox.step(LIBRARIES + "pods_to_go", {"DRAIN_SECONDS": "1", "DELETE_UNMANAGED_PODS": "no"})
    assert done.output.splitlines() == ["default web-1 ReplicaSet", "data db-0 StatefulSet", "default by-hand -"]
    assert "--all-namespaces --field-selector spec.nodeName=node-1 " in done.calls[0]


@pytest.mark.parametrize(
    ("others", "room"),
    [
        ([], False),
        ([OTHER], True),
        (["node-2\ttrue\tTrue\t"], False),
        (["node-2\t\tFalse\t"], False),
        (["node-2\t\tUnknown\t"], False),
        (["node-2\t\tTrue\tnode-role.kubernetes.io/control-plane"], False),
        (["node-2\ttrue\tTrue\t", "node-3\t\tTrue\t"], True),
    ],
    ids=["alone", "free", "cordoned", "not ready", "silent", "control plane", "one of two"],
)
def test_whether_others_take_pods(sandbox: Sandbox, others: list[str], room: bool) -> None:
    """Another node that is ready, takes pods and has no taint."""
    sandbox.fakes["kubectl"] = kubectl([], [ME, *others])
    inputs = {"DRAIN_SECONDS": "1", "DELETE_UNMANAGED_PODS": "no"}
    done = sandbox.step(LIBRARIES + 'read_takers && [ -s "$WORK/takers" ] && echo yes || echo no', inputs)
    assert done.output == ("yes\n" if room else "no\n")


def test_pods_are_evicted_where_others_take_them(sandbox: Sandbox) -> None:
    """An eviction heeds disruption budgets; it is sent as the node itself may send it."""
    done = drained(sandbox, [WEB, *STAYING], [ME, OTHER])
    assert done.status == 0, done.error
    assert done.seen == (
        '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"namespace":"default","name":"web-1"}}'
    )
    assert [call for call in done.calls if "create" in call] == [
        "kubectl --request-timeout=15s create --raw /api/v1/namespaces/default/pods/web-1/eviction -f -"
    ]
    assert not [call for call in done.calls if "delete" in call]


def test_no_answer_is_not_taken_for_nobody(sandbox: Sandbox) -> None:
    """An API that is away for a moment must not have pods deleted past their disruption budgets."""
    away = "case $* in *'get nodes'*) [ -e /run/asked ] || { touch /run/asked; exit 1; } ;; esac\n"
    sandbox.before = "touch /run/pods"
    sandbox.fakes |= {"kubectl": away + kubectl([WEB], [ME, OTHER]), "sleep": "exec /bin/sleep 0.1"}
    done = sandbox.step(LIBRARIES + "drain", {"DRAIN_SECONDS": "60", "DELETE_UNMANAGED_PODS": "no"})
    assert done.status == 0, done.error
    assert [call for call in done.calls if "eviction" in call]
    assert not [call for call in done.calls if "delete" in call]


def test_pods_are_deleted_where_nobody_takes_them(sandbox: Sandbox) -> None:
    """With the last node that takes pods a budget would never be kept: waiting would be for ever."""
    done = drained(sandbox, [WEB], [ME])
    assert done.status == 0, done.error
    assert [call for call in done.calls if "delete" in call] == [
        "kubectl --request-timeout=15s -n default delete pod web-1 --wait=false --ignore-not-found"
    ]


def test_the_node_is_cordoned_first(sandbox: Sandbox) -> None:
    """Or what is evicted comes back."""
    calls = drained(sandbox, [WEB], [ME, OTHER]).calls
    cordon = next(n for n, call in enumerate(calls) if "cordon node-1" in call)
    assert cordon < next(n for n, call in enumerate(calls) if "eviction" in call)


def test_an_empty_node_is_cordoned_too(sandbox: Sandbox) -> None:
    """Nothing new starts on a node that leaves."""
    done = drained(sandbox, STAYING, [ME, OTHER])
    assert done.status == 0, done.error
    assert [call for call in done.calls if "cordon" in call]
    assert not [call for call in done.calls if "eviction" in call or "delete" in call]


def test_pods_that_nobody_creates_again_stop_it(sandbox: Sandbox) -> None:
    """Their names are told before anything is touched."""
    done = drained(sandbox, [WEB, ALONE, "data\tloose\tPending\t"], [ME, OTHER])
    assert done.status == 1
    assert "no controller would create these pods again: default/by-hand data/loose. " in done.error
    assert "drain.deleteUnmanagedPods" in done.error
    assert not [call for call in done.calls if "cordon" in call or "eviction" in call or "delete" in call]


def test_pods_that_nobody_creates_again_may_go(sandbox: Sandbox) -> None:
    """When the cluster file says so."""
    done = drained(sandbox, [ALONE], [ME, OTHER], unmanaged="yes")
    assert done.status == 0, done.error
    assert '"name":"by-hand"' in done.seen


def test_a_budget_that_never_allows_it_stops_it(sandbox: Sandbox) -> None:
    """The eviction is asked for again and again until the time is over; then the pods are named."""
    done = drained(sandbox, [WEB, DATA], [ME, OTHER], evict="echo 'would violate the budget' >&2; exit 1", seconds=2)
    assert done.status == 1
    assert "after 2 s these pods are still here: default/web-1 data/db-0. " in done.error
    assert "kubectl get pdb -A" in done.error
    assert len([call for call in done.calls if "web-1/eviction" in call]) >= 1


def test_an_api_that_does_not_answer_is_no_empty_node(sandbox: Sandbox) -> None:
    """A list that could not be read is not a list without pods."""
    sandbox.fakes["kubectl"] = "exit 1"
    inputs = {"DRAIN_SECONDS": "1", "DELETE_UNMANAGED_PODS": "no"}
    done = sandbox.step(LIBRARIES + "drain; echo drained", inputs, deadline_seconds=1)
    assert done.status != 0
    assert not [call for call in done.calls if "cordon" in call]
    assert "drained" not in done.output
