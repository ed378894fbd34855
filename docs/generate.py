"""Writes docs/configuration.md and docs/cluster.schema.json from the types; `--check` fails when stale."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))
from components.schema import cluster_schema, stack_file

REFERENCE = Path(__file__).with_name("configuration.md")
SCHEMA = Path(__file__).with_name("cluster.schema.json")
HEAD = """\
# The cluster file

Every key of `kubeadm-ha:cluster` in `Pulumi.<stack>.yaml`. The cluster can also be in a file of its own, which
`kubeadm-ha:clusterFile` names and [two stacks](topologies/aws-two-stacks.md) may share. A key without a value counts as
not given.

    # yaml-language-server: $schema=docs/cluster.schema.json
    config:
      kubeadm-ha:cluster:
        name: prod
        …

With the first line, editors complete and check by [cluster.schema.json](cluster.schema.json). That file and this page
are generated from `components/config/` and `components/policies/` by `make docs`.
"""
#: Sections in the order of the page: title, where they stand, and the definition.
PAGES = (
    ("The cluster", "", "Cluster"),
    ("kubernetes", "", "KubernetesOptions"),
    (
        "apiServer, controllerManager, scheduler",
        "`kubernetes.apiServer`, `kubernetes.controllerManager` and `kubernetes.scheduler`.",
        "ComponentOptions",
    ),
    ("extraArgs", "`extraArgs.<n>` of these components.", "Argument"),
    ("endpoint of kind haproxy", "", "HaproxyEndpoint"),
    ("HAProxy: timeouts", "`endpoint.timeouts`, of kind haproxy.", "HaproxyTimeouts"),
    ("HAProxy: statistics", "`endpoint.statistics`, of kind haproxy.", "HaproxyStatistics"),
    ("endpoint of kind external", "", "ExternalEndpoint"),
    ("endpoint of kind kube-vip", "", "KubeVipEndpoint"),
    ("kube-vip: bgp", "`endpoint.bgp`.", "BgpOptions"),
    ("kube-vip: bgp.peers", "Each of `endpoint.bgp.peers`.", "BgpPeer"),
    ("endpoint of kind node-local", "", "NodeLocalEndpoint"),
    ("endpoint of kind nlb", "", "NlbEndpoint"),
    ("controlPlane", "", "ControlPlaneOptions"),
    ("etcd", "", "EtcdOptions"),
    ("etcd.external", "`etcd.external`.", "ExternalEtcd"),
    ("etcd.snapshots", "`etcd.snapshots`.", "SnapshotOptions"),
    ("workers", "`workers.<name>`, for each pool.", "PoolOptions"),
    ("hosts", "`hosts.<name>`, of the endpoint, the control plane, etcd and each pool.", "HostSpec"),
    ("machines of a pool", "`workers.<name>.machines`, for each pool.", "PoolMachineOptions"),
    ("autoScaling", "`workers.<name>.machines.autoScaling`.", "AutoScalingOptions"),
    ("machines of control planes and etcd", "`controlPlane.machines` and `etcd.machines`.", "EtcdMachineOptions"),
    ("aws", "", "AwsOptions"),
    ("aws.network", "", "AwsNetwork"),
    ("existing subnets", "Each of `aws.network.subnets` and `aws.network.publicSubnets`.", "AwsSubnet"),
    ("aws.bastion", "", "AwsBastion"),
    ("aws.image", "", "AwsImage"),
    ("taints", "`taints`, of the control plane, each pool and each host.", "Taint"),
    ("ssh", "For the cluster, and under a host for that host alone.", "SshOptions"),
    ("ssh.bastion", "Under `ssh`, for the cluster or for a host.", "BastionOptions"),
    ("hooks", "", "HookOptions"),
    ("hooks: beforeJoin, afterJoin", "An entry of `hooks.beforeJoin` and `hooks.afterJoin`.", "NodeHook"),
    ("hooks: afterUp", "An entry of `hooks.afterUp`, and `etcd.snapshots.then`.", "Hook"),
    ("proxy", "", "ProxyOptions"),
    ("network", "", "NetworkOptions"),
    ("network.ipv6", "", "Ipv6Options"),
    ("network.cni", "", "OwnNetwork"),
    ("manifests", "Each of `manifests` and of `network.cni.manifests`.", "ManifestSource"),
    ("packages", "", "PackageOptions"),
    ("package repository", "`packages.kubernetes` and `packages.containerd`.", "PackageRepository"),
    ("package repository: key", "`packages.kubernetes.key` and `packages.containerd.key`.", "PackageKey"),
    ("containerd", "", "ContainerdOptions"),
    ("encryption", "", "EncryptionOptions"),
    ("audit", "", "AuditOptions"),
    ("certificates", "", "CertificateOptions"),
    ("drain", "", "DrainOptions"),
)
POLICIES = """
## policies

What an organisation may want to forbid: `off`, `warn` or `refuse` each. A refusal stops a preview before any host is
contacted; a warning is shown and does not stop. A policy is one function in `components/policies/`.

    policies:
      rootLogin: refuse
      evenEtcd: off

| key | default | what it finds |
|---|---|---|
"""


def page(definitions: dict[str, Any]) -> str:
    """Return the whole reference."""
    missing = set(definitions) ^ {definition for _, _, definition in PAGES}
    if missing:
        raise SystemExit(f"PAGES of {Path(__file__).name} does not fit the schema: {', '.join(missing)}")
    return (
        HEAD
        + contents()
        + "".join(
            "".join(section(title, where, definitions[definition], definitions)) for title, where, definition in PAGES
        )
        + "".join(policies(definitions))
    )


def contents() -> str:
    """Return links to all sections."""
    titles = [*(title for title, _, _ in PAGES), "policies"]
    links = " ·\n".join(f"[{title}](#{anchor(title)})" for title in titles)
    return f"\nSections: {links}.\n"


def section(title: str, where: str, schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """Yield the part of the page about one section."""
    yield f"\n## {title}\n\n{' '.join(filter(None, (where, schema['description'])))}\n\n"
    yield "| key | type | default | example | meaning |\n|---|---|---|---|---|\n"
    for key, value in schema["properties"].items():
        inner = resolved(value, definitions)
        default = "required" if key in schema.get("required", []) else plain(value.get("default"))
        either = [only["required"][0] for each in schema.get("allOf", []) for only in each["anyOf"]]
        if key in either:
            default = f"required, or `{either[key == either[0]]}`"
        example = plain(value["examples"][0]) if value.get("examples") else below(value)
        text = str(value.get("description") or inner.get("description", "")).replace("|", "\\|")
        yield f"| `{key}` | {kinds(value, definitions)} | {default} | {example} | {text} |\n"


def below(value: dict[str, Any]) -> str:
    """Return a link to the section that a key's value has on the page."""
    named = re.search(r"#/definitions/(\w+)", json.dumps(value))
    titles = [title for title, _, definition in PAGES if named and definition == named[1]]
    return f"[below](#{anchor(titles[0] if titles else 'policies')})"


def anchor(title: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def policies(definitions: dict[str, Any]) -> Iterator[str]:
    """Yield the part of the page about policies."""
    yield POLICIES
    for name, value in definitions["Cluster"]["properties"]["policies"]["properties"].items():
        yield f"| `{name}` | `{value['default']}` | {value['description']} |\n"


def resolved(value: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema behind references and optional values."""
    if "$ref" in value:
        return resolved(definitions[value["$ref"].rpartition("/")[2]], definitions)
    for several in ("anyOf", "oneOf"):
        if several in value:
            return resolved(next(v for v in value[several] if v.get("type") != "null"), definitions)
    return value


def kinds(value: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Return what to call the types of a value that may have several."""
    choices = [choice for choice in value.get("anyOf", [value]) if choice.get("type") != "null"]
    return " or ".join(reversed([kind(resolved(choice, definitions)) for choice in choices]))


def kind(value: dict[str, Any]) -> str:
    """Return what to call the type of a value."""
    words = [word for word in value.get("enum", [value.get("const")]) if isinstance(word, str)]
    if True in value.get("enum", []):
        return "boolean"
    if words:
        return " or ".join(f"`{word}`" for word in words)
    given = value["type"]
    name = next(n for n in ([given] if isinstance(given, str) else given) if n != "null")
    low, high = value.get("minimum"), value.get("maximum")
    if low is not None:
        name += f" {low} to {high}" if high is not None else f" from {low}"
    return {"object": "mapping", "array": "list"}.get(name, name)


def plain(value: Any) -> str:
    """Return a default or an example as one word of YAML, nothing for none and for what is empty."""
    if value is None or value in ({}, []):
        return ""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False, allow_unicode=True)
    return f"`{text.removesuffix(chr(10)).removesuffix('...').strip()}`"


def written() -> dict[Path, str]:
    """Return what is generated, by file."""
    schema = json.dumps(stack_file(), indent=2, ensure_ascii=False) + "\n"
    return {REFERENCE: page(cluster_schema()), SCHEMA: schema}


if __name__ == "__main__":
    stale = [file for file, text in written().items() if not file.exists() or file.read_text() != text]
    if "--check" not in sys.argv[1:]:
        for file in stale:
            file.write_text(written()[file])
    elif stale:
        sys.exit(f"{', '.join(file.name for file in stale)} stale: run `make docs`")
