"""The cluster file as frozen, typed values: every key, its meaning, its default and an example. No I/O, no Pulumi.

Descriptions and examples are the keys' documentation: docs/configuration.md and docs/cluster.schema.json are generated
from them. Rules that span several keys are in components/rules.
"""

from components.config.audit import AuditOptions
from components.config.aws import AwsBastion, AwsImage, AwsNetwork, AwsOptions, AwsSubnet
from components.config.cluster import Cluster, Level
from components.config.encryption import EncryptionOptions
from components.config.endpoints import (
    BgpOptions,
    Endpoint,
    EndpointOptions,
    ExternalEndpoint,
    HaproxyEndpoint,
    KubeVipEndpoint,
    NlbEndpoint,
    NodeLocalEndpoint,
)
from components.config.etcd import EtcdOptions, ExternalEtcd
from components.config.hooks import Hook, HookOptions, NodeHook
from components.config.hosts import (
    BastionOptions,
    ControlPlaneOptions,
    Hosts,
    HostSpec,
    PoolOptions,
    SshOptions,
)
from components.config.machines import (
    AutoScalingOptions,
    EtcdMachineOptions,
    MachineOptions,
    PoolMachineOptions,
)
from components.config.marks import Marks, Taint, merged_marks
from components.config.options import (
    CertificateOptions,
    DrainOptions,
    Ipv6Options,
    ManifestSource,
    NetworkOptions,
    OwnNetwork,
)
from components.config.proxy import ProxyOptions
from components.config.section import MissingError, Section
from components.config.servers import Argument, ComponentOptions
from components.config.snapshots import SnapshotOptions
from components.config.software import (
    ContainerdOptions,
    KubernetesOptions,
    PackageKey,
    PackageOptions,
    PackageRepository,
)
from components.config.values import UnshownError

__all__ = [
    "Argument",
    "AuditOptions",
    "AutoScalingOptions",
    "AwsBastion",
    "AwsImage",
    "AwsNetwork",
    "AwsOptions",
    "AwsSubnet",
    "BastionOptions",
    "BgpOptions",
    "CertificateOptions",
    "Cluster",
    "ComponentOptions",
    "ContainerdOptions",
    "ControlPlaneOptions",
    "DrainOptions",
    "EncryptionOptions",
    "Endpoint",
    "EndpointOptions",
    "EtcdMachineOptions",
    "EtcdOptions",
    "ExternalEndpoint",
    "ExternalEtcd",
    "HaproxyEndpoint",
    "Hook",
    "HookOptions",
    "HostSpec",
    "Hosts",
    "Ipv6Options",
    "KubeVipEndpoint",
    "KubernetesOptions",
    "Level",
    "MachineOptions",
    "ManifestSource",
    "Marks",
    "MissingError",
    "NetworkOptions",
    "NlbEndpoint",
    "NodeHook",
    "NodeLocalEndpoint",
    "OwnNetwork",
    "PackageKey",
    "PackageOptions",
    "PackageRepository",
    "PoolMachineOptions",
    "PoolOptions",
    "ProxyOptions",
    "Section",
    "SnapshotOptions",
    "SshOptions",
    "Taint",
    "UnshownError",
    "merged_marks",
]
