"""scripts/lib/cluster.sh: how many etcd members there are, how many live, and what that allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fakes import IDS, address, kubectl
from tests.unit.sandbox import Sandbox

LIBRARIES = ". lib/base.sh\n. lib/cluster.sh\n. lib/etcd-pods.sh\n"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host."""
    return Sandbox(tmp_path)


@pytest.mark.parametrize(
    ("wanted", "healthy", "allowed"),
    [
        (1, 1, True), (1, 0, False),
        (2, 2, True), (2, 1, False),
        (3, 2, True), (3, 1, False),
        (4, 3, True), (4, 2, False),
        (5, 3, True), (5, 2, False),
        (7, 4, True), (7, 3, False),
    ],
)  # fmt: skip
def test_the_majority_rule(sandbox: Sandbox, wanted: int, healthy: int, allowed: bool) -> None:
    """More than half of the members that there will be have to be healthy."""
    done = sandbox.step(LIBRARIES + f"etcd_allows {wanted} {healthy} && echo yes || echo no")
    assert done.output == ("yes\n" if allowed else "no\n"), done.error


@pytest.mark.parametrize(
    ("members", "healthy", "aside", "count"),
    [
        (["cp-1"], ["cp-1"], "", 1),
        (["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2", "cp-3"], "", 3),
        (["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2", "cp-3"], "cp-3", 2),
        (["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2"], "", 2),
        (["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2"], "cp-3", 2),
        (["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2"], "cp-2", 1),
        (["cp-1", "cp-2"], ["cp-1", "cp-2"], "cp-1", 1),
        (["cp-1"], ["cp-1"], "cp-1", 0),
    ],
)
def test_healthy_members_are_counted_once(
    sandbox: Sandbox, members: list[str], healthy: list[str], aside: str, count: int
) -> None:
    """Each member counts once, however many pods had to be asked, and the one that goes does not count."""
    sandbox.fakes["kubectl"] = kubectl(members, healthy)
    url = f"https://{address(aside)}:2379" if aside else ""
    done = sandbox.step(LIBRARIES + f"etcd_healthy '{url}'")
    assert (done.status, done.output) == (0, f"{count}\n"), done.error


def test_addresses_that_begin_alike_are_different_members(sandbox: Sandbox) -> None:
    """192.0.2.1 is not 192.0.2.11."""
    sandbox.fakes["kubectl"] = kubectl(["cp-1", "cp-2"], ["cp-1", "cp-2"])
    assert sandbox.step(LIBRARIES + "etcd_healthy 'https://192.0.2.1:2379'").output == "2\n"


def test_no_pod_is_an_error(sandbox: Sandbox) -> None:
    """Without an etcd pod nothing is known, and nothing known is not a list without members."""
    sandbox.fakes["kubectl"] = kubectl([], [])
    done = sandbox.step(LIBRARIES + 'etcd_members >"$WORK/list" || echo unknown; cat "$WORK/list"')
    assert done.output == "unknown\n"
    assert "no etcd pod that is ready could run etcdctl member list" in done.error


def test_an_api_that_does_not_answer_is_an_error(sandbox: Sandbox) -> None:
    """The number of members is not zero because nobody could be asked."""
    sandbox.fakes["kubectl"] = "echo 'connection refused' >&2; exit 1"
    done = sandbox.step(LIBRARIES + "etcd_members || echo unknown")
    assert done.output == "unknown\n"


def test_the_tool_runs_where_it_may(sandbox: Sandbox) -> None:
    """Only in pods that are ready, and never on the host that is being taken out."""
    sandbox.fakes["kubectl"] = kubectl(["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2", "cp-3"], ready=["cp-2", "cp-3"])
    done = sandbox.step(LIBRARIES + "ETCD_NOT_ON=cp-2 etcd_members")
    execs = [call for call in done.calls if " exec " in call]
    assert len(execs) == 1
    assert " exec etcd-cp-3 -c etcd -- etcdctl --endpoints=https://127.0.0.1:2379 " in execs[0]


@pytest.mark.parametrize(
    ("name", "where", "wanted"),
    [
        ("cp-2", "192.0.2.12", IDS["cp-2"]),
        ("cp-9", "192.0.2.99", ""),
        ("cp", "192.0.2.1", ""),
        ("gone", "192.0.2.12", IDS["cp-2"]),
    ],
    ids=["by name", "none", "part of a name", "by address"],
)
def test_a_member_is_found(sandbox: Sandbox, name: str, where: str, wanted: str) -> None:
    """By its name, or by its address when it was added and never started: then it has no name."""
    sandbox.fakes["kubectl"] = kubectl(["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2", "cp-3"])
    done = sandbox.step(LIBRARIES + f"know_members; etcd_member_id {name} {where}")
    assert (done.status, done.output.strip()) == (0, wanted), done.error


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [("exit 0", "gone"), ("echo node/node-1", "there"), ("exit 1", "there")],
    ids=["no such node", "a node", "no answer"],
)
def test_a_node_is_gone_when_the_api_says_so(sandbox: Sandbox, answer: str, wanted: str) -> None:
    """An API that does not answer says nothing of a node."""
    sandbox.fakes["kubectl"] = answer
    assert sandbox.step(LIBRARIES + "node_gone && echo gone || echo there").output == f"{wanted}\n"


@pytest.mark.parametrize("answer", ["False", "Unknown", ""])
def test_a_node_is_ready_when_it_says_true(sandbox: Sandbox, answer: str) -> None:
    """Anything else, nothing included, is not ready."""
    sandbox.fakes["kubectl"] = f"printf %s '{answer}'"
    assert sandbox.step(LIBRARIES + "node_ready node-1 && echo yes || echo no").output == "no\n"
    sandbox.fakes["kubectl"] = "printf True"
    assert sandbox.step(LIBRARIES + "node_ready node-1 && echo yes || echo no").output == "yes\n"


KUBECONFIG = "clusters:\n- cluster:\n    certificate-authority-data: {}\n"


@pytest.mark.parametrize(("theirs", "refused"), [("b3RoZXI=", True), ("b3Vycw==", False), (None, False)])
def test_a_node_of_another_cluster_is_left_alone(sandbox: Sandbox, theirs: str | None, refused: bool) -> None:
    """A host that trusts another authority is in another cluster, and nothing of it is ours."""
    if theirs is not None:
        text = KUBECONFIG.format(theirs)
        sandbox.before = f"mkdir -p /etc/kubernetes; printf '%s' '{text}' >/etc/kubernetes/kubelet.conf"
    done = sandbox.step(LIBRARIES + "refuse_other_cluster ours", files={"ours": KUBECONFIG.format("b3Vycw==")})
    assert done.status == int(refused)
    assert ("is a node of another cluster" in done.error) == refused


def test_every_question_has_a_time_limit(sandbox: Sandbox) -> None:
    """An API server that accepts and never answers holds no step up."""
    sandbox.fakes["kubectl"] = "echo"
    done = sandbox.step(LIBRARIES + "api_answers; node_gone; kube get x")
    assert done.calls
    assert all("--request-timeout=" in call for call in done.calls)
