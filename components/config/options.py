"""Networks, lifetimes, and what may happen to pods."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from components.config.section import Section
from components.config.values import Domain, Flag, Range, Whole, example


class NetworkOptions(Section):
    """Ranges of addresses, and what connects pods."""

    pod_subnet: Annotated[Range, example("10.20.0.0/16")] = IPv4Network("10.244.0.0/16")
    """Range of pods; every node gets a /24 of it."""
    service_subnet: Annotated[Range, example("10.21.0.0/20")] = IPv4Network("10.96.0.0/12")
    """Range of services."""
    dns_domain: Annotated[Domain, example("k8s.example.org")] = "cluster.local"
    """DNS domain of services."""
    cni: Annotated[Literal["flannel"], example("flannel")] = "flannel"
    """What connects pods: flannel over vxlan."""


class CertificateOptions(Section):
    """Lifetimes of what is signed here, and whether the authorities are protected."""

    protect: Annotated[Flag, example(False)] = True
    """Refuse to destroy or replace the certificate authorities and the service-account key."""
    authority_days: Annotated[Whole, Field(ge=365, le=36500), example(7300)] = 3650
    """Lifetime of the certificate authorities, in days."""
    admin_days: Annotated[Whole, Field(ge=1), example(90)] = 365
    """Lifetime of the admin kubeconfig's certificate, in days. Renewed by an `up` in its last 30."""


class DrainOptions(Section):
    """What may happen to pods when their node leaves."""

    timeout_seconds: Annotated[Whole, Field(ge=10, le=3600), example(900)] = 300
    """How long to wait for pods to go, disruption budgets included, before the removal stops with an error."""
    delete_unmanaged_pods: Annotated[Flag, example(True)] = False
    """Delete pods that no controller would create again, instead of stopping with their names."""
