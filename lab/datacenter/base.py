"""The base operating system tree: built once, copied for every host."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml

from lab.datacenter.shell import LabError, run
from lab.layout import rootfs_dir

HERE = Path(__file__).resolve().parent
OVERLAY = HERE / "tree"
STAMP = ".recipe"
#: mmdebstrap takes 20 s with a near mirror; a far one may need its time.
DEADLINE = 900.0


def recipe() -> dict[str, Any]:
    """Return the suite, the packages and the units of the base tree."""
    data: dict[str, Any] = yaml.safe_load((HERE / "base.yaml").read_text())
    return data


def recipe_hash(overlay: Path = OVERLAY) -> str:
    """Return the hash of everything that decides what the tree holds."""
    digest = hashlib.sha256()
    for path in [HERE / "base.yaml", HERE / "base.py", *sorted(overlay.rglob("*"))]:
        if path.is_file():
            digest.update(str(path.name).encode() + b"\0")
            digest.update(oct(path.stat().st_mode & 0o777).encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()


def ensure(*, cloud: bool = False) -> Path:
    """Return the base tree, built first when it is missing or its recipe has changed.

    That of machines in a cloud has what its images have besides. Raises LabError when mmdebstrap fails.
    """
    target = rootfs_dir().with_name("rootfs-cloud") if cloud else rootfs_dir()
    more = recipe()["cloud"] if cloud else []
    stamp = target / STAMP
    wanted = recipe_hash()
    if stamp.is_file() and stamp.read_text().strip() == wanted:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    print("making the hosts' base system, once: about a minute", flush=True)
    work = Path(tempfile.mkdtemp(prefix="rootfs.", dir=target.parent))
    try:
        fresh = work / "root"
        _bootstrap(fresh, work, more)
        _furnish(fresh)
        (fresh / STAMP).write_text(wanted + "\n")
        if target.exists():
            target.rename(work / "old")
        fresh.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _bootstrap(root: Path, work: Path, more: list[str]) -> None:
    """Install the packages with the machine's own apt sources and settings."""
    data = recipe()
    options = work / "apt.conf"
    # mmdebstrap's apt knows nothing of the machine's proxies and certificates unless told.
    options.write_text(run("apt-config", "dump", "--format", '%F "%v";%n', "Acquire"))
    sources = apt_sources(Path("/etc/apt"), data["suite"])
    excludes = [
        line
        for line in (OVERLAY / "etc/dpkg/dpkg.cfg.d/lab").read_text().splitlines()
        if line.startswith("path-exclude")
    ]
    run(
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        f"--aptopt={options}",
        *(f"--dpkgopt={line}" for line in [*excludes, "force-unsafe-io"]),
        f"--include={','.join([*data['packages'], *more])}",
        data["suite"],
        str(root),
        *sources,
        timeout=DEADLINE,
    )


def apt_sources(etc: Path, suite: str) -> list[str]:
    """Return the machine's apt source files that offer `suite`; none leaves mmdebstrap its default."""
    files = [
        etc / "sources.list",
        *sorted((etc / "sources.list.d").glob("*.list")),
        *sorted((etc / "sources.list.d").glob("*.sources")),
    ]
    return [str(file) for file in files if file.is_file() and _offers(file.read_text(), suite)]


def _offers(text: str, suite: str) -> bool:
    lines = (line.split("#")[0].split() for line in text.splitlines())
    words = {word for line in lines for word in line}
    return suite in words and "main" in words


def _furnish(root: Path) -> None:
    """Put the lab's own files in, and take out what must differ from host to host."""
    data = recipe()
    for junk in ["etc/apt", "etc/dpkg/dpkg.cfg.d", "var/lib/apt/lists", "var/cache/apt"]:
        for path in (root / junk).rglob("*"):
            if path.is_file() or path.is_symlink():
                path.unlink()
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    # systemd takes an empty file for "make one at boot"; a host gets its own with its disk.
    (root / "etc/machine-id").write_text("")
    shutil.copytree(OVERLAY, root, dirs_exist_ok=True)
    for path in OVERLAY.rglob("*"):
        os.chown(root / path.relative_to(OVERLAY), 0, 0)
    units = root / "etc/systemd/system"
    for unit in data["masked"]:
        link = units / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    run("systemctl", f"--root={root}", "--quiet", "enable", *data["enabled"])
    run("systemctl", f"--root={root}", "--quiet", "set-default", "multi-user.target")
    # Without these, a first boot updates caches and users that are up to date.
    for folder in ("etc", "var"):
        (root / folder / ".updated").touch()
    if not (root / "sbin/init").exists():
        raise LabError("the base tree has no /sbin/init; remove it and run `lab/hosts up` again")
