"""Certificates that end soon: what an `up` issues anew, and what somebody has to see to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from components.plan.stages import Stage

#: As components/pki.py has it for the admin's certificate.
SOON = timedelta(days=30)
#: Where etcd has hosts of its own, its members' certificates and their clients' are the program's.
_ETCD = ("etcd-member/", "etcd-client")


def endings(
    certificates: Mapping[str, Any], *, upgraded: bool, now: datetime | None = None
) -> tuple[list[Stage], list[str]]:
    """Return the stage that renews, if there is one, and sentences on what ends within 30 days."""
    at = now or datetime.now(UTC)
    authorities = certificates.get("authorities") or {}
    stages, said = [], []
    admin = authorities.get("admin")
    if admin and _ends(admin) - at <= SOON:
        stages.append(
            Stage(
                "Credentials",
                (f"The admin's certificate ends {admin[:10]} and is issued anew: read the output kubeconfig again.",),
            )
        )
    soon = {name: end for name, end in authorities.items() if name.startswith(_ETCD) and _ends(end) - at <= SOON}
    if soon:
        line = f"Certificates of etcd end {min(soon.values())[:10]} and are issued anew, taken up without a restart."
        stages.append(Stage("Certificates of etcd", (line,)))
    for name, end in authorities.items():
        if name.endswith("-ca") and _ends(end) - at <= 12 * SOON:
            said.append(f"The authority {name} ends {end[:10]}, and everything it signed with it.")
    for host, ends in (certificates.get("controlPlanes") or {}).items():
        first = min(ends.values(), key=_ends, default=None)
        if first and _ends(first) - at <= SOON and not upgraded:
            said.append(
                f"Certificates on {host} end {first[:10]}: an upgrade renews them, or `kubeadm certs renew all` there."
            )
    return stages, said


def _ends(text: str) -> datetime:
    return datetime.fromisoformat(text)
