"""What cannot be changed on a cluster that runs, refused in the preview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from components.config import Cluster
from components.faults import ConfigurationError, Fault


def settled(cluster: Cluster) -> dict[str, Any]:
    """Return what a cluster is started with and keeps, by path. Plain values, as a stack output holds them."""
    document = cluster.model_dump(mode="json", by_alias=True)
    paths = (
        "name",
        "kubernetes.version",
        "kubernetes.kubelet",
        "kubernetes.kubeProxy",
        "kubernetes.extraCertNames",
        "endpoint.address",
        "endpoint.port",
        "network.podSubnet",
        "network.serviceSubnet",
        "network.dnsDomain",
    )
    return {path: _at(document, path.split(".")) for path in paths}


def _at(document: Any, path: list[str]) -> Any:
    return _at(document[path[0]], path[1:]) if path else document


def transition_faults(deployed: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what differs between the settings that are deployed, None before the first `up`, and those wanted."""
    for path, value in (deployed or {}).items():
        if path in wanted and wanted[path] != value:
            yield Fault(
                path,
                f"is {wanted[path]!r}, and the cluster runs with {value!r}",
                "Put it back: this version cannot change it on a cluster that runs.",
            )


def refuse_impossible(cluster: Cluster) -> None:
    """Compare the cluster file with what the stack's last `up` has deployed.

    The program fails, in a preview too, with every change that is not possible.
    """
    wanted = settled(cluster)

    def compare(outputs: Mapping[str, Any]) -> None:
        faults = list(transition_faults(outputs.get("settled"), wanted))
        if faults:
            raise pulumi.RunError(str(ConfigurationError(faults)))

    itself = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    pulumi.StackReference("deployed", stack_name=itself).outputs.apply(compare)
