"""HAProxy on every worker: the worker's own way to whichever API server answers."""

from __future__ import annotations

from collections.abc import Mapping

from components.config import NodeLocalEndpoint
from components.render.static_pod import static_pod

API_SERVER_PORT = 6443
#: On the host and, for HAProxy, in its container: a folder, since a file that is replaced would stay the old one there.
#: The authority's certificate is in it too: kubeadm's own copy is for root alone.
FOLDER = "/etc/kubernetes/api-proxy"
#: The user of HAProxy's official image.
USER = 99


def pod(endpoint: NodeLocalEndpoint) -> str:
    """Return the manifest of the static pod."""
    return static_pod(
        "api-proxy",
        {
            "image": endpoint.image,
            # A master that stays and a worker that is replaced: SIGUSR2 reads the settings anew and cuts nobody off.
            "command": ["haproxy", "-W", "-db", "-f", f"{FOLDER}/haproxy.cfg"],
            "securityContext": {
                "runAsUser": USER,
                "runAsGroup": USER,
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
            "volumeMounts": [{"name": "settings", "mountPath": FOLDER, "readOnly": True}],
        },
        [{"name": "settings", "hostPath": {"path": FOLDER, "type": "Directory"}}],
    )


def haproxy(backends: Mapping[str, str]) -> str:
    """Return haproxy.cfg for API servers given as name to address."""
    servers = "\n".join(f"    server {name} {address}:{API_SERVER_PORT}" for name, address in backends.items())
    return f"""\
# Written by kubeadm-ha: changes are lost with the next update.
global
    log stdout format raw local0 notice
    # A container may open a thousand million files, and HAProxy would make room for all of them.
    maxconn 4000
    # Who a reload leaves behind has connections to control planes that may be gone by now: they end, and come anew.
    hard-stop-after 5m

defaults
    mode tcp
    log global
    timeout connect 5s
    # A watch may be silent for long, and a client that is cut off lists everything anew.
    timeout client 4h
    timeout server 4h
    timeout client-fin 30s
    timeout check 2s
    option clitcpka
    option srvtcpka
    # A connection that is refused tries another API server.
    retries 3
    option redispatch

frontend kubernetes-api
    bind 127.0.0.1:{API_SERVER_PORT}
    default_backend api-servers

backend api-servers
    balance leastconn
    # An API server that answers TCP may still be starting, or have lost etcd: only /readyz tells. The certificate
    # must be an API server's of this cluster.
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host kubernetes
    http-check expect status 200
    default-server check inter 1s fall 2 rise 2 check-ssl verify required ca-file {FOLDER}/ca.crt \
verifyhost kubernetes check-sni kubernetes on-marked-down shutdown-sessions
{servers}
"""
