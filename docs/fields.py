"""Writes components/rules/fields/<minor>.yaml: what a release's kubelet and kube-proxy know, read from Go sources.

    docs/fields.py MODULES 1.34.8 1.35.6 1.36.3 [BINARIES]

MODULES is `go env GOMODCACHE`, where `go mod download` has put k8s.io/{kubernetes,kubelet,kube-proxy,component-base,
client-go} of these releases. A module that is not there is read from the next later release that is. BINARIES is a
folder with `<version>/bin/kube-apiserver` and the other two, such as the lab's artifacts; flags of a release whose
programs are not there are not compared. What kinds of values those flags take goes into flags.yaml, one file for all
releases, which is read where a flag is given.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parents[1] / "components" / "rules" / "fields"
HEAD = """\
# What the kubelet and kube-proxy of this Kubernetes minor know: fields of their configuration with their types, and
# feature gates (`locked`: the only value that a gate still takes). A list of one type is a list, `{any: type}` a
# mapping with names of one's own. `flags` are those of the control plane's components, where they have been read off
# their own help. Written by docs/fields.py: adding a Kubernetes release is running that.
"""
FLAGS_HEAD = """\
# Flags of the control plane's components by the kind of value that they take, and the admission plugins of the API
# server: of all releases whose programs were there. Written by docs/fields.py.
"""
#: Kinds of values by pflag's word for them; a flag without a word is a boolean.
KINDS = {
    "": "bool",
    "duration": "duration",
    "string": "string",
    "float": "number",
    "float32": "number",
} | dict.fromkeys(("int", "int32", "Level"), "int")
#: Flags with a name like these name a file.
_FILES = re.compile(r"(^|-)(file|config|kubeconfig|cafile|certfile|keyfile)$")
PLAIN = {
    "bool": "bool",
    "string": "string",
    "float32": "number",
    "float64": "number",
    "metav1.Duration": "duration",
    "metav1.Time": "string",
    "v1.ResourceList": {"any": "quantity"},
    "resource.QuantityValue": "quantity",
    "TimeOrMetaDuration": "any",
    "VerbosityLevel": "int",
    "VModuleConfiguration": "any",
    "v1.Taint": {"key": "string", "value": "string", "effect": "string", "timeAdded": "string"},
} | dict.fromkeys(("int", "int32", "int64", "uint32", "uint64"), "int")
#: Registered beside the gates of kube_features.go, by every component.
COMMON = ("AllAlpha", "AllBeta")
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


def structs(*sources: Path) -> dict[str, Any]:
    """Return the Go types of source files: structs as field name to Go type, others as what they stand for."""
    text = "".join(path.read_text() for path in sources)
    found: dict[str, Any] = dict(re.findall(r"^type (\w+) (string|int32)$", text, re.M))
    for name, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", text, re.M | re.S):
        fields = re.findall(r"^\t(?:\w+\s+)?(\S+)\s+`json:\"([^\",]*)(,inline)?", body, re.M)
        found[name] = [(field, kind) for kind, field, _ in fields]
    return found


def shape(kind: str, known: dict[str, Any]) -> Any:
    """Return a Go type as this project's data has it."""
    kind = kind.lstrip("*")
    if kind.startswith("[]"):
        return [shape(kind[2:], known)]
    if kind.startswith("map[string]"):
        return {"any": shape(kind.removeprefix("map[string]"), known)}
    if kind in PLAIN:
        return PLAIN[kind]
    below = known.get(kind.rpartition(".")[2])
    if isinstance(below, str):
        return shape(below, known)
    if below is None:
        return "any"
    fields: dict[str, Any] = {}
    for name, inner in below:
        if name:
            fields[name] = shape(inner, known)
        elif not inner.endswith("TypeMeta"):
            fields |= shape(inner, known)
    return fields


def gates(features: Path, client: Path, minor: str) -> dict[str, str]:
    """Return the feature gates that a release's components know: `true` and `false` for those that are locked."""
    text = features.read_text()
    names = dict(re.findall(r'^\t(\w+)\s+featuregate\.Feature = "(\w+)"', text, re.M))
    found = dict.fromkeys([*COMMON, *re.findall(r'^\t\w+ Feature = "(\w+)"', client.read_text(), re.M)], "free")
    body = text.partition("VersionedSpecs{")[2].partition("\n}\n")[0]
    for name, specs in re.findall(r"^\t([\w.]+): \{\n(.*?)^\t\},", body, re.M | re.S):
        value = "free"
        for version, spec in re.findall(r'^\t\t\{Version: version\.MustParse\("([\d.]+)"\), (.*?)\}', specs, re.M):
            if [int(n) for n in version.split(".")] <= [int(n) for n in minor.split(".")]:
                default = re.search(r"Default: (true|false)", spec)
                value = default[1] if "LockToDefault: true" in spec and default else "free"
        found[names.get(name, name.rpartition(".")[2])] = value
    return found


def release(modules: Path, version: str) -> dict[str, Any]:
    """Return what the kubelet and kube-proxy of an exact version know."""
    minor, _, _ = version.rpartition(".")
    staging = modules / "k8s.io"
    base = _at(staging, "component-base", version)
    shared = (base / "logs/api/v1/types.go", base / "tracing/api/v1/types.go", base / "config/v1alpha1/types.go")
    kubelet = structs(_at(staging, "kubelet", version) / "config/v1beta1/types.go", *shared)
    proxy = structs(_at(staging, "kube-proxy", version) / "config/v1alpha1/types.go", *shared)
    features = staging / f"kubernetes@v{version}" / "pkg/features/kube_features.go"
    client = _at(staging, "client-go", version) / "features/known_features.go"
    by_value = gates(features, client, minor)
    # The packages of these gates register them on their own.
    logs = (base / "logs/api/v1/kube_features.go").read_text()
    by_value |= dict.fromkeys(re.findall(r'^\t\w+ featuregate\.Feature = "(\w+)"', logs, re.M), "free")
    return {
        "kubelet": shape("KubeletConfiguration", kubelet),
        "kubeProxy": shape("KubeProxyConfiguration", proxy),
        "gates": sorted(name for name, value in by_value.items() if value == "free"),
        "locked": {name: value == "true" for name, value in sorted(by_value.items()) if value != "free"},
    }


def flags(binaries: Path, version: str) -> dict[str, Any]:
    """Return the flags of the control plane's components, as those of an exact version print them; nothing when they
    are not there.
    """
    found = {}
    for component in COMPONENTS:
        program = binaries / version / "bin" / component
        if not program.exists():
            return {}
        shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
        names = re.findall(r"^ +(?:-\w, )?--([a-z0-9-]+)", shown.stdout + shown.stderr, re.M)
        found[component] = sorted({*names} - {"help", "version"})
    return {"flags": found}


def kinds(binaries: Path, versions: list[str]) -> dict[str, list[str]]:
    """Return the flags of the programs of all versions by the kind of their values, files apart, and the plugins."""
    found: dict[str, set[str]] = {kind: set() for kind in (*dict.fromkeys(KINDS.values()), "file", "plugins")}
    for program in (binaries / version / "bin" / name for version in versions for name in COMPONENTS):
        if not program.exists():
            continue
        shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
        for name, word in re.findall(r"^ +(?:-\w, )?--([a-z0-9-]+)(?: (\S+))?(?:  |$)", shown, re.M):
            if word in KINDS:
                found["file" if word == "string" and _FILES.search(name) else KINDS[word]].add(name)
        listed = re.search(r"list of admission plugins: (.*?)\. The order", shown)
        found["plugins"] |= set(listed[1].split(", ")) if listed else set()
    return {kind: sorted(names) for kind, names in found.items() if kind != "string"}


def _at(staging: Path, module: str, version: str) -> Path:
    """Return the folder of a module of a release, or of the next later one that is there."""
    wanted = [int(number) for number in version.split(".")][1:]
    there = [
        ([int(number) for number in path.name.partition("@v0.")[2].split(".")], path)
        for path in staging.glob(f"{module}@v0.*")
    ]
    return min((place, path) for place, path in there if place >= wanted)[1]


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


if __name__ == "__main__":
    modules, *rest = sys.argv[1:]
    versions = [word for word in rest if re.fullmatch(r"[\d.]+", word)]
    binaries = Path(next((word for word in rest if word not in versions), "."))
    TARGET.mkdir(exist_ok=True)
    for version in versions:
        known = release(Path(modules), version) | flags(binaries, version)
        text = yaml.dump(known, Dumper=_Dumper, sort_keys=False, width=118, default_flow_style=None)
        (TARGET / f"{version.rpartition('.')[0]}.yaml").write_text(HEAD + text)
    text = yaml.dump(kinds(binaries, versions), Dumper=_Dumper, sort_keys=False, width=118, default_flow_style=None)
    TARGET.with_name("flags.yaml").write_text(FLAGS_HEAD + text)
