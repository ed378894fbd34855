"""AWS's cloud controller manager: on every control plane, one of them acting."""

from __future__ import annotations

import hashlib
from typing import Any

from components import releases
from components.config import Cluster
from components.render.document import to_yaml
from components.render.objects import SYSTEM, account, allowed, bound, named, of_account, rule

NAME = "aws-cloud-controller-manager"
#: A Secret of the site's with what its programs log in to AWS by, in place of the machine's role. It may be missing.
CREDENTIALS = "aws-credentials"
_PORT = 10258
_CONFIG = "/etc/aws"


def cloud_controller(cluster: Cluster, region: str, vpc: str, subnet: str) -> str:
    """Return the manifests to apply."""
    settings = _settings(cluster.name, region, vpc, subnet)
    return to_yaml(
        account(NAME),
        *allowed(NAME, _RULES, of_account(NAME)),
        *allowed(NAME, [rule("coordination.k8s.io", ["leases"], "get create update")], of_account(NAME), SYSTEM),
        # Whoever serves with authorization reads by it whom the API server trusts, and ends where it may not.
        bound(f"{NAME}-authentication", "Role", "extension-apiserver-authentication-reader", of_account(NAME), SYSTEM),
        named("v1", "ConfigMap", NAME, SYSTEM, data={"cloud.conf": settings}),
        named("apps/v1", "DaemonSet", NAME, SYSTEM, spec=_daemon_set(cluster, settings)),
    )


#: One identity for all of it: with one for each of its controllers it could make itself a token of anybody.
_RULES = [
    rule("", ["nodes"], "get list watch update patch delete"),
    rule("", ["nodes/status", "services/status"], "patch update"),
    rule("", ["services"], "get list watch patch update"),
    rule("", ["events"], "create patch update"),
]


def _settings(cluster: str, region: str, vpc: str, subnet: str) -> str:
    """Return its settings: with these it asks no machine where it is, and takes nothing of another cluster's."""
    given = {"Region": region, "VPC": vpc, "SubnetID": subnet, "KubernetesClusterID": cluster}
    return "".join(["[Global]\n", *(f"{key} = {value}\n" for key, value in given.items())])


def _daemon_set(cluster: Cluster, settings: str) -> dict[str, Any]:
    labels = {"app": NAME}
    digest = hashlib.sha256(settings.encode()).hexdigest()[:12]
    return {
        "selector": {"matchLabels": labels},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
        "template": {
            # Its settings are read when it starts.
            "metadata": {"labels": labels, "annotations": {"kubeadm-ha/settings": digest}},
            "spec": {
                # The machine's role is told to nobody but its own network, and the network of pods, like DNS, waits for
                # nodes that this has found.
                "hostNetwork": True,
                "dnsPolicy": "Default",
                "priorityClassName": "system-node-critical",
                "serviceAccountName": NAME,
                "nodeSelector": {"node-role.kubernetes.io/control-plane": ""},
                "tolerations": [{"operator": "Exists"}],
                "containers": [_container(cluster)],
                "volumes": [{"name": "settings", "configMap": {"name": NAME}}],
            },
        },
    }


def _container(cluster: Cluster) -> dict[str, Any]:
    return {
        "name": "manager",
        "image": releases.cloud_controller_manager_image(cluster.kubernetes.version),
        "args": [
            "--cloud-provider=aws",
            f"--cloud-config={_CONFIG}/cloud.conf",
            f"--cluster-name={cluster.name}",
            # Pods are connected by the cluster's own network.
            "--configure-cloud-routes=false",
            "--allocate-node-cidrs=false",
            "--use-service-account-credentials=false",
            "--leader-elect=true",
            "--bind-address=127.0.0.1",
            "--v=2",
        ],
        "envFrom": [{"secretRef": {"name": CREDENTIALS, "optional": True}}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65532,
        },
        "livenessProbe": {
            "httpGet": {"scheme": "HTTPS", "host": "127.0.0.1", "port": _PORT, "path": "/healthz"},
            "initialDelaySeconds": 15,
            "timeoutSeconds": 15,
        },
        "volumeMounts": [{"name": "settings", "mountPath": _CONFIG, "readOnly": True}],
    }
