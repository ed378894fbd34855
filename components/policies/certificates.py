"""Policies on certificates and their ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from components.faults import Fault, some
from components.policies.policy import Subject, policy

#: An authority that ends sooner is worth a plan: replacing it takes the cluster apart.
EXPIRING_DAYS = 365


@policy("warn")
def unprotected_authorities(subject: Subject) -> Iterator[Fault]:
    """Authorities that `pulumi destroy`, or an edit, can take away, and the cluster with them."""
    if not subject.cluster.certificates.protect:
        yield Fault(
            "certificates.protect", "is false: one command can take the authorities, and the cluster", "Remove it."
        )


@policy("off")
def long_lived_admin(subject: Subject) -> Iterator[Fault]:
    """An admin's certificate that is good for more than 400 days: it cannot be revoked."""
    days = subject.cluster.certificates.admin_days
    if days > 400:
        yield Fault("certificates.adminDays", f"is {days}, and it cannot be revoked", "Choose 400 or fewer.")


@policy("warn")
def expiring_authority(subject: Subject) -> Iterator[Fault]:
    """An authority that ends within a year, as the last `up` left it: nothing in the cluster outlives it."""
    authorities = subject.certificates.get("authorities")
    for name, end in (authorities if isinstance(authorities, Mapping) else {}).items():
        days = _days(end, subject.now)
        if name.endswith("-ca") and days is not None and days < EXPIRING_DAYS:
            yield Fault(
                "certificates",
                f"{name} {f'ends in {days} days' if days >= 0 else 'has ended'} ({end})",
                "Build a second cluster beside this one in time: an authority is not replaced under a running one.",
            )


@policy("warn")
def expiring_certificates(subject: Subject) -> Iterator[Fault]:
    """A control plane's certificate that ends within 30 days, as the last `up` left it."""
    planes = subject.certificates.get("controlPlanes")
    for plane, ends in (planes if isinstance(planes, Mapping) else {}).items():
        soon = [n for n, end in ends.items() if (days := _days(end, subject.now)) is not None and days < 30]
        if soon:
            yield Fault(
                "certificates",
                f"{some(soon)} of {plane} end within 30 days",
                "Upgrade Kubernetes, which renews them, or run `kubeadm certs renew all` there and restart its pods.",
            )


def _days(end: Any, now: datetime) -> int | None:
    try:
        moment = datetime.fromisoformat(end)
    except (TypeError, ValueError):
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).days
