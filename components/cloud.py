"""What of a provider's own runs in the cluster, such as AWS's cloud controller manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.config import Cluster
from components.host import Host
from components.pki import ClusterPki
from components.remote import RemoteScript, Step


@dataclass(frozen=True)
class CloudArgs:
    """Arguments of Cloud."""

    cluster: Cluster
    """The cluster file."""
    coordinator: Host
    """The control plane that acts for the cluster."""
    pki: ClusterPki
    """Admin credentials."""
    manifests: Mapping[str, pulumi.Input[str]]
    """What is applied, by its name: in the order of the names, and what is in none of them any more is removed."""
    after: Sequence[pulumi.Resource]
    """What has to be there: the first control plane of a new cluster, or all of one that runs, since what watches the
    API may not be newer than an API server."""


class Cloud(pulumi.ComponentResource):
    """Manifests of the provider's, applied by one step, which sees that they work.

    The kubelets of machines in a cloud keep pods away until a cloud controller manager has found the machine. Nothing
    on the way to that waits for pods: a node is Ready without them.
    """

    ready: pulumi.Resource
    """Done when the acting control plane's machine is found: from then on nodes take pods."""

    def __init__(self, name: str, args: CloudArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Cloud", name, None, opts)
        files: dict[str, pulumi.Input[str]] = {"admin.conf": args.pki.inner_kubeconfig}
        files |= {f"cloud/{manifest}": text for manifest, text in args.manifests.items()}
        after = pulumi.ResourceOptions(parent=self, depends_on=[*args.after])
        self.ready = RemoteScript(f"{name}-cloud", args.coordinator, Step("apply-cloud", files=files), after)
        self.register_outputs({})
