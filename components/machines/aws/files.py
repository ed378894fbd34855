"""What a cluster file with machines in AWS names of files: the keys to log in with."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault
from components.files import read, unreadable
from components.machines.aws.images import FAMILIES
from components.machines.keys import unusable
from components.machines.static import bastion_access
from components.ssh_keys import is_key

_PATH = "ssh.privateKeyFile"
_REMEDY = "Name one without a passphrase, or leave it out: a key is made then."


def key_faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield a private key that cannot be used: a rule for `rules.load`."""
    file = cluster.ssh.private_key_file if cluster.provider == "aws" else None
    if file is None:
        return
    try:
        text = read(file)
    except (OSError, UnicodeDecodeError) as error:
        yield Fault(_PATH, unreadable(file, error), _REMEDY)
        return
    if problem := unusable(text):
        yield Fault(_PATH, f"{file} {problem[0]}", _REMEDY)
    elif not is_key(text):
        yield Fault(_PATH, f"{file} holds no key that can be read", _REMEDY)


def bastion_faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield what stands in the way of a bastion that is there: a rule for `rules.load`."""
    faults: list[Fault] = []
    if cluster.provider == "aws":
        bastion_access(cluster.ssh, faults)
    yield from faults


def other_user(cluster: Cluster) -> Iterator[Fault]:
    """Yield whom a maker's image knows nothing of: the key to log in with is given to one user."""
    user, image = cluster.ssh.user, cluster.aws.image if cluster.provider == "aws" and cluster.aws else None
    if user is None or image is None or image.id is not None or user == FAMILIES[image.family].user:
        return
    yield Fault(
        "ssh.user",
        f"is '{user}', and an image of {image.family} lets in '{FAMILIES[image.family].user}' alone",
        "Remove it, or name an image of yours: aws.image.id.",
    )


#: Rules for `rules.load`.
RULES = (key_faults, bastion_faults)
#: For `rules.warnings`.
CAUTIONS = (other_user,)
