"""Where etcd runs, and how it is tuned."""

from typing import Annotated

from pydantic import Field

from components.config.hosts import Hosts
from components.config.machines import EtcdMachineOptions
from components.config.places import Folder, SecureUrl
from components.config.section import Section
from components.config.snapshots import SnapshotOptions
from components.config.values import (
    CertificateName,
    FilePath,
    SecretKeyPath,
    Version,
    Whole,
    example,
)

DATA_DIRECTORY = "/var/lib/etcd"
#: etcd's own defaults: nothing is written for these.
QUOTA_GIB, HEARTBEAT, ELECTION = 2, 100, 1000


class ExternalEtcd(Section):
    """An etcd of somebody else's. It is used, and nothing about it is changed."""

    endpoints: Annotated[
        list[SecureUrl],
        Field(min_length=1),
        example(["https://192.0.2.31:2379", "https://192.0.2.32:2379", "https://192.0.2.33:2379"]),
    ]
    """Client addresses of its members."""
    ca_file: Annotated[FilePath, example("etcd/ca.crt")]
    """Path of the PEM certificate of the authority that its members' certificates are of, relative to the project."""
    cert_file: Annotated[FilePath, example("etcd/client.crt")]
    """Path of the PEM client certificate that the API servers show it, relative to the project."""
    key_file: Annotated[SecretKeyPath, example("~/etcd/client.key")]
    """Path of that certificate's private key, relative to the project. It is read where `up` runs, kept encrypted in
    the state, and lies on the control planes."""


class EtcdOptions(Section):
    """Where etcd runs and how it is tuned. Nothing given: a member stacked on each control plane."""

    hosts: Annotated[Hosts, example({"etcd-1": "192.0.2.31", "etcd-2": "192.0.2.32", "etcd-3": "192.0.2.33"})] = {}
    """Hosts that run etcd and nothing else, by name: three, five or seven. Control planes then have no member."""
    machines: EtcdMachineOptions | None = None
    """Machines that the provider makes, in place of `hosts`: etcd-1 and so on."""
    external: ExternalEtcd | None = None
    """An etcd that is there already and is somebody else's, instead of `hosts`."""
    version: Annotated[Version | None, example("3.6.8")] = None
    """Exact version of etcd on `hosts`. The one that the release of Kubernetes goes with unless given."""
    data_directory: Annotated[Folder, example("/srv/etcd/data")] = DATA_DIRECTORY
    """Folder of the data on each member's host, on the fastest disk there is. It is emptied when the member leaves."""
    quota_gib: Annotated[Whole, Field(ge=2), example(8)] = QUOTA_GIB
    """Most that the database may hold, in GiB. Beyond it etcd takes no writes; it is made for 8 at most."""
    heartbeat_milliseconds: Annotated[Whole, Field(ge=1), example(250)] = HEARTBEAT
    """How often the leader says that it is there: about the longest round trip between members."""
    election_milliseconds: Annotated[Whole, Field(ge=1), example(2500)] = ELECTION
    """How long without a word of the leader before another one is elected: ten heartbeats or more."""
    extra_cert_names: Annotated[list[CertificateName], example(["etcd.example.org"])] = []
    """Further DNS names and addresses in the members' certificates, for clients of your own."""
    snapshots: SnapshotOptions | None = None
    """Snapshots that the members' hosts take, with a timer."""

    @property
    def stacked(self) -> bool:
        """Whether control planes have the members."""
        return not self.hosts and self.external is None
