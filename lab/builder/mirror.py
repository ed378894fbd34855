"""The package mirror: apt repositories in the shape of upstream's, signed by one key of the lab."""

from __future__ import annotations

import dataclasses
import gzip
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.builder import packages
from lab.builder.inputs import BuildError, call, fingerprint, is_current, replaced
from lab.layout import cache, keys_dir, mirror_dir

CODE = (Path(__file__), Path(packages.__file__))
#: A slow connection may take its time over some 80 MB.
DOWNLOAD = 900.0


def ensure(minors: Sequence[str] = ("",)) -> list[str]:
    """Bring every repository up to date and return the names of those that were made anew.

    `minors` are those of Kubernetes to serve; the empty one is that of stack dev.

    Raises BuildError when a program is missing or a repository cannot be made.
    """
    fingerprint_of_key = signing_key()
    wanted = [(name, minor) for minor in minors for name in packages.repositories(minor)]
    try:
        made = [name for name, minor in wanted if _ensure(name, minor, fingerprint_of_key)]
        _publish_key(mirror_dir() / "keys" / "packages.asc")
    finally:
        # Signing leaves an agent behind; nobody else needs it.
        call("gpgconf", "--homedir", keys_dir(), "--kill", "all")
    return made


def signing_key() -> str:
    """Return the fingerprint of the key that signs packages, made on first use.

    Raises BuildError when gpg cannot make one.
    """
    home = keys_dir()
    if not home.is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        # Half a key is worse than none: made aside and moved into place as a whole.
        fresh = Path(tempfile.mkdtemp(prefix=".keys-", dir=home.parent))
        try:
            signer = packages.data()["signer"]
            make = ["--quick-generate-key", signer, "rsa3072", "sign", "never"]
            _gpg("--passphrase", "", *make, home=fresh)
            call("gpgconf", "--homedir", fresh, "--kill", "all")
            fresh.rename(home)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return parse_fingerprint(_gpg("--with-colons", "--list-keys").decode())


def parse_fingerprint(listing: str) -> str:
    """Return the first fingerprint in the output of gpg --with-colons.

    Raises BuildError when there is none.
    """
    for line in listing.splitlines():
        parts = line.split(":")
        if parts[0] == "fpr":
            return parts[9]
    raise BuildError(f"no key in {keys_dir()}; remove that folder and build again")


def release_options(fields: Mapping[str, str], architecture: str) -> list[str]:
    """Return the options with which apt-ftparchive writes these fields of a Release file."""
    prefix = "APT::FTPArchive::Release::"
    known = {**fields, "Architectures": architecture}
    return [word for key in sorted(known) for word in ("-o", f"{prefix}{key}={known[key]}")]


def _gpg(*options: str | Path, home: Path | None = None) -> bytes:
    return call("gpg", "--homedir", home or keys_dir(), "--batch", "--yes", "--quiet", *options)


def _publish_key(path: Path) -> None:
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(_gpg("--armor", "--export"))
        fresh.rename(path)


def _ensure(name: str, minor: str, key: str) -> bool:
    settings = packages.data(minor)
    spec = settings["repositories"][name]
    folder = mirror_dir() / spec["path"]
    own = packages.packages(name, minor)
    binaries = [path for package in own for path in packages.sources(package).values()]
    code = [file.read_text() for file in CODE]
    wanted = settings["debian"] if name == "debian" else [dataclasses.asdict(p) for p in own]
    inputs = fingerprint(binaries, code, key, spec, wanted, settings["compression"])
    if is_current(folder, inputs):
        return False
    with replaced(folder, inputs) as fresh:
        if name == "debian":
            _download(settings["debian"], fresh / spec["pool"])
        else:
            with tempfile.TemporaryDirectory(prefix=".debs-", dir=cache()) as work:
                pool = fresh / (settings["architecture"] if spec.get("flat") else spec["pool"])
                for package in own:
                    packages.build(package, Path(work), pool)
        _index(fresh, spec, settings["architecture"])
        _publish_key(fresh / spec["key"])
    return True


def _index(root: Path, spec: Mapping[str, Any], architecture: str) -> None:
    """Write Packages, Release and its signatures."""
    if spec.get("flat"):
        top, index, pool = root, root, architecture
    else:
        top = root / "dists" / spec["release"]["Codename"]
        index = top / spec["component"] / f"binary-{architecture}"
        pool = spec["pool"]
    index.mkdir(parents=True, exist_ok=True)
    # One hash is what apt checks; the others only cost time.
    spare = [f"APT::FTPArchive::{name}=false" for name in ("MD5", "SHA1", "SHA512")]
    lean = [word for option in spare for word in ("-o", option)]
    listing = call("apt-ftparchive", *lean, "packages", pool, cwd=root)
    (index / "Packages").write_bytes(listing)
    (index / "Packages.gz").write_bytes(gzip.compress(listing, mtime=0))
    fields = dict(spec["release"])
    if "component" in spec:
        fields["Components"] = spec["component"]
    options = release_options(fields, architecture)
    (top / "Release").write_bytes(call("apt-ftparchive", *lean, *options, "release", ".", cwd=top))
    _gpg("--clearsign", "--output", top / "InRelease", top / "Release")
    _gpg("--armor", "--detach-sign", "--output", top / "Release.gpg", top / "Release")


def _download(names: list[str], pool: Path) -> None:
    """Fetch packages and all that they depend on, for a system that has nothing installed.

    The machine's apt sources are used as they are, with state and cache of their own: what this
    machine has installed must not be left out.
    """
    pool.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix=".apt-", dir=cache()) as scratch:
        state, archives = Path(scratch, "state"), Path(scratch, "cache")
        (state / "lists" / "partial").mkdir(parents=True)
        (archives / "archives" / "partial").mkdir(parents=True)
        (state / "status").touch()
        options = [
            *("-o", f"Dir::State={state}"),
            *("-o", f"Dir::State::status={state / 'status'}"),
            *("-o", f"Dir::Cache={archives}"),
            # The sandbox user cannot write below a private home.
            *("-o", "APT::Sandbox::User=root"),
            *("-o", "Acquire::Languages=none"),
        ]
        call("apt-get", *options, "update", timeout=DOWNLOAD)
        wanted = ["--yes", "--no-install-recommends", "--download-only", "install", *names]
        call("apt-get", *options, *wanted, timeout=DOWNLOAD)
        for deb in sorted((archives / "archives").glob("*.deb")):
            os.link(deb, pool / pool_name(deb.name))


def pool_name(cached: str) -> str:
    """Return the name that Debian's pool gives a file of apt's cache: without the epoch."""
    return re.sub(r"_\d+%3a", "_", cached)
