"""Manifests of the user's: files read where the program runs, and addresses that a control plane reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from components.config import Cluster, ManifestSource, OwnNetwork
from components.faults import Fault
from components.files import read, unreadable

#: SHA-256 of no bytes at all.
_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_PAGE = re.compile(r"https?://github\.com/[^/]+/[^/]+/(blob|tree)/")
#: What changes under the same address: a branch, or the newest release.
_MOVING = re.compile(r"/(latest|main|master|HEAD|develop|refs/heads/[^/]+)/")
#: Groups and versions of Kubernetes' own that no supported release serves, and what took their place. Some versions are
#: there again for other kinds: those are told by the kind.
_GONE = {
    **dict.fromkeys(("extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"), "apps/v1"),
    **dict.fromkeys(("batch/v1beta1", "batch/v2alpha1"), "batch/v1"),
    **dict.fromkeys(("autoscaling/v2beta1", "autoscaling/v2beta2"), "autoscaling/v2"),
    "policy/v1beta1": "policy/v1",
    "rbac.authorization.k8s.io/v1beta1": "rbac.authorization.k8s.io/v1",
    "apiextensions.k8s.io/v1beta1": "apiextensions.k8s.io/v1",
    "discovery.k8s.io/v1beta1": "discovery.k8s.io/v1",
}
_INGRESS = ("Ingress", "IngressClass", "NetworkPolicy")
_ADVICE = "Put it into the cluster by another way, such as an operator that reads a vault: manifests are read by many."


def network(cluster: Cluster) -> Sequence[ManifestSource]:
    """Return the manifests of a network of the user's own; none where it is one of the words."""
    cni = cluster.network.cni
    return cni.manifests if isinstance(cni, OwnNetwork) else ()


def sources(cluster: Cluster) -> Iterator[tuple[str, ManifestSource]]:
    """Yield every manifest of a cluster file by its path; of a file with faults, those that are right."""
    if cluster.knows("network") and cluster.network.knows("cni"):
        yield from ((f"network.cni.manifests.{i}", source) for i, source in enumerate(network(cluster)))
    if cluster.knows("manifests"):
        yield from ((f"manifests.{i}", source) for i, source in enumerate(cluster.manifests))


def files(manifests: Sequence[ManifestSource], folder: str) -> dict[str, str]:
    """Return the files beside a step's script: each manifest under a name that keeps the order, and what to fetch."""
    found, fetched = {}, ""
    for number, source in enumerate(manifests):
        target = f"{number:03}.yaml"
        if source.file is not None:
            found[f"{folder}/{target}"] = read(source.file)
        else:
            fetched += f"{target} {source.sha256} {source.url}\n"
    return found | ({f"{folder}/sources": fetched} if fetched else {})


def faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield manifests that say nothing, or not one thing, and files that Kubernetes would not take."""
    for path, source in sources(cluster):
        if (source.file is None) == (source.url is None):
            given = "neither a file nor a url" if source.file is None else "a file and a url"
            yield Fault(path, f"has {given}", "Give one of the two, such as `{file: manifests/web.yaml}`.")
        elif source.url is not None and source.sha256 is None:
            remedy = f"Set it to what `curl -fsSL {source.url} | sha256sum` prints, when you have read that."
            yield Fault(f"{path}.sha256", "is missing", remedy if len(remedy) < 220 else "See `sha256sum`.")
        elif source.url is not None and source.sha256 == _NOTHING:
            yield Fault(
                f"{path}.sha256", "is the checksum of nothing: what printed it got no file", "See what the address has."
            )
        elif source.url is not None and _PAGE.match(source.url):
            yield Fault(
                f"{path}.url",
                "is the page about a file, not the file",
                "Write the address behind its button Raw, at raw.githubusercontent.com.",
            )
        elif source.file is not None and source.sha256 is not None:
            yield Fault(
                f"{path}.sha256", "goes with a url, and this is a file", "Remove it: the file is sent as it is."
            )
        elif source.file is not None:
            yield from _file(f"{path}.file", source.file)


def _file(path: str, name: str) -> Iterator[Fault]:
    try:
        objects = list(_objects(read(name)))
    except (OSError, UnicodeDecodeError) as error:
        yield Fault(path, unreadable(name, error), "Name a file that is there.")
        return
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        yield Fault(path, f"{name} is not YAML{where}", "Mend it: `kubectl apply --dry-run=client -f` tells more.")
        return
    if not objects:
        yield Fault(path, f"{name} holds no object", "Write one into it, or remove it from the list.")
    for number, found in enumerate(objects, start=1):
        missing = _missing(found)
        if missing:
            yield Fault(path, f"object {number} of {name} {missing}", "Write it as Kubernetes wants it.")
            return
        if found["apiVersion"] in _GONE or (
            found["apiVersion"] == "networking.k8s.io/v1beta1" and found["kind"] in _INGRESS
        ):
            yield _gone(path, f"object {number} of {name}", found["apiVersion"], found["kind"])


def _gone(path: str, which: str, version: str, kind: str) -> Fault:
    instead = "networking.k8s.io/v1" if kind in _INGRESS else _GONE[version]
    remedy = f"Write {instead}, and its fields: `kubectl explain {kind.lower()}` tells them."
    if kind == "PodSecurityPolicy":
        remedy = "Remove it: labels of namespaces took its place (pod-security.kubernetes.io/enforce)."
    return Fault(path, f"{which} is {kind} of {version}, which Kubernetes does not serve any more", remedy)


def _missing(found: Any) -> str:
    if not isinstance(found, dict):
        return "is not a mapping"
    for key in ("apiVersion", "kind"):
        if not isinstance(found.get(key), str) or not found[key]:
            return f"has no {key}"
    metadata = found.get("metadata")
    named = isinstance(metadata, dict) and isinstance(metadata.get("name"), str) and metadata["name"]
    return "" if named else "has no metadata.name"


def warnings(cluster: Cluster) -> Iterator[Fault]:
    """Yield secrets in manifests: they are in a file, and would be in whatever holds that."""
    for path, source in sources(cluster):
        if source.file is None:
            if _MOVING.search(source.url or ""):
                yield Fault(
                    f"{path}.url",
                    "is of what is newest: with its next change it no longer has the checksum, and `up` stops",
                    "Name a release, such as /v1.2.3/ in place of the branch or of latest.",
                )
            continue
        names = [o["metadata"]["name"] for o in _objects(read(source.file)) if o["kind"] == "Secret"]
        if names:
            yield Fault(f"{path}.file", f"{source.file} holds the Secret {', '.join(names[:3])} in plain text", _ADVICE)


def _objects(text: str) -> Iterator[Any]:
    """Yield every object of a YAML text, those of lists one by one."""
    for document in yaml.safe_load_all(text):
        if isinstance(document, dict) and document.get("kind") == "List":
            yield from document.get("items") or ()
        elif document is not None:
            yield document
