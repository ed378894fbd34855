"""Lifetimes of certificates, and the names in them."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault


def lifetimes(cluster: Cluster) -> Iterator[Fault]:
    """Yield a certificate that would outlive who signed it."""
    certificates = cluster.certificates
    if certificates.admin_days > certificates.authority_days:
        yield Fault(
            "certificates.adminDays",
            f"{certificates.admin_days} days are more than the authority's own {certificates.authority_days}",
            "Choose fewer: a certificate ends with its authority at the latest.",
        )


def repeated_names(cluster: Cluster) -> Iterator[Fault]:
    """Yield names that stand twice among the further ones."""
    names = cluster.kubernetes.extra_cert_names
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault("kubernetes.extraCertNames", f"'{name}' stands there more than once", "Remove all but one.")


def wildcards(cluster: Cluster) -> Iterator[Fault]:
    """Yield names that make the API's certificate good for other servers too."""
    for name in cluster.kubernetes.extra_cert_names:
        if name.startswith("*."):
            yield Fault(
                "kubernetes.extraCertNames",
                f"'{name}' makes the API servers' certificate good for every name in {name[2:]}",
                "Name the API's own names, if they are known.",
            )


RULES = (lifetimes,)
CAUTIONS = (repeated_names, wildcards)
