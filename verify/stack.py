"""The outputs of a stack: read from pulumi or from a file, and understood."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from verify.facts import EtcdClient, Stack, VerifyError

PULUMI_SECONDS = 90


def from_pulumi(project: Path, name: str | None) -> Stack:
    """Return what pulumi says of the stack `name`, of the selected one without a name.

    Raises VerifyError when pulumi cannot, or when the stack has no cluster.
    """
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--non-interactive", "--cwd", str(project)]
    command += ["--stack", name] if name else []
    try:
        # Standard output holds the kubeconfig: it stays in memory, and no error shows it.
        done = subprocess.run(command, capture_output=True, text=True, timeout=PULUMI_SECONDS, check=False)
    except FileNotFoundError:
        raise VerifyError("pulumi is not on PATH: install it, or give the outputs with --outputs FILE.") from None
    except subprocess.TimeoutExpired:
        raise VerifyError(f"pulumi did not give the outputs within {PULUMI_SECONDS} s: see `pulumi stack`.") from None
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise VerifyError(f"pulumi did not give the outputs: {said.removeprefix('error: ')}")
    return from_text(done.stdout, f"stack {name}" if name else "the stack")


def from_file(path: Path) -> Stack:
    """Return the outputs in a file as `pulumi stack output --json --show-secrets` prints them; raises VerifyError."""
    try:
        return from_text(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise VerifyError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None


def from_text(text: str, source: str) -> Stack:
    """Return the outputs in a JSON text; `source` is named in a VerifyError."""
    try:
        outputs = json.loads(text)
    except json.JSONDecodeError:
        raise VerifyError(
            f"{source} has no JSON: give what `pulumi stack output --json --show-secrets` prints."
        ) from None
    if not outputs:
        raise VerifyError(f"{source} has no outputs yet: run `pulumi up`.")
    try:
        return parsed(outputs)
    except KeyError as error:
        raise VerifyError(f"{source} has no output {error}: run `pulumi up` to its end.") from None
    except (ValueError, TypeError, AttributeError):
        # What the error says may quote a secret.
        raise VerifyError(f"the outputs of {source} are not those of a cluster: see docs/outputs.md.") from None


def parsed(outputs: Mapping[str, Any]) -> Stack:
    """Return outputs as values; raises KeyError, ValueError, TypeError or AttributeError where they are not ours."""
    endpoint = urlsplit(outputs["endpoint"])
    if endpoint.hostname is None:
        raise ValueError("no host in the endpoint")
    if not outputs["kubeconfig"].startswith("apiVersion:"):
        raise ValueError("the kubeconfig is hidden")
    nodes, ends = outputs["nodes"], outputs["certificates"]
    etcd = outputs.get("etcd") or {}  # what an older version of the program has exported is stacked
    return Stack(
        name=outputs["name"],
        version=outputs["kubernetesVersion"],
        host=endpoint.hostname,
        port=endpoint.port or 443,
        kubeconfig=outputs["kubeconfig"],
        ca=outputs["caCertificate"],
        balancers=nodes["loadBalancers"],
        control_planes=nodes["controlPlanes"],
        workers=nodes["workers"],
        certificates={
            "": _times(ends["authorities"]),
            **{host: _times(its) for host, its in ends["controlPlanes"].items()},
        },
        etcd_kind=etcd.get("kind", "stacked"),
        etcd=nodes.get("etcd", {}),
        etcd_client=EtcdClient(etcd["caCertificate"], etcd["clientCertificate"], etcd["clientKey"])
        if etcd.get("clientKey")
        else None,
        snapshot_hours=_snapshot_hours(outputs.get("deployed") or {}),
    )


def _snapshot_hours(deployed: Mapping[str, Any]) -> int:
    """Return what the cluster file asks for; an older version of the program knew of none."""
    options = (deployed.get("etcd") or {}).get("snapshots")
    return int(options["everyHours"]) if isinstance(options, Mapping) else 0


def _times(ends: Mapping[str, str]) -> dict[str, datetime]:
    return {name: moment(text) for name, text in ends.items()}


def moment(text: str) -> datetime:
    """Return a point in time from RFC 3339; raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC)
