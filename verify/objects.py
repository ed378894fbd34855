"""What kubectl and etcdctl print, understood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from verify.facts import Lease, Member, MemberStatus, Node, Objects, Pod, Workload
from verify.stack import moment

LEADERS = ("kube-controller-manager", "kube-scheduler")
Item = Mapping[str, Any]


def objects(*printed: str) -> Objects:
    """Return the items of `kubectl get … -o json`; raises ValueError or KeyError for what is none."""
    items: dict[str, list[Item]] = {}
    for text in printed:
        for item in json.loads(text)["items"]:
            items.setdefault(item["kind"], []).append(item)
    return Objects(
        nodes=tuple(map(_node, items.get("Node", []))),
        pods=tuple(map(_pod, items.get("Pod", []))),
        workloads=(
            *(_workload(item, "replicas", "readyReplicas") for item in items.get("Deployment", [])),
            *(_workload(item, "desiredNumberScheduled", "numberReady") for item in items.get("DaemonSet", [])),
        ),
        leases=tuple(_lease(item) for item in items.get("Lease", []) if item["metadata"]["name"] in LEADERS),
    )


def _ready(item: Item) -> Item:
    conditions = item.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == "Ready"), {})


def _node(item: Item) -> Node:
    ready = _ready(item)
    return Node(
        name=item["metadata"]["name"],
        ready=ready.get("status") == "True",
        cordoned=bool(item["spec"].get("unschedulable")),
        version=item["status"]["nodeInfo"]["kubeletVersion"],
        elastic=item["metadata"].get("labels", {}).get("kubeadm-ha/elastic", ""),
        problem="" if ready.get("status") == "True" else ready.get("reason", "says nothing of itself"),
    )


def _pod(item: Item) -> Pod:
    labels = item["metadata"].get("labels", {})
    known = labels.get("k8s-app") == "kube-dns"
    return Pod(
        name=item["metadata"]["name"],
        node=item["spec"].get("nodeName", ""),
        ready=_ready(item).get("status") == "True" and "deletionTimestamp" not in item["metadata"],
        component="kube-dns" if known else labels.get("component", ""),
    )


def _workload(item: Item, wanted: str, ready: str) -> Workload:
    # A daemon set counts its nodes in its status, a deployment is told its copies in its spec.
    numbers = {**item.get("status", {}), "replicas": item["spec"].get("replicas", 1)}
    metadata = item["metadata"]
    return Workload(f"{metadata['namespace']}/{metadata['name']}", numbers.get(ready, 0), numbers.get(wanted, 0))


def _lease(item: Item) -> Lease:
    spec = item["spec"]
    return Lease(
        name=item["metadata"]["name"],
        # The identity is the node's name and a random number, since a process that starts again is another one.
        holder=(spec.get("holderIdentity") or "").split("_")[0],
        renewed=moment(spec["renewTime"]),
        duration_seconds=spec["leaseDurationSeconds"],
    )


def members(members_list: str, statuses: str) -> tuple[Member, ...]:
    """Return what `member list` and `endpoint status` of etcdctl say (-w json); raises ValueError or KeyError.

    A member that gave no status does not answer.
    """
    said = {s["Status"]["header"]["member_id"]: _status(s["Status"]) for s in json.loads(statuses) or []}
    return tuple(
        Member(
            id=member["ID"],
            name=member.get("name") or next(iter(member.get("peerURLs", [])), "without a name"),
            learner=member.get("isLearner", False),
            status=said.get(member["ID"]),
        )
        for member in json.loads(members_list)["members"]
    )


def _status(status: Item) -> MemberStatus:
    return MemberStatus(
        leader=status.get("leader", 0),
        raft_index=status.get("raftIndex", 0),
        version=status.get("version", "?"),
        size_bytes=status.get("dbSize", 0),
        alarms=tuple(status.get("errors") or ()),
    )
