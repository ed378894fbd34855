"""Judging a living cluster: one story a test, on values alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from verify import objects, report, stack
from verify.facts import (
    Facts,
    Lease,
    Member,
    MemberStatus,
    Node,
    Objects,
    Pod,
    Probe,
    Stack,
    VerifyError,
    Workload,
)
from verify.judge import judge
from verify.judgement import Check, Judgement, Verdict

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
YEAR = NOW + timedelta(days=364)
CONTROL_PLANES = {"cp-1": "192.0.2.11", "cp-2": "192.0.2.12", "cp-3": "192.0.2.13"}
WORKERS = {"worker-1": "192.0.2.21", "worker-2": "192.0.2.22"}
COMPONENTS = ("kube-controller-manager", "kube-scheduler")
STACK = Stack(
    name="prod",
    version="1.36.3",
    host="192.0.2.10",
    port=6443,
    kubeconfig="apiVersion: v1\n# SECRET\n",
    ca="PEM",
    balancers={"lb-1": "192.0.2.2", "lb-2": "192.0.2.3"},
    control_planes=CONTROL_PLANES,
    workers={"default": WORKERS},
    certificates={"": {"admin": YEAR}, **{name: {"apiserver": YEAR, "etcd/peer": YEAR} for name in CONTROL_PLANES}},
)
ALIVE = Probe(True, 0.012, certificate_ends=YEAR, date=NOW)
DEAD = Probe(False, 4.0, "no answer within 4 s")


def member(number: int, index: int = 1000) -> Member:
    """Return a member that follows member 1."""
    return Member(number, f"cp-{number}", learner=False, status=MemberStatus(1, index, "3.6.8", 20_000_000))


def fine() -> Facts:
    """Return what is seen when all is well."""
    return Facts(
        now=NOW,
        endpoint=ALIVE,
        balancers=dict.fromkeys(STACK.balancers, ALIVE),
        control_planes=dict.fromkeys(CONTROL_PLANES, ALIVE),
        objects=Objects(
            nodes=tuple(Node(name, True, False, "v1.36.3") for name in STACK.nodes()),
            pods=(
                *(Pod(f"coredns-{node}", node, True, "kube-dns") for node in ("cp-1", "worker-1")),
                *(
                    Pod(f"{component}-{name}", name, True, component)
                    for name in CONTROL_PLANES
                    for component in COMPONENTS
                ),
            ),
            workloads=(Workload("kube-system/coredns", 2, 2), Workload("kube-system/kube-proxy", 5, 5)),
            leases=tuple(Lease(name, "cp-2", NOW - timedelta(seconds=1), 15) for name in COMPONENTS),
        ),
        members=(member(1), member(2), member(3, 998)),
    )


def its_objects(facts: Facts) -> Objects:
    """Return what the API has, where it is known."""
    assert isinstance(facts.objects, Objects)
    return facts.objects


def without(*dead: str) -> Facts:
    """Return what is seen right after control planes have died: the API has not noticed yet."""
    facts = fine()
    assert not isinstance(facts.members, str)
    return replace(
        facts,
        control_planes={name: DEAD if name in dead else ALIVE for name in CONTROL_PLANES},
        members=tuple(replace(its, status=None) if its.name in dead else its for its in facts.members),
    )


def judged(facts: Facts) -> Judgement:
    """Return the judgement with the usual deadline of certificates."""
    return judge(STACK, facts, 14)


def row(judgement: Judgement, name: str) -> Check:
    """Return a row by its name."""
    return next(check for check in judgement.checks if check.name == name)


def test_all_fine() -> None:
    """Each part can lose one, and nothing is missing."""
    judgement = judged(fine())
    assert judgement.verdict is Verdict.AVAILABLE
    assert (judgement.control_planes, judgement.balancers, judgement.dns) == (1, 1, 1)
    wanted = "prod is highly available: it can lose 1 control plane, 1 balancer and 1 node with DNS now."
    assert report.sentence(STACK, judgement) == wanted


def test_one_control_plane_dead() -> None:
    """The majority is there, and one more loss would take it: what the API has not noticed yet counts at once."""
    judgement = judged(without("cp-1"))
    assert judgement.verdict is Verdict.DEGRADED
    assert judgement.control_planes == 0
    assert row(judgement, "schedulers").ready == 2
    assert "etcd can lose no member: 2 of 3 members healthy" in judgement.faults
    assert "API server cp-1: no answer within 4 s" in judgement.faults


def test_two_control_planes_dead() -> None:
    """Without the majority nothing is served: the one API server left says so itself."""
    lost = "no API server is ready"
    lonely = Probe(False, 0.1, "not ready: etcd")
    facts = replace(
        without("cp-1", "cp-2"),
        endpoint=Probe(False, 0.1, "the connection was closed"),
        control_planes={"cp-1": DEAD, "cp-2": DEAD, "cp-3": lonely},
        objects=lost,
        members=lost,
    )
    judgement = judged(facts)
    assert judgement.verdict is Verdict.DOWN
    assert judgement.control_planes is None
    said = report.sentence(STACK, judgement)
    assert said.startswith("prod is DOWN: the endpoint 192.0.2.10:6443 does not serve the API (the connection was")


def test_majority_lost() -> None:
    """Members that do not answer cost the majority, whatever still answers."""
    judgement = judged(without("cp-2", "cp-3"))
    assert judgement.verdict is Verdict.DOWN
    assert judgement.faults[0] == "etcd has lost its majority: 1 of 3 members healthy"


def test_one_balancer_dead() -> None:
    """The endpoint goes on, on the last balancer."""
    judgement = judged(replace(fine(), balancers={"lb-1": ALIVE, "lb-2": DEAD}))
    assert judgement.verdict is Verdict.DEGRADED
    assert (judgement.control_planes, judgement.balancers) == (1, 0)
    assert judgement.faults == ["balancer lb-2: no answer within 4 s", "only one balancer is left"]


def test_endpoint_down_with_control_planes_alive() -> None:
    """Clients know the endpoint alone: without it the API is down."""
    assert judged(replace(fine(), endpoint=DEAD)).verdict is Verdict.DOWN


def test_dns_on_one_node() -> None:
    """Two copies on one node are lost together."""
    facts = fine()
    pods = tuple(replace(p, node="cp-1") if p.component == "kube-dns" else p for p in its_objects(facts).pods)
    judgement = judged(replace(facts, objects=replace(its_objects(facts), pods=pods)))
    assert judgement.verdict is Verdict.DEGRADED
    assert judgement.dns == 0
    assert judgement.faults == ["all CoreDNS is on cp-1 (2 copies): with that node the cluster's DNS is lost"]


def test_certificate_that_ends_soon() -> None:
    """Ten days are too few, and how many are is the caller's choice."""
    served = replace(ALIVE, certificate_ends=NOW + timedelta(days=10))
    facts = replace(fine(), control_planes={**fine().control_planes, "cp-2": served})
    judgement = judged(facts)
    assert judgement.verdict is Verdict.DEGRADED
    assert judgement.faults == ["certificate cp-2/apiserver ends in 10 days (2026-12-01)"]
    assert judge(STACK, facts, 7).verdict is Verdict.AVAILABLE


def test_certificates_renewed_since_the_last_update() -> None:
    """What the stack recorded is past as soon as an API server shows a later end."""
    soon = NOW + timedelta(days=3)
    recorded = {**STACK.certificates, "cp-1": {"apiserver": soon, "etcd/peer": soon}}
    assert judge(replace(STACK, certificates=recorded), fine(), 14).verdict is Verdict.AVAILABLE


def test_learner() -> None:
    """A learner has no vote: two members of two can lose none."""
    learner = Member(3, "cp-3", learner=True, status=MemberStatus(1, 990, "3.6.8", 1))
    judgement = judged(replace(fine(), members=(member(1), member(2), learner)))
    assert judgement.verdict is Verdict.DEGRADED
    assert judgement.control_planes == 0
    assert "etcd member cp-3 is a learner: it has no vote yet" in judgement.faults
    assert "cp-3 learner, 10 behind" in row(judgement, "etcd").detail


def test_member_far_behind() -> None:
    """A member that needs a snapshot first saves no majority."""
    judgement = judged(replace(fine(), members=(member(1, 9000), member(2, 8990), member(3, 1000))))
    assert judgement.verdict is Verdict.DEGRADED
    assert judgement.control_planes == 0
    assert "etcd member cp-3 is 8000 entries behind" in judgement.faults


def test_members_with_two_leaders() -> None:
    """A member that is cut off with its own idea of the leader does not count."""
    stray = Member(3, "cp-3", learner=False, status=MemberStatus(3, 1000, "3.6.8", 1))
    assert (
        "etcd member cp-3 follows another leader than the others"
        in judged(replace(fine(), members=(member(1), member(2), stray))).faults
    )


def test_missing_node() -> None:
    """Every host of the stack has to be a node that is Ready."""
    facts = fine()
    nodes = tuple(node for node in its_objects(facts).nodes if node.name != "worker-2")
    judgement = judged(replace(facts, objects=replace(its_objects(facts), nodes=nodes)))
    assert judgement.verdict is Verdict.DEGRADED
    assert judgement.faults == ["worker-2 is no node of the cluster"]
    assert row(judgement, "workers default").ready == 1


def test_lease_that_nobody_renews() -> None:
    """An old lease means that nobody leads, whoever's name is in it."""
    facts = fine()
    leases = tuple(replace(its, renewed=NOW - timedelta(seconds=40)) for its in its_objects(facts).leases)
    faults = judged(replace(facts, objects=replace(its_objects(facts), leases=leases))).faults
    assert "no scheduler leads: cp-2 renewed its lease 40 s ago" in faults


def test_one_control_plane_is_not_highly_available() -> None:
    """A cluster can be as it was asked for and still have no spare."""
    single = replace(STACK, control_planes={"cp-1": "192.0.2.11"}, workers={}, certificates={})
    facts = fine()
    kept = tuple(node for node in its_objects(facts).nodes if node.name == "cp-1")
    pods = tuple(pod for pod in its_objects(facts).pods if pod.node == "cp-1")
    seen = replace(its_objects(facts), nodes=kept, pods=pods)
    judgement = judge(single, replace(facts, control_planes={"cp-1": ALIVE}, members=(member(1),), objects=seen), 14)
    assert judgement.verdict is Verdict.DEGRADED
    assert "there is only one API server" in judgement.faults


def test_table_and_document_say_the_same() -> None:
    """People and machines read one judgement, and no secret is in either."""
    facts = without("cp-3")
    judgement = judged(facts)
    table, document = report.table(STACK, facts, judgement), report.document(STACK, facts, judgement)
    assert table.splitlines()[-1] == document["sentence"]
    assert document["exitStatus"] == 1
    assert document["canLose"] == {"controlPlanes": 0, "balancers": 1, "dnsNodes": 1}
    assert all(fault in table for fault in document["faults"])
    assert "SECRET" not in table + json.dumps(document) + repr(STACK)


def test_members_from_etcdctl() -> None:
    """A member without a status, as etcdctl leaves it out, does not answer."""
    listing = {
        "members": [{"ID": 7, "name": "cp-1"}, {"ID": 8, "peerURLs": ["https://192.0.2.12:2380"], "isLearner": True}]
    }
    status = {"header": {"member_id": 7}, "leader": 7, "raftIndex": 5, "version": "3.6.8", "dbSize": 1}
    first, second = objects.members(json.dumps(listing), json.dumps([{"Status": status}]))
    assert first.status == MemberStatus(7, 5, "3.6.8", 1)
    assert second == Member(8, "https://192.0.2.12:2380", learner=True, status=None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{}", "stack dev has no outputs yet: run `pulumi up`."),
        (
            '{"endpoint": "https://192.0.2.10:6443"}',
            "stack dev has no output 'kubeconfig': run `pulumi up` to its end.",
        ),
        ("oops", "stack dev has no JSON: give what `pulumi stack output --json --show-secrets` prints."),
        (
            '{"endpoint": "https://192.0.2.10:6443", "kubeconfig": "[secret]"}',
            "the outputs of stack dev are not those of a cluster: see docs/outputs.md.",
        ),
    ],
)
def test_outputs_that_are_none(text: str, wanted: str) -> None:
    """What cannot be judged is said in one sentence."""
    with pytest.raises(VerifyError) as raised:
        stack.from_text(text, "stack dev")
    assert str(raised.value) == wanted
