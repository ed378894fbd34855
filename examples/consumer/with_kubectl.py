"""The service by kubectl: where the provider's plugin cannot be had."""

import web
import yaml
from kubeadm_ha_outputs import ClusterOutputs
from pulumi_command import local


def deploy(cluster: ClusterOutputs) -> None:
    """Put the objects onto the cluster, and wait for the copies to run."""
    # The kubeconfig is a secret output, and what is made of it is one too: standard input is hidden in previews and
    # encrypted in the state. It is on no command line and in no environment.
    local.Command(
        "web",
        create=f"./apply {web.NAMESPACE} deployment/{web.NAME}",
        delete=f"./apply --delete {web.NAMESPACE}",
        stdin=cluster.kubeconfig.apply(bundle),
        add_previous_output_in_env=False,
        logging=local.Logging.NONE,
    )


def bundle(kubeconfig: str) -> str:
    """Return what ./apply reads: the size of the kubeconfig in bytes, the kubeconfig, the manifests."""
    return f"{len(kubeconfig.encode())}\n{kubeconfig}{yaml.safe_dump_all(web.manifests(), sort_keys=False)}"
