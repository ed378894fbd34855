"""The EBS CSI driver: a controller on control planes, a plugin on every node, and a class of encrypted volumes."""

from __future__ import annotations

from typing import Any

from components import releases
from components.config import Cluster
from components.render.cloud_controller import CREDENTIALS
from components.render.document import to_yaml
from components.render.objects import SYSTEM, account, allowed, named, of_account, rule

DRIVER = "ebs.csi.aws.com"
CONTROLLER, NODE = "ebs-csi-controller", "ebs-csi-node"
CLASS = "gp3"
_KUBELET = "/var/lib/kubelet"
_SOCKETS = "/csi"
#: Each container of the controller is asked here whether it lives: it is on its host's network, and only itself asks.
_HEALTH = 9808


def ebs_csi(cluster: Cluster, region: str) -> str:
    """Return the manifests to apply."""
    leases = [rule("coordination.k8s.io", ["leases"], "get list watch create update patch delete")]
    return to_yaml(
        account(CONTROLLER),
        *allowed(CONTROLLER, _OF_CONTROLLER, of_account(CONTROLLER)),
        *allowed(CONTROLLER, leases, of_account(CONTROLLER), SYSTEM),
        account(NODE),
        *allowed(NODE, _OF_NODES, of_account(NODE)),
        named(
            "storage.k8s.io/v1",
            "CSIDriver",
            DRIVER,
            spec={"attachRequired": True, "podInfoOnMount": False, "fsGroupPolicy": "File"},
        ),
        named(
            "storage.k8s.io/v1",
            "StorageClass",
            CLASS,
            provisioner=DRIVER,
            parameters={"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"},
            # A volume is in one zone: that of the node which the pod goes to.
            volumeBindingMode="WaitForFirstConsumer",
            allowVolumeExpansion=True,
            reclaimPolicy="Delete",
        ),
        named("apps/v1", "Deployment", CONTROLLER, SYSTEM, spec=_controller(cluster, region)),
        named("apps/v1", "DaemonSet", NODE, SYSTEM, spec=_node()),
    )


_OF_CONTROLLER = [
    rule("", ["persistentvolumes"], "get list watch create patch delete"),
    rule("", ["persistentvolumeclaims"], "get list watch update"),
    rule("", ["persistentvolumeclaims/status"], "patch"),
    rule("", ["events"], "list watch create update patch"),
    rule("", ["nodes", "pods"], "get list watch"),
    rule("storage.k8s.io", ["storageclasses", "csinodes", "volumeattributesclasses"], "get list watch"),
    rule("storage.k8s.io", ["volumeattachments"], "get list watch patch"),
    rule("storage.k8s.io", ["volumeattachments/status"], "patch"),
]
_OF_NODES = [
    rule("", ["nodes"], "get"),
    rule("storage.k8s.io", ["csinodes"], "get"),
    rule("storage.k8s.io", ["volumeattachments"], "get list watch"),
]


def _controller(cluster: Cluster, region: str) -> dict[str, Any]:
    labels = {"app": CONTROLLER}
    # On its host's network there is one on a host, and two are enough.
    replicas = min(2, len([host for host in cluster.control_plane.hosts.values() if not host.lost]))
    tags = ",".join(f"{key}={value}" for key, value in (cluster.aws.tags if cluster.aws else {}).items())
    return {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        # The new one has the port of the old one.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                # The machine's role is told to nobody but its own network.
                "hostNetwork": True,
                "dnsPolicy": "Default",
                "priorityClassName": "system-cluster-critical",
                "serviceAccountName": CONTROLLER,
                "nodeSelector": {"node-role.kubernetes.io/control-plane": ""},
                "tolerations": [
                    {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
                    {"key": "CriticalAddonsOnly", "operator": "Exists"},
                ],
                "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [_apart(labels)]}},
                "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000},
                "containers": [
                    {
                        **_container(
                            "driver",
                            "driver",
                            "controller",
                            f"--endpoint=unix:{_SOCKETS}/csi.sock",
                            f"--k8s-tag-cluster-id={cluster.name}",
                            *([f"--extra-tags={tags}"] if tags else []),
                            "--v=2",
                        ),
                        "env": [{"name": "AWS_REGION", "value": region}, _node_name("CSI_NODE_NAME")],
                        "envFrom": [{"secretRef": {"name": CREDENTIALS, "optional": True}}],
                        "ports": [{"name": "healthz", "containerPort": _HEALTH, "protocol": "TCP"}],
                        **_asked("livenessProbe", host="127.0.0.1", initialDelaySeconds=10),
                        **_asked("readinessProbe", host="127.0.0.1"),
                    },
                    _sidecar("provisioner", "--extra-create-metadata", "--default-fstype=ext4"),
                    _sidecar("attacher"),
                    _sidecar("resizer", "--handle-volume-inuse-error=false"),
                    _container(
                        "liveness-probe",
                        "livenessProbe",
                        f"--csi-address={_SOCKETS}/csi.sock",
                        f"--http-endpoint=127.0.0.1:{_HEALTH}",
                    ),
                ],
                "volumes": [{"name": "sockets", "emptyDir": {}}],
            },
        },
    }


def _apart(labels: dict[str, str]) -> dict[str, Any]:
    return {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}


def _sidecar(part: str, *more: str) -> dict[str, Any]:
    common = [f"--csi-address={_SOCKETS}/csi.sock", "--leader-election=true", "--timeout=60s", "--v=2"]
    return _container(f"csi-{part}", part, *common, *more)


def _container(name: str, part: str, *arguments: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": releases.ebs_csi_image(part),
        "args": list(arguments),
        "resources": {"requests": {"cpu": "10m", "memory": "40Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": "sockets", "mountPath": _SOCKETS}],
    }


def _node_name(variable: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}


def _asked(probe: str, host: str = "", **more: Any) -> dict[str, Any]:
    where = {"host": host} if host else {}
    asked = {"httpGet": {**where, "path": "/healthz", "port": "healthz"}, "timeoutSeconds": 3, "failureThreshold": 5}
    return {probe: {**asked, "periodSeconds": 10, **more}}


def _node() -> dict[str, Any]:
    labels = {"app": NODE}
    registered = f"{_KUBELET}/plugins/{DRIVER}"
    plugin = _container(
        "driver",
        "driver",
        "node",
        f"--endpoint=unix:{_SOCKETS}/csi.sock",
        f"--csi-mount-point-prefix={_KUBELET}/plugins/kubernetes.io/csi/{DRIVER}/",
        # Machines' metadata are one hop far, so no pod on the network of pods reads them: the node says what it is.
        "--metadata-sources=kubernetes",
        "--v=2",
    )
    registrar = _container(
        "registrar",
        "registrar",
        f"--csi-address={_SOCKETS}/csi.sock",
        f"--kubelet-registration-path={registered}/csi.sock",
        "--v=2",
    )
    return {
        "selector": {"matchLabels": labels},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "priorityClassName": "system-node-critical",
                "serviceAccountName": NODE,
                # Whatever keeps other pods off a node: those that are there have volumes.
                "tolerations": [{"operator": "Exists"}],
                "terminationGracePeriodSeconds": 30,
                "containers": [
                    {
                        **plugin,
                        # No taint of ours waits for it, so it has no right to change nodes.
                        "env": [_node_name("CSI_NODE_NAME"), {"name": "DISABLE_TAINT_WATCHER", "value": "true"}],
                        "securityContext": {"privileged": True, "readOnlyRootFilesystem": True},
                        "volumeMounts": [
                            {"name": "kubelet", "mountPath": _KUBELET, "mountPropagation": "Bidirectional"},
                            {"name": "sockets", "mountPath": _SOCKETS},
                            {"name": "devices", "mountPath": "/dev"},
                        ],
                        "ports": [{"name": "healthz", "containerPort": _HEALTH, "protocol": "TCP"}],
                        **_asked("livenessProbe", initialDelaySeconds=10),
                        # A node that is drained gives its volumes back first.
                        "lifecycle": {"preStop": {"exec": {"command": ["/bin/aws-ebs-csi-driver", "pre-stop-hook"]}}},
                    },
                    {
                        **registrar,
                        "volumeMounts": [
                            {"name": "sockets", "mountPath": _SOCKETS},
                            {"name": "registration", "mountPath": "/registration"},
                        ],
                    },
                    _container("liveness-probe", "livenessProbe", f"--csi-address={_SOCKETS}/csi.sock"),
                ],
                "volumes": [
                    {"name": "kubelet", "hostPath": {"path": _KUBELET, "type": "Directory"}},
                    {"name": "sockets", "hostPath": {"path": registered, "type": "DirectoryOrCreate"}},
                    {"name": "registration", "hostPath": {"path": f"{_KUBELET}/plugins_registry", "type": "Directory"}},
                    {"name": "devices", "hostPath": {"path": "/dev", "type": "Directory"}},
                ],
            },
        },
    }
