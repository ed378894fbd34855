"""Where hosts come from: a table of providers, so that nobody else knows which there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from components import manifests
from components.config import Cluster
from components.etcd_files import etcd_cautions, etcd_faults
from components.host import MakeKey
from components.machines import static
from components.machines.aws import files as aws_files
from components.machines.joined import Handed, Joined
from components.machines.site import Provider, Site


@dataclass(frozen=True)
class _Static:
    """Hosts that are there."""

    cluster: Cluster

    def site(self, make_key: MakeKey) -> Site:  # noqa: ARG002  # what every provider gets
        """Return them, with how each is logged in to."""
        return Site(static.static_hosts(self.cluster))


def _aws(cluster: Cluster) -> Provider:
    # Its library is loaded by those alone who use it.
    from components.machines.aws.provider import Aws

    return Aws(cluster)


_PROVIDERS: dict[str, Callable[[Cluster], Provider]] = {"static": _Static, "aws": _aws}

#: What stands in the way of reading the files that the cluster file names: rules for `rules.load`.
RULES = (*static.RULES, *aws_files.RULES, manifests.faults, etcd_faults)
#: What those files hold that works and is worth a second thought: for `rules.warnings`.
CAUTIONS = (*aws_files.CAUTIONS, manifests.warnings, etcd_cautions)


def provider_for(cluster: Cluster, handed: Handed | None = None) -> Provider:
    """Return where a cluster's hosts come from; `handed` is what another stack tells of machines that it has made.

    Raises ConfigurationError that lists what the provider has not, or does not let us have.
    """
    return _PROVIDERS[cluster.provider](cluster) if handed is None else Joined(cluster, handed)
