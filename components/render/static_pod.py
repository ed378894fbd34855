"""Static pods of the API's endpoint, which the kubelet runs from a file: on every control plane, or on every worker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from components.render.document import to_yaml

#: A label with it tells on the host which of two pods of a name runs. lib/static-pods.sh looks for it.
REVISION = "kubeadm-ha/revision"
#: Stand for what the host finds out about itself; lib/static-pods.sh puts it in.
INTERFACE, ADDRESS = "@INTERFACE@", "@ADDRESS@"


def static_pod(name: str, container: Mapping[str, Any], volumes: Sequence[Mapping[str, Any]], **spec: Any) -> str:
    """Return the manifest of a pod with one container in the host's own network."""
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"app": name}},
        "spec": {
            "hostNetwork": True,
            "priorityClassName": "system-node-critical",
            "containers": [{"name": name, "imagePullPolicy": "IfNotPresent", **container}],
            "volumes": list(volumes),
            **spec,
        },
    }
    document["metadata"]["labels"][REVISION] = hashlib.sha256(to_yaml(document).encode()).hexdigest()[:12]
    return to_yaml(document)


def environment(**values: str) -> list[dict[str, Any]]:
    """Return variables of a container."""
    return [{"name": name, "value": value} for name, value in values.items()]
