"""The files that an administrator would have at hand before beginning, for the script written by hand.

Their content is the program's own, so that both build the same cluster. Two things differ, for an administrator's way
of joining is a token: it is in kubeadm's configuration.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components import releases, rules
from components.config import Cluster, HaproxyEndpoint, PackageRepository
from components.render import access, balancer, containerd, flannel, kubeadm
from components.render.document import to_yaml
from lab.datacenter.shell import LabError

KEYRINGS = "/etc/apt/keyrings"


def load_cluster(settings: Path) -> Cluster:
    """Return the cluster of a stack's settings file."""
    document = yaml.safe_load(settings.read_text())
    return rules.load(document["config"]["kubeadm-ha:cluster"])


def addresses(cluster: Cluster) -> dict[str, str]:
    """Return the address of every host by name: balancers, control planes, workers."""
    return {name: str(host.address) for name, host in cluster.machines().values()}


def workers(cluster: Cluster) -> list[str]:
    """Return the names of the workers."""
    return [name for pool in cluster.workers.values() for name in pool.hosts]


def write(cluster: Cluster, folder: Path) -> None:
    """Write `settings`, which the script reads, and a folder of files for each host.

    Raises LabError when the endpoint is not of kind haproxy, and when the packages' repositories have no key in a
    file, as those of the lab have.
    """
    token = f"{secrets.token_hex(3)}.{secrets.token_hex(8)}"
    (folder / "settings").write_text(_settings(cluster, token))
    (folder / "settings").chmod(0o600)
    sources = _sources(cluster)
    endpoint = _endpoint(cluster)
    for name in endpoint.hosts:
        texts = {
            "haproxy.cfg": balancer.haproxy(endpoint, _backends(cluster)),
            "keepalived.conf": balancer.keepalived(endpoint, name),
        }
        _put(folder / name, texts)
    planes = list(cluster.control_plane.hosts)
    for name, host in cluster.control_plane.hosts.items():
        texts = _node(cluster, control_plane=True)
        if name == planes[0]:
            document = kubeadm.init(cluster, name, str(host.address))
            texts["manifests/10-node-leaves.yaml"] = access.node_leaves()
            texts["manifests/20-flannel.yaml"] = flannel.flannel(cluster)
        else:
            document = kubeadm.join(cluster, name, str(host.address), control_plane=True)
        texts["kubeadm.yaml"] = with_token(document, token, cluster.endpoint.server())
        _put(folder / name, {**texts, **sources})
    for pool in cluster.workers.values():
        for name, host in pool.hosts.items():
            document = kubeadm.join(cluster, name, str(host.address), control_plane=False)
            texts = _node(cluster, control_plane=False)
            texts["kubeadm.yaml"] = with_token(document, token, cluster.endpoint.server())
            _put(folder / name, {**texts, **sources})
    for kind, repository in _repositories(cluster).items():
        for name in (*cluster.control_plane.hosts, *workers(cluster)):
            (folder / name / "keys").mkdir(exist_ok=True)
            shutil.copy(Path(str(repository.key.file)).expanduser(), folder / name / "keys" / f"{kind}.asc")


def _endpoint(cluster: Cluster) -> HaproxyEndpoint:
    if not isinstance(cluster.endpoint, HaproxyEndpoint):
        raise LabError(f"the script written by hand knows no endpoint of kind {cluster.endpoint.kind}")
    return cluster.endpoint


def with_token(text: str, token: str, endpoint: str) -> str:
    """Return kubeadm's configuration with a bootstrap token: made by `init`, used by `join`."""
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(text))
    first = documents[0]
    if first["kind"] == "InitConfiguration":
        first["bootstrapTokens"] = [{"token": token, "ttl": "1h0m0s"}]
    else:
        # The script fills in the authority's digest: it makes the authority.
        known = {"token": token, "apiServerEndpoint": endpoint, "caCertHashes": ["sha256:AUTHORITY"]}
        first["discovery"] = {"bootstrapToken": known}
    return to_yaml(*documents)


def _settings(cluster: Cluster, token: str) -> str:
    """Return shell variables."""
    values = {
        "balancers": " ".join(_endpoint(cluster).hosts),
        "control_planes": " ".join(cluster.control_plane.hosts),
        "workers": " ".join(workers(cluster)),
        "virtual_address": str(_endpoint(cluster).address),
        "port": str(_endpoint(cluster).port),
        "kubernetes": cluster.kubernetes.version,
        "containerd": cluster.containerd.version,
        "token": token,
    }
    lines = [f"{key}='{value}'" for key, value in values.items()]
    lines += ["declare -A address=(", *(f"  [{n}]={a}" for n, a in addresses(cluster).items()), ")"]
    return "\n".join(lines) + "\n"


def _backends(cluster: Cluster) -> dict[str, str]:
    return {name: str(host.address) for name, host in cluster.control_plane.hosts.items()}


def _node(cluster: Cluster, *, control_plane: bool) -> dict[str, str]:
    images = releases.node_images(cluster.kubernetes.version)
    if control_plane:
        images += releases.control_plane_images(cluster.kubernetes.version)
    mirrors = {f"certs.d/{registry}/hosts.toml": text for registry, text in containerd.mirrors(cluster).items()}
    return {"config.toml": containerd.config(cluster), "images": "".join(f"{i}\n" for i in images), **mirrors}


def _repositories(cluster: Cluster) -> Mapping[str, PackageRepository]:
    found = {"kubernetes": cluster.packages.kubernetes, "containerd": cluster.packages.containerd}
    given = {kind: repository for kind, repository in found.items() if repository is not None and repository.key.file}
    if given.keys() != found.keys():
        raise LabError("the benchmark needs packages.kubernetes and packages.containerd with a key in a file")
    return given


def _sources(cluster: Cluster) -> dict[str, str]:
    """Return apt's list; hosts of the lab run Debian 12."""
    given = _repositories(cluster)
    return {
        "kubernetes.list": f"deb [signed-by={KEYRINGS}/kubernetes.asc] {given['kubernetes'].url} /\n"
        f"deb [signed-by={KEYRINGS}/containerd.asc] {given['containerd'].url}/debian bookworm stable\n"
    }


def _put(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
