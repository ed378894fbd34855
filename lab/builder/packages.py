"""Debian packages of the built programs: the names, files and dependencies that upstream's have."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components import releases
from lab.builder.inputs import BuildError, call
from lab.layout import artifacts_dir

DATA = Path(__file__).with_suffix(".yaml")
#: One second for every file, so that the same inputs give the same bytes.
EPOCH = "1700000000"

_START = """\
deb-systemd-helper unmask {unit} >/dev/null
if deb-systemd-helper --quiet was-enabled {unit}; then
  deb-systemd-helper enable {unit} >/dev/null
else
  deb-systemd-helper update-state {unit} >/dev/null
fi
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload
  if [ -z "$2" ]; then
    deb-systemd-invoke start {unit}
  fi{restart}
fi
"""
_RESTART = """
  if [ -n "$2" ]; then
    deb-systemd-invoke restart {unit}
  fi"""
_STOP = """\
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop {unit}
fi
"""
_FORGET = """\
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload
fi
if [ "$1" = remove ]; then
  deb-systemd-helper mask {unit} >/dev/null
fi
if [ "$1" = purge ]; then
  deb-systemd-helper purge {unit} >/dev/null
  deb-systemd-helper unmask {unit} >/dev/null
fi
"""


@dataclass(frozen=True)
class Package:
    """One package as packages.yaml describes it."""

    name: str
    repository: str
    version: str
    section: str
    maintainer: str
    homepage: str
    description: str
    binaries: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    depends: Sequence[str] = ()
    provides: Sequence[str] = ()
    conflicts: Sequence[str] = ()
    replaces: Sequence[str] = ()
    conffiles: Sequence[str] = ()
    unit: str = ""
    restart: bool = False
    minor: str = ""
    """The minor of Kubernetes that its programs go with; empty for that of stack dev."""


@functools.cache
def raw() -> dict[str, Any]:
    """Return packages.yaml as it stands."""
    loaded: dict[str, Any] = yaml.safe_load(DATA.read_text())
    return loaded


def minors(*, upgrade: bool) -> list[str]:
    """Return the minors of Kubernetes to build: that of stack dev, and with `upgrade` those it is upgraded from."""
    return list(raw()["kubernetes"])[: None if upgrade else 1]


@functools.cache
def data(minor: str = "") -> dict[str, Any]:
    """Return packages.yaml with the versions of a minor of Kubernetes filled in."""
    found: dict[str, Any] = filled(raw(), minor)
    return found


@functools.cache
def versions(minor: str = "") -> dict[str, str]:
    """Return the version of each artifact that goes with a minor of Kubernetes; an empty one is that of stack dev."""
    minor = minor or minors(upgrade=False)[0]
    release = releases.releases()[minor]
    flannel, flannel_cni = releases.flannel_images()
    own: dict[str, str] = raw()["versions"]
    return own | {
        "containerd": releases.default_containerd(),
        "cloud-controller": releases.cloud_controller_manager_image(f"{minor}.0").rpartition(":v")[2],
        "coredns": release.coredns.removeprefix("v"),
        "etcd": release.etcd.removesuffix("-0"),
        "flannel": flannel.rpartition(":v")[2],
        "flannel-cni": flannel_cni.rpartition(":v")[2],
        "kube-vip": releases.kube_vip_image().rpartition(":v")[2],
        "kubernetes": raw()["kubernetes"][minor],
        "kubernetes_minor": minor,
        "pause": release.pause,
    }


def filled(value: Any, minor: str = "") -> Any:
    """Return plain data with every `{name}` replaced by the version of that artifact."""
    if isinstance(value, str):
        for name, version in versions(minor).items():
            value = value.replace("{" + name + "}", version)
        return value
    if isinstance(value, list):
        return [filled(item, minor) for item in value]
    if isinstance(value, dict):
        return {filled(key, minor): filled(item, minor) for key, item in value.items()}
    return value


def repositories(minor: str = "") -> list[str]:
    """Return the names of the repositories that are made for a minor: for one to upgrade from, those that differ."""
    names: dict[str, Any] = raw()["repositories"]
    return [name for name, spec in names.items() if not minor or "{kubernetes_minor}" in spec["path"]]


def packages(repository: str, minor: str = "") -> list[Package]:
    """Return the packages that belong to `repository`."""
    entries: list[dict[str, Any]] = data(minor)["packages"]
    return [Package(**entry, minor=minor) for entry in entries if entry["repository"] == repository]


def binary(reference: str, minor: str = "") -> Path:
    """Return the path of a built program named `artifact/program`."""
    artifact, _, program = reference.partition("/")
    return artifacts_dir(artifact, versions(minor)[artifact]) / "bin" / program


def sources(package: Package) -> dict[str, Path]:
    """Return where each program of a package goes, and the built file that it is.

    Raises BuildError when one has not been built.
    """
    found: dict[str, Path] = {}
    for target, reference in package.binaries.items():
        path = binary(reference, package.minor)
        if path.name == "*":
            found |= {target + file.name: file for file in sorted(path.parent.glob("*"))}
        else:
            found[target] = path
    missing = [str(path) for path in found.values() if not path.is_file()]
    if missing or not found:
        raise BuildError(f"{package.name} lacks {missing or 'its programs'}; run `lab/build` first")
    return found


def control(package: Package, architecture: str, size: int) -> str:
    """Return the control file; `size` is what the files take, in bytes."""
    fields = {
        "Package": package.name,
        "Version": package.version,
        "Architecture": architecture,
        "Maintainer": package.maintainer,
        "Installed-Size": str(-(-size // 1024)),
        "Depends": ", ".join(package.depends),
        "Conflicts": ", ".join(package.conflicts),
        "Replaces": ", ".join(package.replaces),
        "Provides": ", ".join(package.provides),
        "Section": package.section,
        "Priority": "optional",
        "Homepage": package.homepage,
        "Description": package.description,
    }
    return "".join(f"{key}: {value}\n" for key, value in fields.items() if value)


def maintainer_scripts(package: Package) -> dict[str, str]:
    """Return the scripts that enable, start, stop and forget the package's unit, if it has one."""
    if not package.unit:
        return {}
    restart = _RESTART.format(unit=package.unit) if package.restart else ""
    head = "#!/bin/sh\nset -e\n"
    return {
        "postinst": head + _START.format(unit=package.unit, restart=restart),
        "prerm": head + _STOP.format(unit=package.unit),
        "postrm": head + _FORGET.format(unit=package.unit),
    }


def build(package: Package, work: Path, into: Path) -> Path:
    """Make the .deb in folder `into`, with `work` as scratch space, and return its path.

    Raises BuildError when a program is missing or dpkg-deb fails.
    """
    settings = data()
    tree = work / package.name
    for target, source in sources(package).items():
        (tree / target).parent.mkdir(parents=True, exist_ok=True)
        # A link, not a copy: the programs of Kubernetes are large.
        os.link(source.resolve(), tree / target)
    for target, text in package.files.items():
        (tree / target).parent.mkdir(parents=True, exist_ok=True)
        (tree / target).write_text(text)
        (tree / target).chmod(0o644)
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    meta = tree / "DEBIAN"
    meta.mkdir()
    (meta / "control").write_text(control(package, settings["architecture"], size))
    if package.conffiles:
        (meta / "conffiles").write_text("".join(f"{path}\n" for path in package.conffiles))
    for name, text in maintainer_scripts(package).items():
        (meta / name).write_text(text)
        (meta / name).chmod(0o755)
    into.mkdir(parents=True, exist_ok=True)
    deb = into / f"{package.name}_{package.version}_{settings['architecture']}.deb"
    pack = settings["compression"]
    options = [f"-Z{pack['name']}", f"-z{pack['level']}", "--root-owner-group", "--build"]
    call("dpkg-deb", *options, tree, deb, env={"SOURCE_DATE_EPOCH": EPOCH})
    return deb
