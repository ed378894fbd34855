"""Snapshots of etcd that its hosts take by themselves."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from components.config.hooks import Hook, OrPath, path_alone
from components.config.places import KeptFolder
from components.config.section import Section
from components.config.values import Whole, example

EVERY_HOURS, KEEP = 6, 28
#: Beside etcd's data and not below anything that is removed when a host leaves.
DIRECTORY = "/var/lib/etcd-snapshots"


class SnapshotOptions(Section):
    """Snapshots of etcd, taken by each member's host of its own member, without anybody running `up`.

    Off unless this section is there, `snapshots: {}` at least. It can be turned on and off at any time, and nothing is
    restarted for it. The files stay, also when it is turned off and on a host that leaves. They are lost with their
    host: `then` is for sending them elsewhere. How to restore one: docs/backups.md.
    """

    every_hours: Annotated[Whole, Field(ge=1, le=168), example(1, 24)] = EVERY_HOURS
    """How many hours apart: a part of a day that it can be divided by, or whole days. Counted from midnight, UTC; each
    host begins up to half an hour later, so that they do not all read at once."""
    keep: Annotated[Whole, Field(ge=1, le=1000), example(56)] = KEEP
    """How many are kept on each host. An older one goes only after a newer one was found whole."""
    directory: Annotated[KeptFolder, example("/srv/backups/etcd")] = DIRECTORY
    """Folder of the snapshots on each member's host, for root alone. With another one, what is in the old one stays."""
    then: Annotated[Hook | None, BeforeValidator(path_alone), OrPath(), example("hooks/send-snapshot.sh")] = None
    """A script of yours that is run on the host after each snapshot, with the snapshot's path as its argument: to send
    it elsewhere. When it fails, so has the snapshot, and `scripts/verify` says so."""
