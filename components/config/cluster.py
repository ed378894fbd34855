"""The cluster file as a whole."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from components.config.audit import AuditOptions
from components.config.aws import AwsOptions
from components.config.encryption import EncryptionOptions
from components.config.endpoints import Endpoint
from components.config.etcd import EtcdOptions
from components.config.hooks import HookOptions
from components.config.hosts import ControlPlaneOptions, HostSpec, PoolOptions, SshOptions
from components.config.marks import Marks, merged_marks
from components.config.options import CertificateOptions, DrainOptions, ManifestSource, NetworkOptions
from components.config.proxy import ProxyOptions
from components.config.section import Section
from components.config.software import ContainerdOptions, KubernetesOptions, PackageOptions
from components.config.values import Name, RegistryName, Url, example


def _level(value: Any) -> Any:
    return "off" if value is False else value  # what other readers of YAML make of a bare off


Level = Annotated[Literal["off", "warn", "refuse"], BeforeValidator(_level)]


class Cluster(Section):
    """A highly available Kubernetes cluster."""

    name: Annotated[Name, example("prod")]
    """Name of the cluster, in its kubeconfig too. It cannot be changed later."""
    provider: Annotated[Literal["static", "aws"], example("aws")] = "static"
    """Where hosts come from: `static` for those that are there and are listed under `hosts`, `aws` for machines that
    are made there, by `machines`. It cannot be changed later."""
    aws: AwsOptions | None = None
    """What the cluster is given in AWS, with that provider."""
    kubernetes: KubernetesOptions
    """The Kubernetes release and its components' own configuration."""
    endpoint: Endpoint
    """Where the API is reached."""
    control_plane: ControlPlaneOptions
    """Hosts that run the API servers and, unless `etcd` says otherwise, etcd."""
    etcd: EtcdOptions = EtcdOptions.unset()
    """Where etcd runs and how it is tuned. Nothing given: a member on each control plane."""
    workers: dict[Name, PoolOptions] = {}
    """Worker pools by name."""
    network: NetworkOptions = NetworkOptions.unset()
    """Ranges of addresses, and what connects pods."""
    ssh: SshOptions = SshOptions.unset()
    """How to log in to the hosts."""
    packages: PackageOptions = PackageOptions.unset()
    """Where packages come from."""
    registries: Annotated[
        dict[RegistryName, Annotated[list[Url], Field(min_length=1)]],
        example({"registry.k8s.io": ["https://mirror.example/v2/registry.k8s.io"]}),
    ] = {}
    """Mirrors by upstream registry. A path in the address stands for the registry's whole `/v2`."""
    containerd: ContainerdOptions = ContainerdOptions.unset()
    """The container runtime."""
    manifests: Annotated[list[ManifestSource], example([{"file": "manifests/web.yaml"}])] = []
    """What else to apply, in this order, when all control planes are there. What is taken out of the list, or out of a
    file, is removed from the cluster, except for what data may hang on: namespaces, definitions of custom resources,
    and volumes."""
    encryption: EncryptionOptions = EncryptionOptions.unset()
    """Encryption of secrets at rest."""
    audit: AuditOptions | None = None
    """A record of what is asked of the API; none unless given."""
    certificates: CertificateOptions = CertificateOptions.unset()
    """Lifetimes and protection of certificates."""
    drain: DrainOptions = DrainOptions.unset()
    """What may happen to pods when their node leaves."""
    proxy: ProxyOptions = ProxyOptions.unset()
    """The way out of a site that has no other."""
    hooks: HookOptions = HookOptions.unset()
    """Scripts of yours, run on hosts at certain times."""
    policies: Annotated[dict[str, Level], Field(exclude=True)] = {}
    """What is allowed here: `off`, `warn` or `refuse` by the name of a policy. It says nothing about the cluster
    itself."""

    def admin_server(self) -> str:
        """Return `host:port` at which people and programs outside of the cluster reach the API."""
        living = [str(host.address) for host in self.control_plane.hosts.values() if not host.lost]
        return self.endpoint.outside(living)

    def marks(self) -> dict[str, Marks]:
        """Return what each living node carries, by name; nodes that carry nothing are left out."""
        groups = self._groups()
        nodes = [(group, name, host) for group in groups for name, host in group.hosts.items() if not host.lost]
        found = {name: merged_marks(_marks(group), _marks(host)) for group, name, host in nodes}
        return {name: marks for name, marks in found.items() if marks}

    def marks_of(self, name: str) -> Marks:
        """Return what one node carries."""
        group = next(group for group in self._groups() if name in group.hosts)
        return merged_marks(_marks(group), _marks(group.hosts[name]))

    def marks_of_pool(self, pool: str) -> Marks:
        """Return what every node of a pool carries."""
        return merged_marks(_marks(self.workers[pool]), {})

    def most_nodes(self) -> int:
        """Return how many nodes there may be: the hosts, and as many as elastic pools can grow to."""
        pools = self.workers.values()
        listed = len(self.control_plane.hosts) + sum(len(pool.hosts) for pool in pools)
        return listed + sum(pool.elastic.max for pool in pools if pool.elastic and pool.elastic.knows("max"))

    def host_pools(self) -> dict[str, PoolOptions]:
        """Return the pools of hosts, by name."""
        return {name: pool for name, pool in self.workers.items() if not pool.elastic}

    def elastic_pools(self) -> dict[str, PoolOptions]:
        """Return the pools that grow and shrink by themselves, by name."""
        return {name: pool for name, pool in self.workers.items() if pool.elastic}

    def _groups(self) -> list[ControlPlaneOptions | PoolOptions]:
        return [self.control_plane, *self.workers.values()]

    def machines(self) -> dict[str, tuple[str, HostSpec]]:
        """Return every host as path (such as `controlPlane.hosts.cp-1`) to name and host."""
        groups: dict[str, Any] = {}
        if self.knows("endpoint"):
            groups["endpoint.hosts"] = self.endpoint
        if self.knows("control_plane"):
            groups["controlPlane.hosts"] = self.control_plane
        if self.knows("etcd"):
            groups["etcd.hosts"] = self.etcd
        if self.knows("workers"):
            groups |= {f"workers.{pool}.hosts": options for pool, options in self.workers.items()}
        return {
            f"{path}.{name}": (name, host)
            for path, group in groups.items()
            if group.knows("hosts")
            for name, host in group.hosts.items()
        }


def _marks(section: Any) -> dict[str, Any]:
    return {
        "labels": section.labels,
        "annotations": section.annotations,
        "taints": [taint.model_dump() for taint in section.taints],
        "takesWork": getattr(section, "takes_work", False),
    }
