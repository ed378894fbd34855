"""Programs and their libraries out of Debian packages, for images: no build machine's own files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from lab.builder.inputs import BuildError, call

LOADER = "usr/lib64/ld-linux-x86-64.so.2"
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib")
MERGED = ("bin", "lib", "lib64", "sbin")


def unpack(pool: Path, root: Path) -> None:
    """Unpack every package of a pool into `root`, with a merged /usr as Debian has it.

    Raises BuildError when a package cannot be read.
    """
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")
    for deb in sorted(pool.glob("*.deb")):
        command = ["dpkg-deb", "--fsys-tarfile", str(deb)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as source:
            # Without this option a package's /bin folder would take the place of the link.
            tar = ["tar", "-x", "-C", str(root), "--keep-directory-symlink"]
            done = subprocess.run(tar, stdin=source.stdout, check=False, timeout=120)
        if done.returncode or source.returncode:
            raise BuildError(f"{deb.name} cannot be unpacked; remove it and build again")


def inside(root: Path, path: str) -> Path:
    """Return the file that `path` is in `root`, its links followed as if `root` were /.

    Raises BuildError when there is no such file.
    """
    found = root / path
    for _ in range(40):
        if not found.is_symlink():
            break
        target = found.readlink()
        found = root / target.relative_to("/") if target.is_absolute() else found.parent / target
    if not found.is_file():
        raise BuildError(f"no {path} in the Debian packages; add its package to packages.yaml")
    return found


def collect(root: Path, programs: Iterable[str], also: Iterable[str]) -> dict[str, Path]:
    """Return where each program, library and extra file goes in an image, and the file itself.

    `also` holds shell patterns. Raises BuildError when a program or a library is missing.
    """
    extras = [path for pattern in also for path in sorted(root.glob(pattern))]
    loaded = [str(path.relative_to(root)) for path in extras if path.is_file()]
    wanted = {*programs, *loaded, LOADER}
    for path in [name for name in wanted if not name.startswith("etc/")]:
        wanted |= libraries(root, path)
    return {path: inside(root, path) for path in sorted(wanted)}


def libraries(root: Path, program: str) -> set[str]:
    """Return the paths of the libraries that `program` is linked with, all inside `root`."""
    folders = ":".join(str(root / folder) for folder in LIBRARIES)
    options = ["--inhibit-cache", "--library-path", folders, "--list"]
    listing = call(inside(root, LOADER), *options, inside(root, program))
    return parse_libraries(listing.decode(), root)


def parse_libraries(listing: str, root: Path) -> set[str]:
    """Return the libraries in what the loader lists, as paths below `root`.

    Raises BuildError when one was found elsewhere or not at all: an image must not depend on
    this machine.
    """
    found = set()
    for line in listing.splitlines():
        name, arrow, place = line.strip().partition(" => ")
        if not arrow or "ld-linux" in name:
            continue
        path = Path(place.split(" (")[0])
        if not path.is_relative_to(root):
            raise BuildError(f"{name} is not in the Debian packages; add its package")
        found.add(str(path.relative_to(root)))
    return found
