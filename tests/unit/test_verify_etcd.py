"""Judging etcd on hosts of its own, and somebody else's."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.test_verify import CONTROL_PLANES, STACK, fine, member
from verify import members, stack
from verify.facts import EtcdClient, Member, MemberStatus
from verify.judge import judge
from verify.judgement import Verdict

HOSTS = {"etcd-1": "192.0.2.31", "etcd-2": "192.0.2.32", "etcd-3": "192.0.2.33"}
BESIDE = replace(STACK, etcd_kind="hosts", etcd=HOSTS)


def beside(number: int) -> Member:
    """Return a member on a host of its own, as member 1 leads."""
    return replace(member(number), name=f"etcd-{number}")


def test_members_on_hosts_of_their_own_are_those_that_count() -> None:
    """Control planes have none then, and nobody misses them there."""
    seen = tuple(map(beside, (1, 2, 3)))
    judged = judge(BESIDE, replace(fine(), members=seen), 14)
    assert judged.verdict is Verdict.AVAILABLE, judged.faults
    etcd = next(check for check in judged.checks if check.name == "etcd")
    assert (etcd.ready, etcd.wanted, etcd.losses) == (3, 3, 1)
    judged = judge(BESIDE, replace(fine(), members=seen[:2]), 14)
    assert "etcd-3 has no etcd member" in judged.faults


def test_somebody_elses_etcd_is_not_judged() -> None:
    """API servers that are ready reach it; how many members it has is its owner's business."""
    judged = judge(replace(STACK, etcd_kind="external"), replace(fine(), members=()), 14)
    assert judged.verdict is Verdict.AVAILABLE, judged.faults
    assert judged.control_planes == 2


def test_etcds_own_json_is_understood() -> None:
    """Its numbers are text, and what is zero or false is left out."""
    listing = {
        "members": [{"ID": "11", "name": "etcd-1"}, {"ID": "12", "peerURLs": ["https://x:2380"], "isLearner": True}]
    }
    statuses = [{"header": {"member_id": "11"}, "version": "3.6.8", "leader": "11", "raftIndex": "7", "dbSize": "4096"}]
    first, second = members.understood(listing, statuses)
    assert first == Member(11, "etcd-1", learner=False, status=MemberStatus(11, 7, "3.6.8", 4096))
    assert second == Member(12, "https://x:2380", learner=True, status=None)


def test_outputs_say_where_etcd_is() -> None:
    """With hosts of its own there is a client's certificate; what an older program exported is stacked."""
    exported = {
        "name": "prod",
        "kubernetesVersion": "1.36.3",
        "endpoint": "https://192.0.2.10:6443",
        "kubeconfig": "apiVersion: v1",
        "caCertificate": "PEM",
        "nodes": {"loadBalancers": {}, "controlPlanes": CONTROL_PLANES, "workers": {}},
        "certificates": {"authorities": {}, "controlPlanes": {}},
    }
    assert stack.parsed(exported).members() == list(CONTROL_PLANES)
    client = {"kind": "hosts", "caCertificate": "CA", "clientCertificate": "CERTIFICATE", "clientKey": "KEY"}
    nodes = {**exported["nodes"], "etcd": HOSTS}  # type: ignore[dict-item]  # a mapping, as above
    its = stack.parsed({**exported, "nodes": nodes, "etcd": client})
    assert its.members() == list(HOSTS)
    assert its.etcd_client == EtcdClient("CA", "CERTIFICATE", "KEY")
    assert "KEY" not in repr(its)
    empty = dict.fromkeys(client, "") | {"kind": "external"}
    assert stack.parsed({**exported, "etcd": empty}).members() == []
