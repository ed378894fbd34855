"""What nodes carry, as a control plane applies it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.config import Cluster, Marks
from components.render.document import to_yaml

#: What nodes say of themselves, so that a line that is gone from the file can be taken back from the node.
TAINTS, TAKES_WORK = "kubeadm-ha/taints", "kubeadm-ha/takes-work"
#: kubeadm's taint of control planes.
CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


def registration_taints(marks: Marks, *, control_plane: bool) -> list[dict[str, str]] | None:
    """Return the taints that a node registers with, so that they hold from its first second; None for kubeadm's own."""
    own = [
        {"key": key, **({"value": value} if value else {}), "effect": effect}
        for (key, effect), value in marks.taints.items()
    ]
    if control_plane and not marks.takes_work:
        return [CONTROL_PLANE, *own] if own else None
    return own if own or control_plane else None


def taints(marks: Marks) -> str:
    """Return taints as one word: `key=value:effect`, with commas between."""
    return ",".join(f"{key}={value}:{effect}" for (key, effect), value in marks.taints.items())


def objects(cluster: Cluster) -> str:
    """Return the Node objects to apply: ours alone, so that what others write on a node stays."""
    return to_yaml(*(_node(name, marks) for name, marks in cluster.marks().items()))


def lines(cluster: Cluster) -> str:
    """Return `name address takes-work taints` of each node that carries something.

    A node on another host under its name is another node, which carries nothing yet: so the address is here.
    """
    machines = dict(cluster.machines().values())
    return "".join(
        f"{name} {machines[name].address} {'yes' if marks.takes_work else 'no'} {taints(marks) or '-'}\n"
        for name, marks in cluster.marks().items()
    )


def _node(name: str, marks: Marks) -> Mapping[str, Any]:
    remembered = {TAINTS: taints(marks)} if marks.taints else {}
    if marks.takes_work:
        remembered[TAKES_WORK] = "true"
    metadata: dict[str, Any] = {"name": name}
    if marks.labels:
        metadata["labels"] = dict(marks.labels)
    if marks.annotations or remembered:
        metadata["annotations"] = {**marks.annotations, **remembered}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata}
