"""The keys that a cluster file can have, and what somebody may have meant by one that it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from components.config import Cluster, Section
from components.faults import Fault
from components.spelling import nearest

#: Where a key is. In a section of several kinds the kind comes after the section's own key, as pydantic has it:
#: `("endpoint", "haproxy", "port")`. `written` takes it out.
Path = tuple[str, ...]
#: The key that says which kind a section is of.
KIND = "kind"
#: Stands for a name of the file's own in a path, such as a host's.
ANY = "*"
_NO_FLAGS = "Remove it: the kubelet has fields of configuration in place of flags; write them under kubernetes.kubelet."
_NO_TOKENS = "Remove it: hosts join with certificates of their own, and no token is made."
_NO_PASSWORD = "Remove it and change it, since it is written down here; log in with a key: ssh.privateKeyFile."  # noqa: S105
#: Keys that other tools have, and what to do instead.
ELSEWHERE = {
    **dict.fromkeys(("password", "passphrase", "sshPassword", "becomePassword"), _NO_PASSWORD),
    **dict.fromkeys(("token", "tokens", "bootstrapToken", "certificateKey"), _NO_TOKENS),
    "kubeletExtraArgs": _NO_FLAGS,
    **dict.fromkeys(
        ("accessKey", "secretKey", "accessKeyId", "secretAccessKey"),
        "Remove it and end that key, since it is written down here; who runs `up` logs in by AWS_PROFILE and the like.",
    ),
    **dict.fromkeys(("podCIDR", "podCidr", "clusterCIDR", "podNetwork", "podsCIDR"), "Write it as network.podSubnet."),
    **dict.fromkeys(("serviceCIDR", "serviceNetwork", "servicesCIDR"), "Write it as network.serviceSubnet."),
    **dict.fromkeys(("kubernetesVersion", "k8sVersion"), "Write it as kubernetes.version."),
    **dict.fromkeys(("sshUser", "sshKey", "sshPort", "sshKeyFile"), "Write it under ssh."),
    **dict.fromkeys(("availabilityZones", "azs"), "Write it as aws.network.zones."),
    **dict.fromkeys(
        ("cidr", "cidrBlock", "vpcCidr"), "Write a VPC's as aws.network.range, that of pods as network.podSubnet."
    ),
    **dict.fromkeys(("externalEtcd", "stackedEtcd"), "Write it under etcd: hosts, external, or neither for stacked."),
    **dict.fromkeys(("etcdHosts", "etcdMembers"), "Write them under etcd.hosts."),
    **dict.fromkeys(
        ("replicas", "count"),
        "Remove it: each host has a line under hosts; machines that are made are counted under machines.",
    ),
    **dict.fromkeys(("loadBalancer", "loadBalancers", "balancers", "vip"), "Write it under endpoint."),
    **dict.fromkeys(("masters", "controllers", "controlPlanes"), "Write them under controlPlane.hosts."),
    **dict.fromkeys(
        ("addons", "extraManifests", "inlineManifests"), "Write them under manifests, as files or addresses."
    ),
    **dict.fromkeys(
        ("dualStack", "ipFamily", "ipFamilies"), "Remove it: with network.ipv6 a cluster has two families."
    ),
    **dict.fromkeys(("nodes", "agents", "pools", "nodePools"), "Write them under workers.<pool>.hosts."),
    **dict.fromkeys(("httpProxy", "httpsProxy", "proxies"), "Write it under proxy."),
    **dict.fromkeys(("proxyJump", "jumpHost", "jump", "gateway", "bastionHost"), "Write it as ssh.bastion.address."),
    **dict.fromkeys(
        ("caFile", "caCert", "caKey", "caCertificate"),
        "Remove it: the cluster's authorities are made here; that of somebody else's etcd goes into etcd.external.",
    ),
    "key": "Remove it: no key stands in this file; ssh.privateKeyFile names one, and packages.kubernetes.key.file.",
    "privateKey": "Remove it and make a new key, since this one is written down here; name its file in privateKeyFile.",
}


def plain(kind: Any) -> Any:
    """Return a type without what is annotated to it, and without None."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    return kind


def kinds(annotation: Any) -> dict[str, type[Section]]:
    """Return the sections that a value can be, by kind; nothing for a type that is not such a union."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, UnionType):
        return {}
    models = [part for part in get_args(annotation) if isinstance(part, type) and issubclass(part, Section)]
    return {get_args(m.model_fields[KIND].annotation)[0]: m for m in models} if len(models) > 1 else {}


@cache
def sections() -> dict[Path, type[Section]]:
    """Return every section of a cluster file by its path."""
    return dict(_walk(Cluster, ()))


@cache
def unions() -> dict[Path, dict[str, type[Section]]]:
    """Return the sections that are of one kind or another, by path and kind."""
    found = {
        (*at, key): kinds(field.annotation)
        for at, section in sections().items()
        for key, field in fields(section).items()
    }
    return {at: models for at, models in found.items() if models}


def _walk(model: type[Section], at: Path) -> Iterator[tuple[Path, type[Section]]]:
    yield at, model
    for field in model.model_fields.values():
        here = (*at, str(field.alias))
        several = kinds(field.annotation)
        for kind, section in several.items():
            yield from _walk(section, (*here, kind))
        inner = plain(field.annotation)
        if get_origin(inner) in (dict, list):
            inner, here = plain(get_args(inner)[-1]), (*here, ANY)
        if not several and isinstance(inner, type) and issubclass(inner, Section):
            yield from _walk(inner, here)


def fields(model: type[Section]) -> dict[str, FieldInfo]:
    """Return a section's fields by key."""
    return {str(field.alias): field for field in model.model_fields.values()}


def pattern(location: Path) -> Path:
    """Return a path with ANY where it has names of the file's own."""
    found: Path = ()
    for key in location:
        found = (*found, ANY if (*found, ANY) in sections() else key)
    return found


def written(location: Path) -> Path:
    """Return a path as the file has it: without the kinds of sections."""
    return tuple(key for number, key in enumerate(location) if pattern(location[:number]) not in unions())


def sample(location: Path) -> str:
    """Return the key at a path with its example as one line of YAML, nothing when it has none."""
    value = _example(pattern(location))
    if value is None:
        return ""
    # A number stands for an entry of a list.
    shown = value if location[-1].isdigit() else {location[-1]: value}
    line = yaml.safe_dump(shown, default_flow_style=True, width=1000, sort_keys=False).strip()
    return line if location[-1].isdigit() else line.removeprefix("{").removesuffix("}")


def _example(at: Path) -> Any:
    """Return a key's own example, a section's of what it has to have, None where there is none."""
    if at in unions():
        at = (*at, next(iter(unions()[at])))  # the first kind serves as the example
    section = sections().get(at)
    if section is not None:
        found = {key: _example((*at, key)) for key, known in fields(section).items() if known.is_required()}
        return found if found and None not in found.values() else None
    known = fields(sections()[at[:-1]]).get(at[-1]) if at[:-1] in sections() else None
    return known.examples[0] if known and known.examples else None


def unknown(location: Path) -> tuple[Fault, Path | None]:
    """Return the fault that an unknown key is, and the path of the key that was meant, if that is known.

    `location` has the kinds of sections in it; the path that is returned is as the file has it.
    """
    *before, word = location
    above = tuple(before)
    here = list(fields(sections()[pattern(above)]))

    def told(remedy: str, meant: Path | None = None) -> tuple[Fault, Path | None]:
        return Fault(".".join(written(location)), "is not a known key", remedy), meant and written(meant)

    if instead := nearest(word, ELSEWHERE, cutoff=1.0):
        return told(ELSEWHERE[instead])
    if others := [kind for kind, section in unions().get(pattern(above[:-1]), {}).items() if word in fields(section)]:
        return told(f"It belongs to kind {' and '.join(others)}, and this is of kind {above[-1]}.")
    if near := nearest(word, here, cutoff=0.8):
        return told(f"Did you mean '{near}'?", (*above, near))
    if "hosts" in here and re.search(r"\d$", word):
        return told(f"Write it under {'.'.join(written(above))}.hosts, if it is a host.")
    # A place without names of its own is one that can be filled in.
    places = sorted((at for at, section in sections().items() if word in fields(section)), key=lambda at: ANY in at)
    # Where a section and one inside of it know the word, the outer one is meant.
    places = [at for at in places if not any(at != other and at[: len(other)] == other for other in places)]
    if places:
        exact = [at for at in places if ANY not in at]
        named = ", ".join(list(dict.fromkeys(_shown(at) for at in exact or places))[:3])
        return told(f"It belongs under {named}.", (*exact[0], word) if exact else None)
    if near := nearest(word, here):
        return told(f"Did you mean '{near}'?", (*above, near))
    for at, section in sections().items():
        if near := nearest(word, fields(section), cutoff=0.85):
            return told(f"Did you mean '{_shown((*at, near))}'?", (*at, near) if ANY not in at else None)
    return told(f"Known here: {', '.join(here)}.")


def _shown(at: Path) -> str:
    return ".".join("<name>" if key == ANY else key for key in written(at)) or "the cluster itself"
