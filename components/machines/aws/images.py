"""Images that machines start from: who makes them, how they are called, and whom to log in as."""

from __future__ import annotations

from dataclasses import dataclass

from components.config import AwsImage, Cluster


@dataclass(frozen=True)
class Family:
    """Images of one system's maker."""

    owner: str
    """The maker's account."""
    name: str
    """Pattern of the images' names, with {} for the architecture as the maker calls it."""
    user: str
    """Login name."""


FAMILIES = {
    "debian-12": Family("136693071363", "debian-12-{}-*", "admin"),
    "debian-13": Family("136693071363", "debian-13-{}-*", "admin"),
    "ubuntu-22.04": Family("099720109477", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-{}-server-*", "ubuntu"),
    "ubuntu-24.04": Family("099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{}-server-*", "ubuntu"),
}
#: Architectures as AWS has them, and as the makers of images call them.
ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


def login_user(cluster: Cluster, image: AwsImage) -> str:
    """Return whom to log in to machines as."""
    return cluster.ssh.user or FAMILIES[image.family].user
