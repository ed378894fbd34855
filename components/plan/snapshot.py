"""What a stack has deployed, as its output `deployed` keeps it: the cluster file with its defaults, less what is local.

A plan compares two of these. How to log in is left out, since it belongs to whoever runs `up`, and containerd's own
settings are kept as a digest: they may hold credentials of a registry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from components import audit, manifests
from components.config import AuditOptions, Cluster, ManifestSource, SnapshotOptions
from components.files import read
from components.plan.program import fingerprint
from components.plan.transition import PROGRAM
from components.render import etcd

_MARKS = ("labels", "annotations", "taints")
_LOGIN: Any = {"__all__": {"ssh"}}
_LOCAL: Any = {
    "ssh": True,
    "endpoint": {"hosts": _LOGIN},
    "control_plane": {"hosts": _LOGIN},
    "etcd": {"hosts": _LOGIN, "external": {"ca_file", "cert_file", "key_file"}},
    "workers": {"__all__": {"hosts": _LOGIN}},
}


def snapshot(cluster: Cluster) -> dict[str, Any]:
    """Return the cluster file as plain values, with defaults, in the file's own key names."""
    # The engine does not keep nulls: what may be absent is said in a word, or is no key.
    document = cluster.model_dump(mode="json", by_alias=True, exclude=_LOCAL, exclude_none=True)
    if cluster.provider == "static":
        del document["provider"]  # as it was before there was another one
    document[PROGRAM] = fingerprint()
    for field in type(cluster.endpoint).model_fields.values():
        document["endpoint"].setdefault(str(field.alias), "none")
    document["packages"] = {kind: _source(document["packages"].get(kind)) for kind in ("kubernetes", "containerd")}
    if cluster.aws is not None:
        document["aws"].setdefault("bastion", "none")
        document["aws"].setdefault("kmsKey", "none")
        network = document["aws"]["network"]
        if "range" in network and not network["public"]:
            network.setdefault("nat", "one")
    cni = document["network"]["cni"]
    if isinstance(cni, dict):
        cni["manifests"] = _manifests(manifests.network(cluster))
    document["manifests"] = _manifests(cluster.manifests)
    if cluster.etcd.hosts:
        document["etcd"]["version"] = etcd.version(cluster)
    document["etcd"]["snapshots"] = "off" if cluster.etcd.snapshots is None else _snapshots(cluster.etcd.snapshots)
    document["containerd"]["config"] = digest(document["containerd"]["config"])
    document["audit"] = "off" if cluster.audit is None else _audit(cluster.audit)
    document["proxy"] = {"http": "none", "https": "none", **document["proxy"]}
    document["hooks"] = {time: [_script(hook["file"]) for hook in listed] for time, listed in document["hooks"].items()}
    groups = [document["endpoint"], document["controlPlane"], *document["workers"].values()]
    hosts = [host for group in groups for host in group.get("hosts", {}).values()]
    # Of most there are none: a thousand empty ones would be half of the output.
    for carrier in groups:
        _drop_empty(carrier, _MARKS)
    for host in hosts:
        _drop_empty(host, ("kubelet", *_MARKS))
    return document


def _audit(options: AuditOptions) -> dict[str, Any]:
    """Return what is written of requests; a policy of the site's is kept as a digest, since its path is local."""
    kept = options.model_dump(mode="json", by_alias=True, exclude={"policy_file"})
    return kept | {"policy": "ours" if options.policy_file is None else digest(audit.policy(options))}


def _snapshots(options: SnapshotOptions) -> dict[str, Any]:
    """Return what is asked of etcd's own snapshots."""
    kept = options.model_dump(mode="json", by_alias=True, exclude={"then"})
    script = options.then
    if script is None:
        return kept | {"then": "nothing"}
    return kept | {"then": {**_script(script.file), "seconds": script.timeout_seconds}}


def _drop_empty(section: dict[str, Any], keys: Sequence[str]) -> None:
    for key in keys:
        if not section.get(key):
            section.pop(key, None)


def _source(repository: dict[str, Any] | None) -> Any:
    """Return where packages come from; the path of a key belongs to whoever runs `up`."""
    if repository is None:
        return "upstream"
    key = repository["key"]
    return repository | {"key": "a file" if "file" in key else key}


def _manifests(sources: Sequence[ManifestSource]) -> list[dict[str, str]]:
    """Return each manifest by its file in the project or its address, with what stands for its content."""
    said = []
    for source in sources:
        if source.file is not None:
            local = source.file.startswith(("/", "~", ".."))
            name = Path(source.file).name if local else source.file
            said.append({"name": name, "content": _content(source.file)})
        else:
            said.append({"name": source.url or "", "content": f"sha256:{source.sha256}"})
    return said


def _script(file: str) -> dict[str, str]:
    """Return a script of the site's by its name and a digest: where it lies belongs to whoever runs `up`."""
    return {"name": PurePath(file).name, "content": _content(file)}


def _content(file: str) -> str:
    try:
        return digest(read(file))
    except (OSError, UnicodeDecodeError):  # an older state of a cluster file may name what is no longer there
        return "unread"


def digest(value: Any) -> str:
    """Return what stands for a value that is not shown: equal values give equal text."""
    return "sha256:" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def revived(stored: Any) -> Any:
    """Return values as they were before the engine stored them: its numbers are all floating."""
    if isinstance(stored, Mapping):
        return {key: revived(value) for key, value in stored.items()}
    if isinstance(stored, list):
        return [revived(value) for value in stored]
    return int(stored) if isinstance(stored, float) and stored.is_integer() else stored
