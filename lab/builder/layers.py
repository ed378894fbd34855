"""Layers of images: archives whose bytes depend on nothing but what they hold."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.builder.inputs import BuildError, call

MEDIA = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Entry:
    """One thing in a layer: a file's bytes, a built file, the target of a link, or a folder."""

    content: bytes | Path | str | None
    mode: int = 0o644


@dataclass(frozen=True)
class Layer:
    """An archive on disk, and the hashes by which a manifest and a config call it."""

    path: Path
    media: str
    digest: str
    diff_id: str

    @property
    def descriptor(self) -> dict[str, str | int]:
        """What a manifest says of this layer; size in bytes."""
        return {"mediaType": self.media, "digest": self.digest, "size": self.path.stat().st_size}


def write(entries: Mapping[str, Entry], path: Path, compression: str) -> Layer:
    """Write a layer with its parent folders, sorted, owned by root, all of one time.

    `compression` is none, gzip or zstd. Raises BuildError for another one.
    """
    links = {name for name, entry in entries.items() if isinstance(entry.content, str)}
    known = dict(entries)
    for name in entries:
        for parent in list(Path(name).parents)[:-1]:
            if str(parent) in links:
                raise BuildError(f"{name} would lie behind the link {parent}; use the real folder")
            known.setdefault(str(parent), Entry(None, 0o755))
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(known):
            _add(archive, name, known[name])
    diff_id = digest(path)
    if compression == "none":
        return Layer(path, MEDIA, diff_id, diff_id)
    packed = path.with_name(f"{path.name}.{compression}")
    if compression == "gzip":
        with (
            path.open("rb") as source,
            packed.open("wb") as sink,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=sink, mtime=0) as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
    elif compression == "zstd":
        call("zstd", "-1", "--quiet", "--force", path, "-o", packed)
    else:
        raise BuildError(f"compression {compression} is not known; use none, gzip or zstd")
    path.unlink()
    return Layer(packed, f"{MEDIA}+{compression}", digest(packed), diff_id)


def _add(archive: tarfile.TarFile, name: str, entry: Entry) -> None:
    info = tarfile.TarInfo(name)
    info.mode = entry.mode
    content = entry.content
    if content is None:
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
    elif isinstance(content, str):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, content, 0o777
        archive.addfile(info)
    elif isinstance(content, bytes):
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    else:
        info.size = content.stat().st_size
        with content.open("rb") as file:
            archive.addfile(info, file)


def digest(content: Path | bytes) -> str:
    """Return the digest of bytes or of a file, as registries write it."""
    if isinstance(content, bytes):
        return "sha256:" + hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
