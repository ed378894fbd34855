"""The cluster file as frozen, typed values: every key, its meaning, its default and an example. No I/O, no Pulumi.

Descriptions and examples are the keys' documentation: docs/configuration.md and docs/cluster.schema.json are generated
from them. Rules that span several keys are in components/rules.
"""

from components.config.audit import AuditOptions
from components.config.cluster import Cluster, Level
from components.config.encryption import EncryptionOptions
from components.config.endpoints import Endpoint, EndpointOptions, ExternalEndpoint, HaproxyEndpoint
from components.config.hosts import ControlPlaneOptions, Hosts, HostSpec, PoolOptions, SshOptions
from components.config.options import (
    CertificateOptions,
    DrainOptions,
    Ipv6Options,
    ManifestSource,
    NetworkOptions,
    OwnNetwork,
)
from components.config.section import MissingError, Section
from components.config.servers import Argument, ComponentOptions
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
    "CertificateOptions",
    "Cluster",
    "ComponentOptions",
    "ContainerdOptions",
    "ControlPlaneOptions",
    "DrainOptions",
    "EncryptionOptions",
    "Endpoint",
    "EndpointOptions",
    "ExternalEndpoint",
    "HaproxyEndpoint",
    "HostSpec",
    "Hosts",
    "Ipv6Options",
    "KubernetesOptions",
    "Level",
    "ManifestSource",
    "MissingError",
    "NetworkOptions",
    "OwnNetwork",
    "PackageKey",
    "PackageOptions",
    "PackageRepository",
    "PoolOptions",
    "Section",
    "SshOptions",
    "UnshownError",
]
