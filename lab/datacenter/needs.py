"""What the lab needs of the machine, said before anything long is begun."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.datacenter.shell import LabError, run
from lab.layout import LAB, TREE, cache

FILE = Path(__file__).resolve().parent / "needs.yaml"
#: The builder says itself which Debian packages it needs: a file, and the key of the list in it.
BUILDER = (("builds.yaml", "packages"), ("packages.yaml", "needs"))
GIGABYTE = 10**9


@dataclass(frozen=True)
class Need:
    """One line of the answer: `remedy` is empty when all is well."""

    what: str
    found: str
    remedy: str = ""


def load() -> dict[str, Any]:
    """Return the list of what is needed, the builder's packages with it."""
    data: dict[str, Any] = yaml.safe_load(FILE.read_text())
    data["packages"] += builder_packages(TREE / "lab" / "builder", {entry["package"] for entry in data["packages"]})
    return data


def builder_packages(folder: Path, known: Iterable[str]) -> list[dict[str, str]]:
    """Return the packages that the builder's files name, the `known` ones left out."""
    names: list[str] = []
    for file, key in BUILDER:
        if (folder / file).is_file():
            names += yaml.safe_load((folder / file).read_text()).get(key) or []
    fresh = [name for name in dict.fromkeys(names) if name not in set(known)]
    return [{"package": name} for name in fresh]


def present(entry: dict[str, str]) -> bool:
    """Tell whether the command or the file that a package brings is there, or else the package."""
    if "file" in entry:
        return Path(entry["file"]).exists()
    if "command" not in entry:
        status = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", entry["package"]]
        return subprocess.run(status, capture_output=True, text=True, check=False).stdout == "installed"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return shutil.which(entry["command"], path=path) is not None


def missing_packages(entries: Iterable[dict[str, str]], there: Callable[[dict[str, str]], bool] = present) -> list[str]:
    """Return the names of packages whose parts are not there."""
    return [entry["package"] for entry in entries if not there(entry)]


def space(what: str, free: int, used: int, wanted_gb: int) -> Need:
    """Return whether `free` bytes, with the `used` ones that the lab already has, are enough."""
    short = wanted_gb * GIGABYTE - free - used
    remedy = f"free {short / GIGABYTE:.0f} GB more" if short > 0 else ""
    return Need(f"{what}: {wanted_gb} GB", f"{(free + used) / GIGABYTE:.0f} GB", remedy)


def machine() -> list[Need]:
    """Return everything but the Debian packages."""
    data = load()
    system = sys.platform
    needs = [
        Need("Linux", system, "" if system == "linux" else "use a Linux machine"),
        Need("root", f"user {os.geteuid()}", "run this as root" if os.geteuid() else ""),
    ]
    for folder in {_device(path): path for path in (LAB, cache())}.values():
        free = shutil.disk_usage(_existing(folder)).free
        used = _size(folder) if free < data["disk_gb"] * GIGABYTE else 0
        needs.append(space(f"disk under {_existing(folder)}", free, used, data["disk_gb"]))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    needs.append(space("memory", memory, 0, data["memory_gb"]))
    for entry in data["programs"]:
        found = shutil.which(entry["command"])
        needs.append(Need(entry["command"], found or "not there", "" if found else entry["remedy"]))
    return needs


def main(install: bool) -> int:
    """Print what is needed and what is missing; return 1 when something cannot be had."""
    data = load()
    needs = machine()
    missing = missing_packages(data["packages"])
    if install and missing:
        install_packages(missing)
        missing = missing_packages(data["packages"])
    if missing:
        absent = [name for name in missing if not available(name)]
        remedy = f"find another source for {' '.join(absent)}" if absent else ""
        note = "missing, `lab/hosts needs --install` installs them: " + " ".join(missing)
        needs.append(Need("Debian packages", note, remedy))
    else:
        needs.append(Need("Debian packages", f"all {len(data['packages'])}"))
    width = max(len(need.what) for need in needs)
    for need in needs:
        print(f"{need.what:{width}}  {need.found}{' -> ' if need.remedy else ''}{need.remedy}")
    print(data["takes"])
    return 1 if any(need.remedy for need in needs) else 0


def available(package: str) -> bool:
    """Tell whether apt offers a package; before the first `apt-get update` it may."""
    if shutil.which("apt-cache") is None:
        return False
    if not any(Path("/var/lib/apt/lists").glob("*Packages*")):
        return True
    return _candidate(run("apt-cache", "policy", package))


def _candidate(policy: str) -> bool:
    lines = [line.strip() for line in policy.splitlines()]
    return any(line.startswith("Candidate:") and line != "Candidate: (none)" for line in lines)


def install_packages(packages: list[str]) -> None:
    """Install Debian packages; the lists are fetched first when they know one of them not."""
    if os.geteuid() != 0:
        raise LabError(f"only root can install packages; run as root: {' '.join(packages)}")
    if shutil.which("apt-get") is None:
        raise LabError(f"there is no apt-get here; install what brings: {' '.join(packages)}")
    print(f"installing {' '.join(packages)}", flush=True)
    known = [_candidate(run("apt-cache", "policy", package)) for package in packages]
    if not all(known):
        run("apt-get", "-q", "update", timeout=600.0)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-q", "install", "-y", "--no-install-recommends", *packages]
    run(*command, timeout=1800.0, env=environment)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _device(path: Path) -> int:
    return _existing(path).stat().st_dev


def _size(folder: Path) -> int:
    if not folder.exists():
        return 0
    command = ["du", "-sxB1", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout.split()[0]) if done.stdout else 0
