"""etcd: what kubeadm is told of it, and the configuration of members on hosts of their own."""

from __future__ import annotations

from typing import Any

from components import releases
from components.config import Cluster, EtcdOptions
from components.render.document import to_yaml

CLIENT_PORT, PEER_PORT = 2379, 2380
#: Where members on hosts of their own have their certificates, and control planes what they reach etcd with.
MEMBER_PKI = "/etc/etcd/pki"
PKI = "/etc/kubernetes/pki"
_DEFAULTS = EtcdOptions.unset()
_GIB = 1024**3


def version(cluster: Cluster) -> str:
    """Return the version of etcd on hosts of its own."""
    return cluster.etcd.version or releases.etcd_version(cluster.kubernetes.version)


def members(cluster: Cluster) -> dict[str, str]:
    """Return name and address of the members on hosts of their own, lost ones left out."""
    return {name: str(host.address) for name, host in cluster.etcd.hosts.items() if not host.lost}


def endpoints(cluster: Cluster) -> list[str]:
    """Return where the API servers reach an etcd that is not stacked; nothing for one that is."""
    if cluster.etcd.external is not None:
        return list(cluster.etcd.external.endpoints)
    return [f"https://{address}:{CLIENT_PORT}" for address in members(cluster).values()]


def inputs(cluster: Cluster) -> dict[str, str]:
    """Return what the scripts of a control plane have to know of etcd."""
    if cluster.etcd.stacked:
        return {"ETCD": "stacked", "ETCD_DATA": cluster.etcd.data_directory}
    return {"ETCD": "external", "ETCD_ENDPOINTS": " ".join(endpoints(cluster))}


def kubeadm(cluster: Cluster) -> dict[str, Any]:
    """Return `etcd` of kubeadm's ClusterConfiguration, as an entry of it; no entry where kubeadm's own is meant."""
    if not cluster.etcd.stacked:
        external = {
            "endpoints": endpoints(cluster),
            "caFile": f"{PKI}/etcd/ca.crt",
            "certFile": f"{PKI}/apiserver-etcd-client.crt",
            "keyFile": f"{PKI}/apiserver-etcd-client.key",
        }
        return {"etcd": {"external": external}}
    etcd, local = cluster.etcd, dict[str, Any]()
    if etcd.data_directory != _DEFAULTS.data_directory:
        local["dataDir"] = etcd.data_directory
    if etcd.extra_cert_names:
        local |= {"serverCertSANs": list(etcd.extra_cert_names), "peerCertSANs": list(etcd.extra_cert_names)}
    tuning = _tuning(etcd)
    if tuning:
        local["extraArgs"] = [{"name": name, "value": str(value)} for name, value in tuning.items()]
    return {"etcd": {"local": local}} if local else {}


def member(cluster: Cluster, name: str, address: str) -> str:
    """Return etcd's configuration file of one member. Whom it begins with is added on the host, once."""
    pki = {
        "cert-file": f"{MEMBER_PKI}/member.crt",
        "key-file": f"{MEMBER_PKI}/member.key",
        "trusted-ca-file": f"{MEMBER_PKI}/ca.crt",
        "client-cert-auth": True,
    }
    own = f"https://{address}"
    return to_yaml(
        {
            "name": name,
            "data-dir": cluster.etcd.data_directory,
            "listen-peer-urls": f"{own}:{PEER_PORT}",
            "listen-client-urls": f"{own}:{CLIENT_PORT},https://127.0.0.1:{CLIENT_PORT}",
            "initial-advertise-peer-urls": f"{own}:{PEER_PORT}",
            "advertise-client-urls": f"{own}:{CLIENT_PORT}",
            # For metrics on the host itself, as kubeadm has it.
            "listen-metrics-urls": "http://127.0.0.1:2381",
            "client-transport-security": pki,
            "peer-transport-security": pki,
            **_checks(version(cluster)),
            **_tuning(cluster.etcd),
        }
    )


def _tuning(etcd: EtcdOptions) -> dict[str, int]:
    """Return the settings that are not etcd's defaults, by the names of its flags."""
    tuned = {}
    if etcd.quota_gib != _DEFAULTS.quota_gib:
        tuned["quota-backend-bytes"] = etcd.quota_gib * _GIB
    if etcd.heartbeat_milliseconds != _DEFAULTS.heartbeat_milliseconds:
        tuned["heartbeat-interval"] = etcd.heartbeat_milliseconds
    if etcd.election_milliseconds != _DEFAULTS.election_milliseconds:
        tuned["election-timeout"] = etcd.election_milliseconds
    return tuned


def _checks(wanted: str) -> dict[str, Any]:
    """Return what kubeadm turns on too: data compared with the others' at the start, progress told to watchers."""
    nanoseconds = 5_000_000_000
    if releases.numbers(wanted) < (3, 6):
        return {
            "experimental-initial-corrupt-check": True,
            "experimental-watch-progress-notify-interval": nanoseconds,
        }
    return {"feature-gates": "InitialCorruptCheck=true", "watch-progress-notify-interval": nanoseconds}
