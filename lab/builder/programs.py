"""The programs that are compiled: what builds.yaml says, and what their binaries depend on."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.builder import packages
from lab.builder.inputs import is_current
from lab.layout import TREE, artifacts_dir

DATA = Path(__file__).with_name("builds.yaml")


@dataclass(frozen=True)
class Program:
    """One item of builds.yaml; `seconds` is how long it takes from cold caches."""

    name: str
    module: str
    seconds: int
    builds: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    engine: bool = False
    cgo: bool = False
    static: bool = False
    tags: Sequence[str] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    tests: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    edits: Mapping[str, Any] = field(default_factory=dict)
    runs: Mapping[str, str] = field(default_factory=dict)
    nosumdb: Sequence[str] = ()
    suite: bool = False
    """Whether it is for the conformance tests alone."""
    long: bool = False
    """Whether it is for long stories alone."""
    minor: str = ""
    """The minor of Kubernetes that it goes with, when it is built for an upgrade alone."""

    @property
    def source(self) -> Path:
        """The folder with the module or the C files."""
        return TREE / "lab" / self.module

    @property
    def folder(self) -> Path:
        """Where the artifact is, or will be."""
        return artifacts_dir(self.name, self.version)

    @property
    def binaries(self) -> list[str]:
        """The names of the programs in the artifact's bin folder."""
        return sorted({*self.builds, *self.tests, *self.copies, *self.runs})

    @property
    def key(self) -> str:
        """The hash of everything that the artifact is made from: its description and its sources."""
        sources = [self.source, *(TREE / "lab" / copy["of"] for copy in self.copies.values())]
        digest = hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode())
        for folder in sources:
            for file in source_files(folder):
                digest.update(f"\0{file.relative_to(TREE)}\0".encode())
                digest.update(file.read_bytes())
        return digest.hexdigest()

    @property
    def inputs(self) -> dict[str, Any]:
        """What of the description changes the binaries: not how long they take."""
        described = dataclasses.asdict(self)
        del described["seconds"]
        del described["minor"]
        del described["suite"], described["long"]
        for name in ("edits", "tests", "runs"):
            if not described[name]:
                del described[name]
        # Libraries are made for one release of Python, and the program is run by the one that installed them.
        return described | ({"interpreter": [interpreter(), sys.version]} if self.runs else {})

    def is_built(self) -> bool:
        """Tell whether the artifact is there and made from these inputs."""
        return is_current(self.folder, self.key)


def interpreter() -> str:
    """Return the Python that this is run by, outside of any virtual environment."""
    return os.path.realpath(sys.executable)


def source_files(folder: Path) -> list[Path]:
    """Return what a build reads in a folder: Go modules, Go and C, Python with its data, without tests."""
    named = ("go.mod", "go.sum", "requirements.txt")
    files = [
        file
        for file in folder.rglob("*")
        if file.name in named or file.suffix in (".go", ".c", ".py", ".json", ".yaml")
    ]
    return sorted(file for file in files if not file.name.endswith("_test.go"))


def filled(text: str, version: str) -> str:
    """Return a text with {version}, {major} and {minor} replaced."""
    major, _, rest = version.partition(".")
    for name, value in {"version": version, "major": major, "minor": rest.partition(".")[0]}.items():
        text = text.replace("{" + name + "}", value)
    return text


@functools.cache
def data() -> dict[str, Any]:
    """Return builds.yaml as it stands."""
    raw: dict[str, Any] = yaml.safe_load(DATA.read_text())
    return raw


@functools.cache
def programs() -> list[Program]:
    """Return every program, in the order in which they are built."""
    return [program(entry) for entry in data()["programs"]]


def program(entry: Mapping[str, Any]) -> Program:
    """Return one entry of builds.yaml with its version filled in.

    Raises KeyError when neither it nor packages.yaml names a version.
    """
    version = entry.get("version") or packages.versions(entry.get("minor", ""))[entry["name"]]
    links = {key: filled(value, version) for key, value in entry.get("links", {}).items()}
    return Program(**{**entry, "version": version, "links": links})
