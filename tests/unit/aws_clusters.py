"""The examples of clusters in AWS, and what is asked of a program that makes them."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.unit.cases import laid_over, read
from tests.unit.monitor import Program, Resource

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "clusters"
MACHINES = "ec2/instance:Instance"
#: The elastic pool of an example, and what is made of it.
POOL = "aws-elastic-pool-burst"
TEMPLATE = f"{POOL}-template-debian-13-x86_64"
GROUP, BUNDLE = f"{POOL}-group", f"{POOL}-bundle"


def example(name: str, **over: Any) -> dict[str, Any]:
    """Return the cluster file of an example with something laid over it; null takes a key away."""
    document = read((EXAMPLES / f"aws-{name}.yaml").read_text())
    return laid_over(copy.deepcopy(document["config"]["kubeadm-ha:cluster"]), over)


def of_type(program: Program, kind: str) -> dict[str, Resource]:
    """Return the resources of one of AWS's types by name."""
    return {resource.name: resource for resource in program if resource.type == f"aws:{kind}"}


def plain(resource: Resource) -> Mapping[str, Any]:
    """Return all inputs of a resource with secrets taken off."""
    return {key: resource.plain(key) for key in resource.inputs}


def told(program: Program, template: str = TEMPLATE) -> dict[str, Any]:
    """Return what a machine is told when it first starts."""
    text = base64.b64decode(program[template].plain("userData")).decode()
    files = {file["path"]: file["content"] for file in yaml.safe_load(text)["write_files"]}
    found: dict[str, Any] = json.loads(files["/etc/kubeadm-ha-machine.json"])
    return found


def bundle(program: Program) -> dict[str, Any]:
    """Return the steps that a machine runs."""
    found: dict[str, Any] = json.loads(program[BUNDLE].plain("content"))
    return found
