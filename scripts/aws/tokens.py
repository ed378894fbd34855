"""Keeps a token that elastic machines may join with, and removes nodes whose machine is gone; run by a timer.

Every control plane runs it, and any one of them is enough: what was done is seen in the cluster. Nothing of `up` is
needed for it.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from aws_api import Aws, AwsError, Machine

UTC = timezone.utc  # noqa: UP017  # Python 3.10 knows no other name
KUBECONFIG = "/etc/kubernetes/admin.conf"
#: Ours are those with this label; the annotation says that machines were given it.
LABEL, GIVEN = "kubeadm-ha/elastic", "kubeadm-ha/given-out"
GROUP = "system:bootstrappers:kubeadm-ha:elastic"
#: A machine is made of a token that is at least half as old as it gets.
LIFE = timedelta(hours=4)
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
GONE = ("shutting-down", "terminated")


def kube(*words: str, given: str = "") -> str:
    """Return what kubectl says. Raises AwsError when the API does not answer or does not want to."""
    command = ["kubectl", "--kubeconfig", KUBECONFIG, "--request-timeout=15s", *words]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AwsError(f"kubectl {words[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout


def is_fresh(secret: dict[str, Any], now: datetime) -> bool:
    """Whether a token was given out and has half of its life before it."""
    metadata = secret["metadata"]
    if GIVEN not in metadata.get("annotations", {}):
        return False
    return datetime.strptime(metadata["annotations"][GIVEN], "%Y-%m-%dT%H:%M:%S%z") - now > LIFE / 2


def make_token(now: datetime) -> tuple[str, str, dict[str, Any]]:
    """Return a new token's id, its whole text, and the Secret that makes it one."""
    key = "".join(secrets.choice(LETTERS) for _ in range(6))
    rest = "".join(secrets.choice(LETTERS) for _ in range(16))
    ends = (now + LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        key,
        f"{key}.{rest}",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "bootstrap.kubernetes.io/token",
            "metadata": {"name": f"bootstrap-token-{key}", "namespace": "kube-system", "labels": {LABEL: "token"}},
            "stringData": {
                "description": "for machines of elastic pools, made by kubeadm-ha's timer",
                "token-id": key,
                "token-secret": rest,
                "expiration": ends,
                "usage-bootstrap-authentication": "true",
                "auth-extra-groups": GROUP,
            },
        },
    )


def renew(aws: Aws, parameter: str, now: datetime) -> None:
    """Give out a token, unless one was given out that lasts."""
    found = json.loads(kube("get", "secrets", "-n", "kube-system", "-l", f"{LABEL}=token", "-o", "json"))["items"]
    if any(is_fresh(secret, now) for secret in found):
        return
    key, token, secret = make_token(now)
    kube("create", "-f", "-", given=json.dumps(secret))
    try:
        aws.put_parameter(parameter, token)
    except AwsError:
        # One that nobody was given is of no use to anybody.
        kube("delete", "secret", "-n", "kube-system", f"bootstrap-token-{key}", "--ignore-not-found")
        raise
    ends = secret["stringData"]["expiration"]
    kube("annotate", "secret", "-n", "kube-system", f"bootstrap-token-{key}", f"{GIVEN}={ends}")
    print(f"a token that ends {ends} is given out", flush=True)


def unanswering(nodes: list[dict[str, Any]]) -> dict[str, str]:
    """Return nodes of elastic pools that do not answer, by the id of their machine."""
    found = {}
    for node in nodes:
        name = node["metadata"]["name"]
        conditions = node.get("status", {}).get("conditions", [])
        ready = next((c["status"] for c in conditions if c["type"] == "Ready"), "Unknown")
        machine = re.search(r"-(i-[0-9a-f]+)$", name)
        if ready != "True" and machine:
            found[machine[1]] = name
    return found


def there(answer: str) -> set[str]:
    """Return the ids of machines that are not ending, from EC2's answer."""
    found = set()
    for item in ElementTree.fromstring(answer).iter():  # noqa: S314  # it is AWS's own answer, over TLS
        if item.tag.rpartition("}")[2] != "item":
            continue
        parts = {part.tag.rpartition("}")[2]: part for part in item}
        if "instanceId" in parts and "instanceState" in parts:
            state = next((p.text for p in parts["instanceState"] if p.tag.rpartition("}")[2] == "name"), "")
            if state not in GONE:
                found.add(str(parts["instanceId"].text))
    return found


def prune(aws: Aws) -> None:
    """Remove nodes whose machine has ended without leaving."""
    nodes = json.loads(kube("get", "nodes", "-l", LABEL, "-o", "json"))["items"]
    silent = unanswering(nodes)
    # So many can be asked for at once.
    asked = sorted(silent)[:200]
    if not asked:
        return
    values = {f"Filter.1.Value.{number}": machine for number, machine in enumerate(asked, start=1)}
    living = there(aws.ec2("DescribeInstances", **{"Filter.1.Name": "instance-id", **values}))
    for machine in asked:
        if machine not in living:
            kube("delete", "node", silent[machine], "--ignore-not-found")
            print(f"{silent[machine]} is removed: its machine is gone", flush=True)


def main() -> int:
    """Do both; the one is done although the other fails."""
    told = json.loads(Path(sys.argv[1]).read_text())
    aws = Aws(told["region"], Machine())
    status = 0
    tasks: list[Callable[[], None]] = [
        lambda: renew(aws, told["parameter"], datetime.now(UTC)),
        lambda: prune(aws),
    ]
    for task in tasks:
        try:
            task()
        except AwsError as error:
            print(f"error: {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
