"""The images that a cluster pulls, made from the built programs and put into the lab's registry."""

from __future__ import annotations

import dataclasses
import functools
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.builder import inputs, layers, packages, push, tools
from lab.builder.inputs import BuildError
from lab.builder.layers import Entry, Layer
from lab.layout import cache, mirror_dir, registry_dir

DATA = Path(__file__).with_suffix(".yaml")
CODE = (Path(__file__), Path(layers.__file__), Path(tools.__file__))
STAMP = "images.json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """One image as images.yaml describes it; `config` overrides what containers start with."""

    reference: str
    layers: Sequence[str]
    binaries: Mapping[str, str]
    config: Mapping[str, Any] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    suite: bool = False
    """Whether it is for the conformance tests alone."""
    long: bool = False
    """Whether it is for long stories alone: those that upgrade, too, so it is there with what they upgrade from."""
    minor: str = ""
    """The minor of Kubernetes that its programs go with; empty for that of stack dev."""

    @property
    def repository(self) -> str:
        """The path in the lab's registry: the upstream host, then upstream's own path."""
        return self.reference.rpartition(":")[0]

    @property
    def tag(self) -> str:
        """The tag, without its colon."""
        return self.reference.rpartition(":")[2]


@functools.cache
def data(minor: str = "") -> dict[str, Any]:
    """Return images.yaml with the versions of a minor of Kubernetes filled in."""
    filled: dict[str, Any] = packages.filled(yaml.safe_load(DATA.read_text()), minor)
    return filled


def images(minors: Sequence[str] = ("",), *, suite: bool = False) -> list[Image]:
    """Return every image that the registry is to hold for these minors of Kubernetes, each once."""
    found: dict[str, Image] = {}
    for minor in minors:
        for entry in data(minor)["images"]:
            found.setdefault(entry["reference"], Image(**entry, minor=minor))
    return [i for i in found.values() if (suite or not i.suite) and (len(minors) > 1 or not i.long)]


def config(image: Image, diff_ids: Sequence[str]) -> bytes:
    """Return the image's config, the same bytes for the same layers."""
    document = {
        "architecture": packages.data()["architecture"],
        "os": "linux",
        "config": {"Env": [PATH], **image.config},
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
    }
    return json.dumps(document, sort_keys=True).encode()


def manifest(settings: bytes, stack: Sequence[Layer]) -> bytes:
    """Return the manifest of a config and its layers, lowest first."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": CONFIG,
            "digest": layers.digest(settings),
            "size": len(settings),
        },
        "layers": [layer.descriptor for layer in stack],
    }
    return json.dumps(document, sort_keys=True).encode()


def ensure(minors: Sequence[str] = ("",), *, suite: bool = False) -> list[str]:
    """Push the images whose programs or description changed; return their references.

    `minors` are those of Kubernetes to serve; the empty one is that of stack dev. With `suite` also those that only the
    conformance tests pull.

    Raises BuildError when a program is missing or the registry does not take an image.
    """
    stamp = registry_dir() / STAMP
    done: dict[str, str] = json.loads(stamp.read_text()) if stamp.is_file() else {}
    every = images(minors, suite=suite)
    wanted = {image.reference: _inputs(image) for image in every}
    todo = [image for image in every if done.get(image.reference) != wanted[image.reference]]
    if not todo:
        return []
    registry_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".images-", dir=cache()) as scratch:
        work = Path(scratch)
        shared = _shared(work, {name for image in todo for name in image.layers})
        with push.registry(packages.binary(data()["registry"]), registry_dir(), work) as address:
            for image in todo:
                own = work / "own.tar"
                programs = {
                    path: Entry(file, int(image.modes.get(path, "755"), 8)) for path, file in _programs(image).items()
                }
                top = layers.write(programs, own, data()["compression"])
                stack = [*(shared[name] for name in image.layers), top]
                settings = config(image, [layer.diff_id for layer in stack])
                for layer in stack:
                    push.blob(address, image.repository, layer.digest, layer.path)
                push.blob(address, image.repository, layers.digest(settings), settings)
                document = manifest(settings, stack)
                push.manifest(address, image.repository, image.tag, document, MANIFEST)
                top.path.unlink()
                done[image.reference] = wanted[image.reference]
                # Written after each image: an interrupted run goes on where it was.
                fresh = stamp.with_suffix(".new")
                fresh.write_text(json.dumps(done, indent=2, sort_keys=True) + "\n")
                fresh.rename(stamp)
    return [image.reference for image in todo]


def _inputs(image: Image) -> str:
    shared = [data()["compression"], *(data()["layers"][name] for name in image.layers)]
    code = [file.read_text() for file in CODE]
    files = [*_programs(image).values(), _debian() / inputs.STAMP]
    return inputs.fingerprint(files, code, shared, dataclasses.asdict(image))


def _programs(image: Image) -> dict[str, Path]:
    """Return where the image's own programs go; raises BuildError when one is not built."""
    found = {path: packages.binary(name, image.minor) for path, name in image.binaries.items()}
    missing = [str(path) for path in found.values() if not path.is_file()]
    if missing:
        raise BuildError(f"{image.reference} lacks {', '.join(missing)}; run `lab/build` first")
    return found


def _repository() -> dict[str, Any]:
    found: dict[str, Any] = packages.data()["repositories"]["debian"]
    return found


def _debian() -> Path:
    return mirror_dir() / str(_repository()["path"])


def _shared(work: Path, names: set[str]) -> dict[str, Layer]:
    """Write the layers that images share, from the mirror's Debian packages."""
    root = work / "debian"
    if names:
        tools.unpack(_debian() / str(_repository()["pool"]), root)
    made = {}
    for name in sorted(names):
        entries = _entries(data()["layers"][name], root)
        made[name] = layers.write(entries, work / f"{name}.tar", data()["compression"])
    return made


def _entries(spec: Mapping[str, Any], root: Path) -> dict[str, Entry]:
    folders = spec.get("directories", {})
    entries = {path: Entry(None, int(mode, 8)) for path, mode in folders.items()}
    entries |= {path: Entry(text.encode()) for path, text in spec.get("texts", {}).items()}
    entries |= {path: Entry(target) for path, target in spec.get("links", {}).items()}
    if "programs" in spec:
        found = tools.collect(root, spec["programs"], spec["also"])
        modes = {path: 0o644 if path.startswith("etc/") else 0o755 for path in found}
        entries |= {path: Entry(file, modes[path]) for path, file in found.items()}
    if "authorities" in spec:
        certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
        bundle = b"".join(file.read_bytes().rstrip() + b"\n" for file in certificates)
        entries[spec["authorities"]] = Entry(bundle)
    return entries
