"""etcd as the control planes see it: stacked on them, on hosts of its own, or somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components import releases
from components.config import Cluster
from components.etcd_files import read_etcd_files
from components.host import Host
from components.node import containerd_repository
from components.pki import ClusterPki, Credential
from components.remote import RemoteScript, Step
from components.render import containerd, etcd, proxy


@dataclass(frozen=True)
class EtcdArgs:
    """What any kind of etcd may need."""

    cluster: Cluster
    """The cluster file."""
    hosts: Mapping[str, Host]
    """Every host of the cluster by name."""
    pki: ClusterPki
    """Has etcd's authority."""
    first: bool
    """Whether nothing is deployed yet: members then start together, and later one changes at a time."""


@dataclass(frozen=True)
class Etcd:
    """What control planes get of an etcd."""

    inputs: Mapping[str, str]
    """Plain variables for the steps that make a host a control plane and keep it one."""
    files: Mapping[str, pulumi.Input[str]]
    """Files that every control plane needs, by path relative to /etc/kubernetes."""
    first: Sequence[pulumi.Resource] = ()
    """What has to be there before the first API server, and before any control plane changes."""
    client: Credential | None = None
    """What other clients of an etcd on hosts of its own show it."""
    members: Mapping[str, pulumi.Resource] = field(default_factory=dict)
    """What makes each host of its own a member and keeps it one, by name; empty where etcd has none."""


def etcd_for(args: EtcdArgs) -> Etcd:
    """Return the etcd that the cluster file asks for, with what it takes."""
    etcd_options = args.cluster.etcd
    kinds: tuple[tuple[bool, Callable[[EtcdArgs], Etcd]], ...] = (
        (bool(etcd_options.hosts), _on_hosts),
        (etcd_options.external is not None, _somebody_elses),
        (True, _stacked),
    )
    return next(make for asked, make in kinds if asked)(args)


def _stacked(args: EtcdArgs) -> Etcd:
    return Etcd(etcd.inputs(args.cluster), args.pki.stacked_etcd_files())


def _somebody_elses(args: EtcdArgs) -> Etcd:
    read = read_etcd_files(args.cluster)
    files = _client_files(read.ca, read.certificate, pulumi.Output.secret(read.key))
    return Etcd(etcd.inputs(args.cluster), files)


def _on_hosts(args: EtcdArgs) -> Etcd:
    client = args.pki.etcd_client()
    made = EtcdCluster(args.cluster.name, args, client)
    files = _client_files(args.pki.etcd_ca_certificate, client.certificate, client.key)
    return Etcd(etcd.inputs(args.cluster), files, (made.healthy,), client, made.members)


def _client_files(
    ca: pulumi.Input[str], certificate: pulumi.Input[str], key: pulumi.Input[str]
) -> Mapping[str, pulumi.Input[str]]:
    return {
        "pki/etcd/ca.crt": ca,
        "pki/apiserver-etcd-client.crt": certificate,
        "pki/apiserver-etcd-client.key": key,
    }


class EtcdCluster(pulumi.ComponentResource):
    """etcd on hosts of its own, a member each. Their certificates are signed here: the authority's key is on no host.

    The members of a new cluster start together, since none is healthy without the others. In one that runs they change
    one after another, and a new one is a learner until it has all the data.
    """

    healthy: pulumi.Resource
    """Done when every member is healthy."""
    members: Mapping[str, pulumi.Resource]
    """What makes each host a member and keeps it one, by name."""

    def __init__(
        self, name: str, args: EtcdArgs, client: Credential, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kubeadm-ha:index:EtcdCluster", name, None, opts)
        hosts = [args.hosts[member] for member in args.cluster.etcd.hosts]
        acting = next(host for host in hosts if not host.lost)
        before: list[pulumi.Resource] = []
        done: list[pulumi.Resource] = []
        members: dict[str, pulumi.Resource] = {}
        for host in hosts:
            prepared = RemoteScript(
                f"{host.name}-prepare", host, _preparation(args.cluster), pulumi.ResourceOptions(parent=self)
            )
            in_turn = [] if args.first else before
            member = RemoteScript(
                f"{host.name}-member",
                host,
                _member(args, host),
                pulumi.ResourceOptions(parent=self, depends_on=[prepared, *in_turn], delete_before_replace=True),
            )
            members[host.name], before = member, [member]
            if host.lost:
                after = pulumi.ResourceOptions(parent=self, depends_on=before)
                before = [RemoteScript(f"{host.name}-evict", acting, _eviction(args, host, client), after)]
            done += before
        self.members = members
        self.healthy = RemoteScript(
            f"{name}-etcd", acting, _check(args, client), pulumi.ResourceOptions(parent=self, depends_on=done)
        )
        self.register_outputs({})


def _preparation(cluster: Cluster) -> Step:
    """Return the step that brings etcd's programs to a host, and starts nothing."""
    version = etcd.version(cluster)
    inputs, files = containerd_repository(cluster)
    files |= {f"certs.d/{registry}/hosts.toml": text for registry, text in containerd.mirrors(cluster).items()}
    inputs |= {"ETCD_VERSION": version, "ETCD_IMAGE": releases.etcd_image(version), **proxy.inputs(cluster)}
    return Step("prepare-etcd", undo="unprepare-etcd", inputs=inputs, files=files, deadline_seconds=1200, cleans=True)


def _member(args: EtcdArgs, host: Host) -> Step:
    cluster = args.cluster
    options = cluster.etcd
    addresses = [name for name in options.extra_cert_names if _is_address(name)]
    names = [name for name in options.extra_cert_names if name not in addresses]
    shown = args.pki.etcd_member(host.name, [host.name, "localhost", *names], [host.address, "127.0.0.1", *addresses])
    return Step(
        "run-etcd",
        undo="leave-etcd",
        inputs=_inputs(cluster),
        # A host that was never a member may begin a new etcd in the very run that creates the cluster, and never again.
        when_created={"NEW_CLUSTER": "yes"} if args.first else {},
        files={
            "etcd.yaml": etcd.member(cluster, host.name, host.address),
            "pki/ca.crt": args.pki.etcd_ca_certificate,
            "pki/member.crt": shown.certificate,
            "pki/member.key": shown.key,
        },
        deadline_seconds=900,
    )


def _eviction(args: EtcdArgs, lost: Host, client: Credential) -> Step:
    inputs = {**_inputs(args.cluster), "LOST_NAME": lost.name, "LOST_ADDRESS": lost.address}
    return Step("evict-lost-member", inputs=inputs, files=_pki(args, client))


def _check(args: EtcdArgs, client: Credential) -> Step:
    return Step(
        "await-etcd",
        inputs=_inputs(args.cluster),
        files=_pki(args, client),
        deadline_seconds=300,
    )


def _inputs(cluster: Cluster) -> dict[str, str]:
    return {
        "ETCD_VERSION": etcd.version(cluster),
        "ETCD_DATA": cluster.etcd.data_directory,
        "MEMBERS": " ".join(f"{name}={address}" for name, address in etcd.members(cluster).items()),
    }


def _pki(args: EtcdArgs, client: Credential) -> dict[str, pulumi.Input[str]]:
    return {
        "pki/ca.crt": args.pki.etcd_ca_certificate,
        "pki/member.crt": client.certificate,
        "pki/member.key": client.key,
    }


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()
