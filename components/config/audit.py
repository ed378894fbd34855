"""What the API servers write down about requests."""

from typing import Annotated

from pydantic import Field

from components.config.section import Section
from components.config.values import FilePath, Whole, example


class AuditOptions(Section):
    """A record of who asked what of the API, written by each API server to its host's /var/log/kubernetes/audit.

    Off unless this section is there, `audit: {}` at least: each control plane writes up to 1.1 GB by default beside
    etcd, and a record is worth it when somebody collects it. It can be turned on and off at any time; the
    files stay, also on a host that leaves.
    """

    policy_file: Annotated[FilePath | None, example("audit-policy.yaml")] = None
    """Path of a policy (audit.k8s.io/v1, kind Policy), relative to the project. Ours, unless given, leaves out health
    checks, leases and what components only read, and keeps no content of any request."""
    max_age_days: Annotated[Whole, Field(ge=1, le=3650), example(90)] = 30
    """How long a file is kept, in days."""
    max_backups: Annotated[Whole, Field(ge=1, le=1000), example(20)] = 10
    """How many full files are kept beside the one that is written."""
    max_size_megabytes: Annotated[Whole, Field(ge=1, le=10000), example(200)] = 100
    """How large a file gets before the next one is begun, in megabytes."""
