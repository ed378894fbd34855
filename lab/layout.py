"""Where the lab keeps its things: builds in a cache that outlives the lab, run-time state that does not."""

from __future__ import annotations

import os
from pathlib import Path

#: The folder of this checkout.
TREE = Path(__file__).resolve().parent.parent
#: Run-time state of the one lab a machine can have; `lab/hosts down` removes it.
LAB = Path("/var/lib/kubeadm-ha-lab")


def cache() -> Path:
    """Return the folder of builds: KUBEADM_HA_CACHE, or ~/.cache/kubeadm-ha."""
    return Path(os.environ.get("KUBEADM_HA_CACHE") or Path.home() / ".cache" / "kubeadm-ha")


def engine_dir() -> Path:
    """Return the folder of the Pulumi engine and its plugins."""
    return cache() / "engine"


def artifacts_dir(name: str, version: str) -> Path:
    """Return the folder of one built artifact, for instance kubernetes 1.36.3."""
    return cache() / "artifacts" / name / version


def mirror_dir() -> Path:
    """Return the web root of the lab's package mirror."""
    return cache() / "mirror"


def registry_dir() -> Path:
    """Return the storage of the lab's image registry."""
    return cache() / "registry"


def keys_dir() -> Path:
    """Return the GnuPG home whose key signs the lab's package repositories."""
    return cache() / "keys"


def rootfs_dir() -> Path:
    """Return the base operating system tree that every host's disk is copied from."""
    return cache() / "rootfs"
