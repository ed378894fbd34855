"""Lifetimes of certificates, and the names in them."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault

#: Nodes' certificates are good for a year: an authority of less than two cuts those of its last one short.
SHORT = 730
#: Days before its end in which the administrator's certificate is renewed.
RENEWED = 30


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


def brief(cluster: Cluster) -> Iterator[Fault]:
    """Yield lifetimes that end a cluster soon, or make every `up` do the same again."""
    certificates = cluster.certificates
    if certificates.authority_days < SHORT:
        yield Fault(
            "certificates.authorityDays",
            f"is {certificates.authority_days}: the cluster ends with its authorities, which nobody renews",
            f"Choose more, such as 3650, unless the cluster is not to live for {certificates.authority_days} days.",
        )
    if certificates.admin_days <= RENEWED:
        yield Fault(
            "certificates.adminDays",
            f"is {certificates.admin_days}, and every `up` in its last {RENEWED} days renews it: that is each one",
            f"Choose more than {RENEWED}.",
        )


RULES = (lifetimes,)
CAUTIONS = (repeated_names, wildcards, brief)
